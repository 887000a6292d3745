/**
 * Tile shapes. Every choice is by search over the cost of the instructions it would take, with the constants of
 * isa/costs.ts; nothing here knows an address.
 */
import { must } from '../../../ir/diagnostic.ts'
import {
  accInterval,
  MAC_PIPE,
  MAC_SETUP,
  MIN_BLOCK_PERIOD,
  MODE_LINE,
  MODE_SUMS,
  MODE_THRESHOLDS,
  POST_PIPE,
  POST_SETUP,
  parameterPortBytes,
  WEIGHT_COLUMNS_PER_CYCLE,
} from '../isa/costs.ts'
import { type ConvStage, channelsOf, type DepthwiseStage, type FeatureMap } from '../lower/stage.ts'
import { capacities, type Target } from '../target.ts'
import { type DepthwiseGeometry, depthwiseGeometry, listSizes, stageBlockBytes } from './blocks.ts'

export interface Tile {
  /** Output columns, rows and column blocks of one mac instruction. */
  readonly mx: number
  readonly my: number
  readonly nb: number
  /** Depthwise: the row tiles of a block run on in the line buffers. */
  readonly resume: boolean
  /** Each column block walks a list of its own, without its zero blocks. */
  readonly sparse: boolean
  /** Cycles for all rows of the stage that were asked for: the mac unit's, the post unit's, and the tail that nothing hides. */
  readonly macCycles: number
  readonly postCycles: number
  readonly tailCycles: number
  readonly instructions: number
}

/** The mode of the post.acc instructions of a stage. */
export function accMode(stage: ConvStage | DepthwiseStage): number {
  if (stage.finish === 'sums') return MODE_SUMS
  if (stage.finish !== 'requantize') return stage.finish.line ? MODE_LINE : MODE_THRESHOLDS
  if (stage.kind === 'conv' && stage.residual) return 1
  return stage.table ? 2 : 0
}

/** Cycles that the post unit takes for each vector of a stage. */
function postInterval(stage: ConvStage | DepthwiseStage, target: Target): number {
  const steps = typeof stage.finish === 'object' ? stage.finish.steps : 0
  return accInterval({ mode: accMode(stage), steps }, target)
}

interface Choice {
  readonly mx: number
  readonly my: number
  readonly nb: number
}

/** Vectors of one tile: half of the accumulators, so that mac fills one half while post empties the other. */
function tileVectors(target: Target): number {
  return Math.floor(capacities(target).accumulatorVectors / 2)
}

function* choices(columns: number, rows: number, blocks: number, vectors: number): Generator<Choice> {
  const mx = Math.ceil(columns / Math.ceil(columns / Math.min(columns, vectors)))
  const most = Math.max(1, Math.min(rows, Math.floor(vectors / mx)))
  for (let parts = Math.ceil(rows / most), last = 0; parts <= rows; parts++) {
    const my = Math.ceil(rows / parts)
    if (my === last) continue
    last = my
    for (let groups = 1, lastNb = 0; groups <= blocks; groups++) {
      const nb = Math.ceil(blocks / groups)
      if (nb === lastNb || nb * mx * my > vectors) continue
      lastNb = nb
      yield { mx, my, nb }
    }
    if (mx * my < 24) break
  }
}

