/** Jobs of the post unit: accumulators to activations, and activations to activations. */
import { accBlockBytes, MODE_LINE, MODE_THRESHOLDS } from '../../../backends/trellis/isa/costs.ts'
import { accRowBytes, rowOfVectors } from '../../../backends/trellis/isa/footprint.ts'
import { type Span, writtenSpans } from '../../../backends/trellis/isa/spans.ts'
import type { Instruction, InstructionOf } from '../../../backends/trellis/isa/table.ts'
import { capacities, type Target } from '../../../backends/trellis/target.ts'
import type { Draw } from '../../sim/model/instructions.ts'
import { anyPlace, type ProgramBuilder, randomBytes, randomInt32, words } from './builder.ts'
import { meet, overlapsItself, placeRows, type Rows } from './places.ts'

const none = { wait: 0, signal: 0 }
const NOWHERE: Rows = { start: 0, step: 0, end: 0, size: 0 }
/** How often a place is drawn again that meets what it must not. */
const TRIES = 20

/** Accumulators that a job has computed. */
export interface Sums {
  readonly acc: number
  readonly mx: number
  readonly my: number
  readonly blocks: number
  /** Lanes of the last block that mean something. */
  readonly lanes: number
}

export function precisionOf(d: Draw, target: Target): number {
  return Math.log2(8 / d.pick(...target.precisions))
}

const q8 = (d: Draw): number => d.int(-128, 127)

function range8(d: Draw): { readonly min: number; readonly max: number } {
  const [a, b] = d.int(0, 2) === 0 ? [q8(d), q8(d)] : [-128, 127]
  return { min: Math.min(a, b), max: Math.max(a, b) }
}

/** A scaling that leaves most sums in range, at times any. */
function scaling(d: Draw): { readonly multiplier: number; readonly shift: number } {
  if (d.int(0, 3) === 0) return { multiplier: randomInt32(d), shift: d.int(-31, 30) }
  return { multiplier: d.int(2 ** 30, 2 ** 31 - 1), shift: d.int(-14, 1) }
}

function setupOf(d: Draw, operand: Rows, xStep: number): InstructionOf<'post.setup'> {
  const [a, b, out] = [scaling(d), scaling(d), scaling(d)]
  return {
    ...{ op: 'post.setup', ...none, operand: operand.start, x_step: xStep, y_step: operand.step },
    ...{ ring_end: operand.end, ring_size: operand.size, zp_a: q8(d), zp_b: q8(d) },
    ...{ m_a: a.multiplier, s_a: d.int(-5, 2), m_b: b.multiplier, s_b: d.int(-5, 2) },
    ...{ m_out: out.multiplier, s_out: d.pick(d.int(-25, 3), out.shift) },
  }
}

const ringOf = (rows: Rows) => ({ ring_end: rows.end, ring_size: rows.size })
const outOf = (rows: Rows) => ({ out: rows.start, y_step: rows.step, ...ringOf(rows) })
const inputOf = (rows: Rows) => ({
  ...{ input: rows.start, in_y_step: rows.step, in_ring_end: rows.end, in_ring_size: rows.size },
})

function writesAnyOf(i: Instruction, target: Target, avoid: readonly Span[]): boolean {
  return avoid.length > 0 && writtenSpans(i, target).some((w) => avoid.some((a) => meet(w, a)))
}

