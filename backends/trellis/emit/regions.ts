/** What the instructions of a convolution's parts have in common: which part, where its accumulators go. */
import { must } from '../../../ir/diagnostic.ts'
import { type BinaryConstants, type ConvStage, type DepthwiseStage, POST_RULES } from '../lower/stage.ts'
import { type Entry, extentOf, stageBlockBytes } from '../schedule/blocks.ts'
import { ringOf } from '../schedule/buffer.ts'
import { accMode, type Tile } from '../schedule/tiles.ts'
import { type Emitter, type MapInMemory, walkOut } from './emitter.ts'
import { type Kernel, parameterPiece, tableSlot } from './mac-constants.ts'

/** Columns of weights that one load brings, at least: enough for long bursts, little enough to start early. */
export const PIECE_COLUMNS = 512

/** Part of a stage's output: phase rows and columns, and column blocks. */
export interface Region {
  readonly y: number
  readonly x: number
  readonly my: number
  readonly mx: number
  readonly block: number
  readonly nb: number
}

/** One phase of a convolution over the rows of a stripe. */
export interface PhasePart {
  readonly stage: ConvStage
  readonly kernel: Kernel
  /** Its tiles, for each of which all column blocks are to be computed. */
  readonly tiles: () => Iterable<Omit<Region, 'block' | 'nb'>>
  /** Activation address of a region's first window at list offset 0. */
  readonly inputAt: (r: Region) => number
  readonly out: Outputs
  /** Column blocks that one instruction may take. */
  readonly nb: number
  /** To be called before the first instruction of a region: loads what only the first needs. */
  readonly beforeFirst: (r: Region, nb: number) => void
}

/** Where the outputs of a phase stand in the map. */
interface Outputs {
  readonly originY: number
  readonly originX: number
  readonly stepY: number
  readonly stepX: number
}

/** A mac.dense that walks `entries` for a region. */
export function emitDense(
  e: Emitter,
  { stage, kernel, inputAt }: PhasePart,
  r: Region,
  entries: readonly Entry[],
  at: { readonly list: number; readonly weight: number; readonly acc: number; readonly accumulate: 0 | 1 },
): void {
  const input = e.at(must(stage.inputs[0], 'input').map)
  e.emit(
    'mac.dense',
    stage.layer,
    {
      input: inputAt(r),
      x_step: stage.strideX * input.map.c,
      y_step: stage.strideY * input.buffer.pitch,
      mx: r.mx,
      my: r.my,
      ...inputFields(input),
      ...at,
      entries: entries.length,
      blocks: r.nb,
      precision: Math.log2(8 / stage.bits),
      unsigned: input.map.unsigned ? 1 : 0,
      last_columns: lanesOf(e, kernel, r) % e.target.array.cols,
      early: 0,
    },
    { extent: extentOf(entries) },
  )
}

/** Blocks that one instruction may take: its parameters must fit in half of parameter memory. */
export function blocksPerInstruction(e: Emitter, stage: ConvStage | DepthwiseStage, tile: Tile): number {
  const bytes = stageBlockBytes(stage, e.target)
  return Math.max(1, Math.min(tile.nb, Math.floor(e.parameterMemory.capacity / 2 / bytes)))
}

export function lanesOf(e: Emitter, k: Kernel, r: Region): number {
  const { cols } = e.target.array
  return r.block + r.nb === k.blocks ? k.channels - (k.blocks - 1) * cols : cols
}

/** Requantizes a region's accumulators, or as many zeros, into the output map. */
export function post(
  e: Emitter,
  stage: ConvStage | DepthwiseStage,
  k: Kernel,
  r: Region,
  acc: number | 'zeros',
  nb: number,
  out: Outputs,
): void {
  const { cols } = e.target.array
  const output = e.at(stage.output)
  const y = out.originY + r.y * out.stepY
  const x = out.originX + r.x * out.stepX
  const param = parameterPiece(e, stage, k, r.block, nb)
  const table = tableSlot(e, stage)
  if (stage.kind === 'conv' && stage.residual) {
    const c = stage.residual
    const operand = walkOut(e.at(must(stage.inputs[1], 'second operand').map), y, x, r.block * cols)
    e.setup(stage.layer, {
      x_step: output.map.c,
      y_step: operand.yStep,
      ...operandFields(operand, c),
    })
  }
  const limits = stage.kind === 'conv' && stage.residual ? stage.residual : stage.requant
  const stairs = typeof stage.finish === 'object' ? stage.finish : undefined
  const to = walkOut(output, y, x, (r.block * cols * output.map.bits) / 8)
  const perChannel = stage.requant.multiplier.length > 1
  e.emit('post.acc', stage.layer, {
    acc: acc === 'zeros' ? 0 : acc,
    mx: r.mx,
    my: r.my,
    blocks: r.nb,
    last_lanes: lanesOf(e, k, r),
    param,
    out: to.address,
    x_step: out.stepX * output.map.c,
    y_step: out.stepY * to.yStep,
    ring_end: to.ring_end,
    ring_size: to.ring_size,
    zp: stairs ? stairs.start : limits.zeroPoint,
    min: limits.min,
    max: limits.max,
    per_channel: perChannel ? 1 : 0,
    multiplier: stairs ? stairs.step : perChannel ? 0 : must(stage.requant.multiplier[0], 'multiplier'),
    shift: perChannel ? 0 : must(stage.requant.shift[0], 'shift'),
    rounding: POST_RULES.indexOf(stage.requant.rule),
    mode: accMode(stage),
    table,
    steps: stairs?.steps ?? 0,
    precision: output.map.bits > 8 ? 0 : Math.log2(8 / output.map.bits),
    zeros: acc === 'zeros' ? 1 : 0,
  })
}

/** [from, to) in steps of `size`. */
export function* steps(
  from: number,
  to: number,
  size: number,
): Generator<readonly [at: number, count: number]> {
  for (let at = from; at < to; at += size) yield [at, Math.min(size, to - at)]
}

export function inputFields(input: MapInMemory) {
  const ring = ringOf(input.buffer)
  return { in_ring_end: ring.end, in_ring_size: ring.size }
}

/** Where the second operand of a sum or product stands, and how both operands and the result are scaled. */
export function operandFields(operand: ReturnType<typeof walkOut>, c: BinaryConstants) {
  return {
    operand: operand.address,
    ring_end: operand.ring_end,
    ring_size: operand.ring_size,
    zp_a: c.zeroPointA,
    zp_b: c.zeroPointB,
    m_a: c.a.multiplier,
    s_a: c.a.shift,
    m_b: c.b.multiplier,
    s_b: c.b.shift,
    m_out: c.out.multiplier,
    s_out: c.out.shift,
  }
}