/** Best tile for `rows` output rows (of one phase: rows and columns are counted in the phase). */
export function convTile(
  stage: ConvStage,
  output: FeatureMap,
  inputPitch: number,
  rows: number,
  sparse: boolean,
  target: Target,
): Tile {
  const { cols } = target.array
  const blocks = Math.ceil(channelsOf(output) / cols)
  const columns = Math.ceil(output.w / stage.stepX)
  const sizes = stage.phases.map((p) => listSizes(stage, p, inputPitch, target))
  /** List entries of all column blocks. */
  const entries = sizes.reduce((sum, { all, columns }) => {
    return sum + (sparse ? columns.reduce((n, c) => n + c.entries, 0) : all.entries * blocks)
  }, 0)
  const load = Math.ceil(cols / WEIGHT_COLUMNS_PER_CYCLE)
  const parameters = Math.ceil(stageBlockBytes(stage, target) / parameterPortBytes(target))
  const interval = postInterval(stage, target)
  let best: Tile | undefined
  for (const { mx, my, nb } of choices(columns, rows, sparse ? 1 : blocks, tileVectors(target))) {
    let macCycles = 0
    let postCycles = 0
    let instructions = 0
    for (const w of cut(columns, mx)) {
      for (const h of cut(rows, my)) {
        const period = Math.max(w * h, load, MIN_BLOCK_PERIOD)
        macCycles += period * entries
        postCycles += stage.phases.length * blocks * Math.max(w * h * interval, parameters)
        instructions += 2 * stage.phases.length * Math.ceil(blocks / nb)
      }
    }
    const tail =
      chainedTail(mx * my, nb, interval) + MAC_PIPE + POST_PIPE + POST_SETUP + parameters + MAC_SETUP + load
    best = better(best, {
      mx,
      my,
      nb,
      resume: false,
      sparse,
      macCycles,
      postCycles,
      tailCycles: tail,
      instructions,
    })
  }
  return must(best, 'a tile of one output')
}

export function depthwiseTile(stage: DepthwiseStage, output: FeatureMap, rows: number, target: Target): Tile {
  const { cols, line_words } = target.array
  const geometry = depthwiseGeometry(stage.kernelH, stage.kernelW, target)
  const blocks = Math.ceil(channelsOf(output) / cols)
  const widest = Math.floor((line_words - geometry.taps) / stage.strideX) + 1
  const columns = Math.ceil(output.w / Math.ceil(output.w / Math.min(output.w, widest, tileVectors(target))))
  const parameters = Math.ceil(stageBlockBytes(stage, target) / parameterPortBytes(target))
  const interval = postInterval(stage, target)
  const canResume = geometry.passes.length === 1 && stage.strideY < geometry.lines
  let best: Tile | undefined
  for (const { mx, my, nb } of choices(columns, rows, blocks, tileVectors(target))) {
    const resume = canResume && my < rows && nb === 1
    const parts = cut(rows, my)
    let macCycles = 0
    let postCycles = 0
    for (const w of cut(output.w, mx)) {
      parts.forEach((h, k) => {
        macCycles += blocks * geometry.passes.length * streamed(stage, geometry, w, h, resume && k > 0)
        postCycles += blocks * Math.max(w * h * interval, parameters)
      })
    }
    const tail =
      chainedTail(mx * my, nb, interval) + MAC_PIPE + POST_PIPE + POST_SETUP + parameters + MAC_SETUP
    const instructions = 2 * Math.ceil(output.w / mx) * parts.length * Math.ceil(blocks / nb)
    best = better(best, {
      mx,
      my,
      nb,
      resume,
      sparse: false,
      macCycles,
      postCycles,
      tailCycles: tail,
      instructions,
    })
  }
  return must(best, 'a tile of one output')
}

function streamed(
  stage: DepthwiseStage,
  g: DepthwiseGeometry,
  w: number,
  h: number,
  resumed: boolean,
): number {
  const rows = resumed ? h * stage.strideY : (h - 1) * stage.strideY + g.lines
  return Math.max(rows * ((w - 1) * stage.strideX + g.taps), MIN_BLOCK_PERIOD)
}

/** Cycles from the end of the last mac instruction to the last vector out of post, which follows its last block as it comes. */
function chainedTail(vectors: number, nb: number, interval: number): number {
  return vectors * (nb * interval - 1)
}

/**
 * What an instruction may cost in cycles to be worth shortening the tail for: 32 bytes of traffic and energy each, which cycles
 * alone would not see. Chosen on the zoo: DRAM bytes of small networks fall by a tenth for 1 % of the cycles.
 */
const CYCLES_PER_INSTRUCTION = 16

export function score(t: Tile): number {
  return Math.max(t.macCycles, t.postCycles) + t.tailCycles + CYCLES_PER_INSTRUCTION * t.instructions
}

function better(best: Tile | undefined, tile: Tile): Tile {
  return best === undefined || score(tile) < score(best) ? tile : best
}

/** `total` in pieces of `size`, the last one shorter. */
function cut(total: number, size: number): number[] {
  const pieces: number[] = []
  for (let at = 0; at < total; at += size) pieces.push(Math.min(size, total - at))
  return pieces
}