/** Sums through one of the six modes to activation memory (`bank`), but not onto `avoid`. Nothing where they fit nowhere. */
export function postAcc(
  b: ProgramBuilder,
  d: Draw,
  sums: Sums,
  avoid: readonly Span[] = [],
  bank?: number,
): InstructionOf<'post.acc'> | undefined {
  const { target } = b
  const { cols } = target.array
  const { mx, my, blocks, acc } = sums
  const { parameterBytes } = capacities(target)
  const mode = d.int(0, 5)
  const counts = mode === MODE_THRESHOLDS || mode === MODE_LINE
  const fits = target.precisions
    .map((bits) => Math.log2(8 / bits))
    .filter((p) => p <= Math.log2(Math.min(cols, sums.lanes)))
  const precision = mode === 0 || counts ? d.pick(...fits) : 0
  const lanes = d.pick(sums.lanes, d.int(2 ** precision, sums.lanes))
  const mostSteps = Math.floor((parameterBytes / blocks / cols - 5) / 4)
  const steps = mode === MODE_THRESHOLDS ? d.pick(1, 3, 7, 15, d.int(1, 15), 255) : d.int(1, 255)
  const plain: InstructionOf<'post.acc'> = {
    ...{
      op: 'post.acc',
      ...none,
      acc,
      mx,
      my,
      blocks,
      param: 0,
      last_lanes: (lanes >> precision) << precision,
    },
    ...{ ...outOf(NOWHERE), x_step: 0, zp: q8(d), ...range8(d), per_channel: d.int(0, 1) },
    ...(counts ? { multiplier: d.int(-255, 255), shift: 0 } : scaling(d)),
    ...{ rounding: d.int(0, 2), mode, steps: mode === MODE_THRESHOLDS ? Math.min(mostSteps, steps) : steps },
    ...{ precision, table: d.int(0, 3), zeros: d.int(0, 9) === 0 ? 1 : 0 },
  }
  const blockBytes = accBlockBytes(plain, target)
  if (blocks * blockBytes > parameterBytes || plain.steps < 1) return undefined
  const param = 4 * anyPlace(d, (parameterBytes - blocks * blockBytes) >> 2)

  const vectorBytes = accRowBytes({ ...plain, mx: 1 }, target)
  for (let tries = 0; tries < TRIES; tries++) {
    const xStep = d.pick(vectorBytes, vectorBytes + d.int(0, 5), d.int(0, 2 * cols))
    const rowBytes = accRowBytes({ ...plain, x_step: xStep }, target)
    const out = placeRows(d, target, my, rowBytes, d.int(0, 4) > 0, bank)
    const operandStep = d.pick(blocks * cols, d.int(0, blocks * cols + 4))
    const operandBytes = (mx - 1) * operandStep + (blocks - 1) * cols + plain.last_lanes
    const operand = mode === 1 ? placeRows(d, target, my, operandBytes, false) : NOWHERE
    if (!out || !operand) continue
    const i = { ...plain, param, x_step: xStep, ...outOf(out) }
    const setup = setupOf(d, operand, operandStep)
    if (overlapsItself(i, target, setup) || writesAnyOf(i, target, avoid)) continue
    if (mode === 1) b.emit(d, 'post.setup', setup)
    loadParameters(b, d, i, blockBytes)
    b.emit(d, 'post.acc', i)
    return i
  }
  return undefined
}

/** Parameter blocks that mean something in the instruction's mode, in one load or in two. */
function loadParameters(b: ProgramBuilder, d: Draw, i: InstructionOf<'post.acc'>, blockBytes: number): void {
  const bytes = new Uint8Array(i.blocks * blockBytes)
  for (let block = 0; block < i.blocks; block++) bytes.set(parameterBlock(d, i, b.target), block * blockBytes)
  const dram = b.constant(d, bytes)
  const first = d.pick(bytes.length, 4 * d.int(1, (bytes.length - 1) >> 2))
  b.emit(d, 'load.param', { dram, param: i.param, bytes: first })
  if (first < bytes.length)
    b.emit(d, 'load.param', { dram: dram + first, param: i.param + first, bytes: bytes.length - first })
}

