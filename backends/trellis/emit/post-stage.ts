/** Instructions of pools, elementwise sums and products, and moves: the post unit alone, for the rows of one stripe. */
import { must } from '../../../ir/diagnostic.ts'
import {
  type BinaryStage,
  type MovePart,
  type MoveStage,
  POST_RULES,
  type PoolStage,
} from '../lower/stage.ts'
import { type Emitter, type MapInMemory, walkOut } from './emitter.ts'
import { loadTable } from './mac-constants.ts'
import { inputFields, operandFields } from './regions.ts'

/** Vectors in a row of one instruction, at most: the width of its field. */
const MOST_VECTORS = 4095
const MOST_WINDOWS = 511

/** Pieces of `total` vectors; `lanes` are the bytes of the last vector of the piece. */
function* vectors(
  bytes: number,
  cols: number,
): Generator<{ readonly at: number; readonly count: number; readonly lanes: number }> {
  const total = Math.ceil(bytes / cols)
  for (let at = 0; at < total; at += MOST_VECTORS) {
    const count = Math.min(MOST_VECTORS, total - at)
    const lanes = at + count === total ? bytes - (total - 1) * cols : cols
    yield { at, count, lanes }
  }
}

export function emitBinary(e: Emitter, stage: BinaryStage, from: number, to: number): void {
  const { cols } = e.target.array
  const c = stage.constants
  const [a, b] = stage.inputs.map((use) => e.at(use.map)) as [MapInMemory, MapInMemory]
  const out = e.at(stage.output)
  const broadcast = b.map.h !== out.map.h || b.map.w !== out.map.w
  const kind = { add: 0, sub: 1, mul: 2 }[stage.op]
  const setup = (x: number, channel: number): void => {
    const operand = broadcast ? walkOut(b, 0, 0, channel) : walkOut(b, from, 0, x)
    e.setup(stage.layer, {
      x_step: broadcast ? 0 : cols,
      y_step: broadcast ? 0 : operand.yStep,
      ...operandFields(operand, c),
    })
  }
  const run = (offset: number, step: number, count: number, lanes: number, every: number): void => {
    const input = walkOut(a, from, 0, offset)
    const result = walkOut(out, from, 0, offset)
    e.emit('post.binary', stage.layer, {
      kind,
      input: input.address,
      in_x_step: step,
      in_y_step: input.yStep,
      ...inputFields(a),
      mx: count,
      my: to - from,
      last_lanes: lanes,
      every,
      out: result.address,
      x_step: step,
      y_step: result.yStep,
      ring_end: result.ring_end,
      ring_size: result.ring_size,
      zp: c.zeroPoint,
      min: c.min,
      max: c.max,
    })
  }
  if (!broadcast) {
    // Rows are contiguous bytes in both operands and the result, so pixels do not matter.
    for (const v of vectors(out.map.w * out.map.c, cols)) {
      setup(v.at * cols, 0)
      run(v.at * cols, cols, v.count, v.lanes, 0)
    }
    return
  }
  for (let channel = 0; channel < out.map.c; channel += cols) {
    setup(0, channel)
    run(channel, out.map.c, out.map.w, Math.min(cols, out.map.c - channel), 1)
  }
}

/** Runs of outputs along one axis whose windows have the same size and start `stride` apart. */
function windowRuns(from: number, to: number, stride: number, pad: number, kernel: number, size: number) {
  const runs: { readonly at: number; count: number; readonly first: number; readonly size: number }[] = []
  for (let o = from; o < to; o++) {
    const first = Math.max(0, o * stride - pad)
    const length = Math.min(size, o * stride - pad + kernel) - first
    const last = runs.at(-1)
    if (
      last &&
      last.size === length &&
      first === last.first + last.count * stride &&
      last.count < MOST_WINDOWS
    )
      last.count++
    else runs.push({ at: o, count: 1, first, size: length })
  }
  return runs
}

