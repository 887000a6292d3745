/** Cycle estimates of whole stages and groups, from tile choices and the constants of isa/costs.ts. */
import { must } from '../../../ir/diagnostic.ts'
import { POST_PIPE, POST_SETUP, REQUANTIZE_PASSES, TABLE_PORTS } from '../isa/costs.ts'
import { type ConvStage, channelsOf, type FeatureMap, type MapId, type Stage } from '../lower/stage.ts'
import type { Target } from '../target.ts'
import { depthwiseGeometry, listSizes, stageBlockBytes } from './blocks.ts'
import { convTile, depthwiseTile, score, type Tile } from './tiles.ts'

export interface StageCost {
  readonly macCycles: number
  readonly postCycles: number
  readonly tailCycles: number
  readonly instructions: number
}

export type Maps = ReadonlyMap<MapId, FeatureMap>

export function mapOf(maps: Maps, id: MapId): FeatureMap {
  return must(maps.get(id), `map ${id}`)
}

/** Bytes from one row of a stage's first input to the next, before anything is placed. */
function naturalPitch(stage: Stage, maps: Maps): number {
  const use = must(stage.inputs[0], 'input')
  const map = mapOf(maps, use.map)
  return (use.padding.left + map.w + use.padding.right) * map.c
}

/** Remembers costs: the search asks for the same rows of the same stage, and for its constants, many times. */
export function createCostModel(maps: Maps, target: Target) {
  const known = new Map<Stage, Map<number, StageCost>>()
  const tiles = new Map<Stage, Map<number, Tile>>()
  const tile = (stage: Stage, rows: number): Tile => {
    if (stage.kind !== 'conv' && stage.kind !== 'depthwise')
      throw new Error(`internal error: ${stage.kind} has no tile`)
    return remember(tiles, stage, rows, () => {
      const output = mapOf(maps, stage.output)
      return stage.kind === 'conv'
        ? convTile(
            stage,
            output,
            naturalPitch(stage, maps),
            Math.ceil(rows / stage.stepY),
            isSparse(stage, maps, target),
            target,
          )
        : depthwiseTile(stage, output, rows, target)
    })
  }
  const cost = (stage: Stage, rows: number): StageCost =>
    rows === 0 ? NOTHING : remember(known, stage, rows, () => stageCost(stage, rows, maps, target, tile))
  const constants = new Map<Stage, ConstantCost>()
  return {
    tile,
    cost,
    constants(stage: Stage): ConstantCost {
      const known = constants.get(stage) ?? constantCost(stage, maps, target)
      constants.set(stage, known)
      return known
    },
  }
}
export type CostModel = ReturnType<typeof createCostModel>

const NOTHING: StageCost = { macCycles: 0, postCycles: 0, tailCycles: 0, instructions: 0 }

function remember<T>(cache: Map<Stage, Map<number, T>>, stage: Stage, rows: number, make: () => T): T {
  let byRows = cache.get(stage)
  if (!byRows) {
    byRows = new Map()
    cache.set(stage, byRows)
  }
  let value = byRows.get(rows)
  if (value === undefined) {
    value = make()
    byRows.set(rows, value)
  }
  return value
}