function parameterBlock(d: Draw, i: InstructionOf<'post.acc'>, target: Target): Uint8Array {
  const { cols } = target.array
  const each = <T>(make: (column: number) => T): T[] => Array.from({ length: cols }, (_, c) => make(c))
  const bias = words(each(() => randomInt32(d)))
  const bytes = (values: readonly number[]) => Uint8Array.from(values, (v) => v & 255)
  const wide = d.int(0, 2) === 0
  switch (i.mode) {
    case MODE_THRESHOLDS: {
      const columns = each(() => {
        const values = Array.from({ length: i.steps }, () => (wide ? randomInt32(d) : d.int(-30000, 30000)))
        return values.sort((x, y) => x - y)
      })
      const rows = Array.from({ length: i.steps }, (_, s) => words(columns.map((column) => column[s] ?? 0)))
      return joined(bias, ...rows, bytes(each(() => d.pick(1, -1))))
    }
    case MODE_LINE: {
      const shift = each(() => (wide ? d.int(0, 63) : d.int(8, 24)))
      const multiplier = words(each(() => (wide ? randomInt32(d) : d.int(-100000, 100000))))
      const high = words(each(() => (wide ? randomInt32(d) : d.int(-1, 0))))
      return joined(bias, multiplier, words(each(() => d.int(-(2 ** 31), 2 ** 31 - 1))), high, bytes(shift))
    }
    default: {
      const scales = each(() => scaling(d))
      if (accBlockBytes(i, target) === 4 * cols) return bias
      return joined(bias, words(scales.map((s) => s.multiplier)), bytes(scales.map((s) => s.shift)))
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** post.binary, or post.unary in one of its modes; post.unary at times in place. */
export function vectorJob(b: ProgramBuilder, d: Draw): void {
  const { target } = b
  const { cols } = target.array
  const shape = {
    ...{ mx: d.pick(d.int(1, 6), d.int(1, 20)), my: d.int(1, 5) },
    ...{ last_lanes: d.int(1, cols), every: d.int(0, 1) },
  }
  const isBinary = d.pick(true, false)
  const inPlace = !isBinary && d.int(0, 3) === 0
  const place = (xStep: number, apart: boolean) =>
    placeRows(d, target, shape.my, rowOfVectors(shape, xStep, target), apart)
  for (let tries = 0; tries < TRIES; tries++) {
    const step = () => (inPlace ? cols : d.pick(cols, cols + d.int(0, 9), d.int(0, cols)))
    const [outStep, inStep, operandStep] = [step(), step(), step()]
    const out = place(outStep, inPlace || d.int(0, 4) > 0)
    const input = inPlace ? out : place(inStep, false)
    const operand = place(operandStep, false)
    if (!out || !input || !operand) continue
    const setup = setupOf(d, operand, operandStep)
    const common = {
      ...{ ...none, ...shape, ...inputOf(input), in_x_step: inStep, ...outOf(out), x_step: outStep },
      ...{ zp: q8(d), ...range8(d) },
    }
    const binary = { op: 'post.binary', ...common, kind: d.int(0, 2) } as const
    const unary = { op: 'post.unary', ...common, mode: d.int(0, 2), table: d.int(0, 3) } as const
    // In place every byte is read before it is written.
    if (!inPlace && overlapsItself(isBinary ? binary : unary, target, setup)) continue
    b.emit(d, 'post.setup', setup)
    if (isBinary) b.emit(d, 'post.binary', binary)
    else b.emit(d, 'post.unary', unary)
    return
  }
}

/** Windows that overlap, touch or lie apart. */
export function poolJob(b: ProgramBuilder, d: Draw): void {
  const { target } = b
  const { cols } = target.array
  const [mx, my, kx, ky] = [d.int(1, 5), d.int(1, 4), d.int(1, 4), d.int(1, 4)]
  const shape = { mx, my, last_lanes: d.int(1, cols), every: d.int(0, 1) }
  const [kind, yStride] = [d.int(0, 1), d.int(1, 3)]
  const rows = (my - 1) * yStride + ky
  for (let tries = 0; tries < TRIES; tries++) {
    const [inStep, kxStep, outStep] = [d.int(0, 2 * cols), d.pick(cols, d.int(0, 20)), d.pick(cols, cols + 3)]
    const rowBytes = (kx - 1) * kxStep + rowOfVectors(shape, inStep, target)
    const input = placeRows(d, target, rows, rowBytes, false)
    const out = placeRows(d, target, my, rowOfVectors(shape, outStep, target))
    if (!input || !out) continue
    const i: InstructionOf<'post.pool'> = {
      ...{ op: 'post.pool', ...none, ...shape, kx, ky, kind, rounding: d.int(0, 2) },
      ...{ precision: kind === 0 ? precisionOf(d, target) : 0, unsigned: d.int(0, 1) },
      ...{ ...inputOf(input), in_x_step: inStep, in_y_step: yStride * input.step },
      ...{ kx_step: kxStep, ky_step: input.step, ...outOf(out), x_step: outStep },
    }
    const setup = setupOf(d, NOWHERE, 0)
    if (overlapsItself(i, target, setup)) continue
    if (kind === 1) b.emit(d, 'post.setup', setup)
    b.emit(d, 'post.pool', i)
    return
  }
}

export function fillJob(b: ProgramBuilder, d: Draw): void {
  const [rows, bytes] = [d.int(1, 6), d.pick(d.int(1, 16), d.int(1, 100))]
  const place = placeRows(d, b.target, rows, bytes, d.int(0, 3) > 0)
  if (!place) return
  const common = { rows, bytes, y_step: place.step, ...ringOf(place), value: q8(d) }
  if (d.pick(true, false)) b.emit(d, 'post.fill', { ...common, out: place.start })
  else b.emit(d, 'load.fill', { ...common, act: place.start })
}

/** A table of any bytes, for lookups to come. */
export function tableJob(b: ProgramBuilder, d: Draw): void {
  b.emit(d, 'load.table', { dram: b.constant(d, randomBytes(d, 256)), table: d.int(0, 3) })
}