export function emitPool(e: Emitter, stage: PoolStage, from: number, to: number): void {
  const { cols } = e.target.array
  const input = e.at(must(stage.inputs[0], 'input').map)
  const out = e.at(stage.output)
  const blocks = Math.ceil(out.map.c / cols)
  const lastLanes = out.map.c - (blocks - 1) * cols
  for (const y of windowRuns(from, to, stage.strideY, stage.padTop, stage.kernelH, input.map.h)) {
    for (const x of windowRuns(0, out.map.w, stage.strideX, stage.padLeft, stage.kernelW, input.map.w)) {
      const scale = stage.maximum ? undefined : stage.scale(x.size * y.size)
      if (scale) {
        e.setup(stage.layer, {
          zp_a: scale.zeroPointIn,
          zp_b: scale.zeroPoint,
          m_out: scale.multiplier,
          s_out: scale.shift,
        })
      }
      const window = (
        channel: number,
        mx: number,
        step: { readonly from: number; readonly to: number },
        lanes: number,
        every: number,
      ): void => {
        const source = walkOut(input, y.first, x.first, channel)
        const result = walkOut(out, y.at, x.at, channel)
        e.emit('post.pool', stage.layer, {
          kind: scale ? 1 : 0,
          rounding: POST_RULES.indexOf(scale?.rule ?? 'tflite'),
          precision: Math.log2(8 / input.map.bits),
          unsigned: input.map.unsigned ? 1 : 0,
          input: source.address,
          in_x_step: step.from,
          in_y_step: stage.strideY * source.yStep,
          kx_step: input.map.c,
          ky_step: source.yStep,
          kx: x.size,
          ky: y.size,
          ...inputFields(input),
          mx,
          my: y.count,
          last_lanes: lanes,
          every,
          out: result.address,
          x_step: step.to,
          y_step: result.yStep,
          ring_end: result.ring_end,
          ring_size: result.ring_size,
        })
      }
      if (x.count === 1 && blocks <= MOST_WINDOWS) {
        // One window a row: the vectors of a row are then the column blocks of its pixel.
        window(0, blocks, { from: cols, to: cols }, lastLanes, 0)
        continue
      }
      for (let block = 0; block < blocks; block++) {
        const lanes = block === blocks - 1 ? lastLanes : cols
        window(block * cols, x.count, { from: stage.strideX * input.map.c, to: out.map.c }, lanes, 1)
      }
    }
  }
}

export function emitMove(e: Emitter, stage: MoveStage, from: number, to: number): void {
  const out = e.at(stage.output)
  if (stage.fill !== undefined) {
    const row = walkOut(out, from, 0, 0)
    e.emit('post.fill', stage.layer, {
      rows: to - from,
      bytes: out.map.w * out.map.c,
      out: row.address,
      y_step: row.yStep,
      ring_end: row.ring_end,
      ring_size: row.ring_size,
      value: stage.fill,
    })
  }
  const table = stage.table ? loadTable(e, stage.layer, stage.table) : 0
  if (stage.requant) {
    e.setup(stage.layer, {
      zp_a: stage.requant.zeroPointIn,
      m_out: stage.requant.multiplier,
      s_out: stage.requant.shift,
    })
  }
  for (const part of stage.parts) emitPart(e, stage, part, table, from, to)
}

function emitPart(
  e: Emitter,
  stage: MoveStage,
  part: MovePart,
  table: number,
  from: number,
  to: number,
): void {
  const { cols } = e.target.array
  const input = e.at(must(stage.inputs[part.input], 'input').map)
  const out = e.at(stage.output)
  const limits = stage.requant ?? { zeroPoint: 0, min: -128, max: 127 }
  const mode = stage.table ? 2 : stage.requant ? 1 : 0
  const first = Math.max(0, from - part.offsetY)
  const end = Math.min(part.h, to - part.offsetY)
  const wholeRows =
    part.upX === 1 &&
    part.strideX === 1 &&
    part.c === input.map.c &&
    part.c === out.map.c &&
    part.offsetC === 0 &&
    part.beginC === 0
  /** Rows of the part from `y`, `rows` of them `upY` apart, pixels from `x`. */
  const run = (
    y: number,
    rows: number,
    x: number,
    channel: number,
    mx: number,
    steps: { readonly from: number; readonly to: number },
    lanes: number,
    every: number,
  ): void => {
    const source = walkOut(
      input,
      Math.floor(y / part.upY) * part.strideY + part.beginY,
      Math.floor(x / part.upX) * part.strideX + part.beginX,
      part.beginC + channel,
    )
    const result = walkOut(out, part.offsetY + y, part.offsetX + x, part.offsetC + channel)
    e.emit('post.unary', stage.layer, {
      mode,
      table,
      input: source.address,
      in_x_step: steps.from,
      in_y_step: part.strideY * source.yStep,
      ...inputFields(input),
      mx,
      my: rows,
      last_lanes: lanes,
      every,
      out: result.address,
      x_step: steps.to,
      y_step: part.upY * result.yStep,
      ring_end: result.ring_end,
      ring_size: result.ring_size,
      zp: limits.zeroPoint,
      min: limits.min,
      max: limits.max,
    })
  }
  for (let phaseY = 0; phaseY < part.upY; phaseY++) {
    // Rows y >= first with y mod up = phase: each input row is written once for every phase.
    const y = first + ((((phaseY - first) % part.upY) + part.upY) % part.upY)
    const rows = Math.ceil((end - y) / part.upY)
    if (rows <= 0) continue
    if (wholeRows) {
      for (const v of vectors(part.w * part.c, cols))
        run(y, rows, 0, v.at * cols, v.count, { from: cols, to: cols }, v.lanes, 0)
      continue
    }
    for (let phaseX = 0; phaseX < part.upX; phaseX++) {
      const pixels = Math.ceil((part.w - phaseX) / part.upX)
      if (pixels <= 0) continue
      const steps = { from: part.strideX * input.map.c, to: part.upX * out.map.c }
      for (let channel = 0; channel < part.c; channel += cols) {
        run(y, rows, phaseX, channel, pixels, steps, Math.min(cols, part.c - channel), 1)
      }
    }
  }
}