function stageCost(
  stage: Stage,
  rows: number,
  maps: Maps,
  target: Target,
  tile: (s: Stage, r: number) => Tile,
): StageCost {
  const { cols, post_lanes } = target.array
  const output = mapOf(maps, stage.output)
  const pass = cols / post_lanes
  const tailCycles = POST_PIPE + POST_SETUP
  switch (stage.kind) {
    case 'conv':
    case 'depthwise':
      return tile(stage, rows)
    case 'pool': {
      const vectors = rows * output.w * Math.ceil(output.c / cols)
      const postCycles = vectors * Math.max(stage.kernelH * stage.kernelW, pass)
      return { macCycles: 0, postCycles, tailCycles, instructions: 2 * Math.ceil(output.c / cols) }
    }
    case 'binary': {
      const passes = stage.op === 'mul' ? REQUANTIZE_PASSES.multiply : REQUANTIZE_PASSES.add
      const vectors = rows * Math.ceil((output.w * output.c) / cols)
      return { macCycles: 0, postCycles: vectors * Math.max(2, pass * passes), tailCycles, instructions: 2 }
    }
    case 'move': {
      const interval = stage.table ? Math.ceil(cols / TABLE_PORTS) : stage.requant ? pass : 1
      const vectors = stage.parts.reduce((n, p) => n + p.w * Math.ceil(p.c / cols), 0)
      return {
        macCycles: 0,
        postCycles: rows * vectors * interval,
        tailCycles,
        instructions: 2 * stage.parts.length,
      }
    }
  }
}

/**
 * Whether each column block had better walk a list of its own: that leaves out all of its zero blocks, but takes an instruction for
 * each column block. Decided once for a stage, so that all of its stripes share constants.
 */
function isSparse(stage: ConvStage, maps: Maps, target: Target): boolean {
  const known = decided.get(stage)?.get(target)
  if (known !== undefined) return known
  const output = mapOf(maps, stage.output)
  const pitch = naturalPitch(stage, maps)
  const [dense, sparse] = [false, true].map((own) => {
    const tile = convTile(stage, output, pitch, Math.ceil(output.h / stage.stepY), own, target)
    return { ...listCost(stage, pitch, own, target), score: score(tile) }
  }) as [ListCost & { score: number }, ListCost & { score: number }]
  const saved = (dense.bytes - sparse.bytes) / target.dram.bytes_per_cycle
  const answer = dense.columns === 0 || (sparse.columns < dense.columns && sparse.score < dense.score + saved)
  let byTarget = decided.get(stage)
  if (!byTarget) {
    byTarget = new WeakMap()
    decided.set(stage, byTarget)
  }
  byTarget.set(target, answer)
  return answer
}
const decided = new WeakMap<ConvStage, WeakMap<Target, boolean>>()

interface ListCost {
  /** DRAM bytes of weights, and of lists where each column block has its own. */
  readonly bytes: number
  /** Columns of weight memory. */
  readonly columns: number
}

function listCost(stage: ConvStage, pitch: number, sparse: boolean, target: Target): ListCost {
  const { cols } = target.array
  let entries = 0
  let sources = 0
  for (const phase of stage.phases) {
    const { all, columns } = listSizes(stage, phase, pitch, target)
    for (const column of columns) {
      entries += (sparse ? column : all).entries
      sources += (sparse ? column : all).sources
    }
  }
  const weights = Math.ceil((sources * cols * stage.weightBits) / stage.bits)
  return { bytes: weights + (sparse ? 4 * entries : 0), columns: entries * cols }
}

export interface ConstantCost {
  /** DRAM bytes of weights and parameters. */
  readonly bytes: number
  /** What the weights take in weight memory. */
  readonly columns: number
}

function constantCost(stage: Stage, maps: Maps, target: Target): ConstantCost {
  if (stage.kind !== 'conv' && stage.kind !== 'depthwise') return { bytes: 0, columns: 0 }
  const { cols } = target.array
  const blocks = Math.ceil(channelsOf(mapOf(maps, stage.output)) / cols)
  const parameters = blocks * stageBlockBytes(stage, target)
  if (stage.kind === 'depthwise') {
    const passes = depthwiseGeometry(stage.kernelH, stage.kernelW, target).passes.length
    return {
      bytes: Math.ceil((blocks * cols * stage.kernelH * stage.kernelW * stage.weightBits) / 8) + parameters,
      columns: passes * blocks * cols,
    }
  }
  const { bytes, columns } = listCost(stage, naturalPitch(stage, maps), isSparse(stage, maps, target), target)
  return { bytes: bytes + parameters, columns }
}
