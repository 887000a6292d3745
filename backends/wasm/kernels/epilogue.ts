/**
 * From sums to output bytes: requantization (see float-requant.ts) or thresholds, the output's zero point, clamping,
 * narrowing and the stores of a tile. Or the sums themselves.
 *
 * Parameters are vectors of four channels. Of requantization: bias, scale and offset. A single channel for which no
 * float32 function was found is requantized by the integer rule itself: its sum is replaced by the exact result, and
 * its scale is 1 and its offset 1/2. Of sums: the bias. Of thresholds: bias, then what `thresholdWords` gives. Of bits:
 * see bit-products.ts.
 */
import type { RoundingRule } from '../../../ir/arith/rounding.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { FloatForm } from '../float-requant.ts'
import { storedZero } from '../storage.ts'
import { exactResult } from './exact.ts'

export const BIAS_OFFSET = 0
const SCALE_OFFSET = 16
const OFFSET_OFFSET = 32
const MASK_OFFSET = 16
const THRESHOLDS_OFFSET = 32

/**
 * `sums`: int32, without scaling. `thresholds N`: zeroPoint + the number of N thresholds reached. `signs`: +1 where the
 * only one is reached, else -1. `bits`: the same as packed bits, eight channels a byte.
 */
export type Staircase = `thresholds ${number}` | 'signs' | 'bits'

export interface Epilogue {
  /** An integer rule for every channel takes as parameters the bias and `scalingWords`. */
  readonly form: FloatForm | IntegerRule | 'sums' | Staircase
  readonly zeroPoint: number
  readonly min: number
  readonly max: number
}

/** What the code of an epilogue depends on; zero point and bounds are arguments. */
export function epilogueShape({ form, zeroPoint, min, max }: Epilogue): EpilogueShape {
  if (form === 'sums' || form === 'bits') return { form, hasZeroPoint: false, hasMin: false, hasMax: false }
  return { form, hasZeroPoint: zeroPoint !== -128, hasMin: min > -128, hasMax: max < 127 }
}

interface EpilogueShape {
  readonly form: Epilogue['form']
  readonly hasZeroPoint: boolean
  readonly hasMin: boolean
  readonly hasMax: boolean
}

/** What the counts of four channels start from, and what they are turned around with. */
const BIT_PARAMETER_BYTES = 32

/** Bytes of the parameters of four channels. */
export function parameterBytes(form: Epilogue['form']): number {
  if (form === 'sums') return 16
  if (form === 'bits') return BIT_PARAMETER_BYTES
  return isStaircase(form) ? THRESHOLDS_OFFSET + 16 * stepsOf(form) : 48
}

/** Bytes of an output channel. */
export function channelBytes(form: Epilogue['form']): number {
  return form === 'sums' ? 4 : form === 'bits' ? 1 / 8 : 1
}

function isStaircase(form: Epilogue['form']): form is Staircase {
  return form === 'signs' || form === 'bits' || form.startsWith('thresholds ')
}

function stepsOf(form: Staircase): number {
  return form === 'signs' || form === 'bits' ? 1 : Number(form.slice('thresholds '.length))
}

/** The arguments. */
export function epilogueConstants({ zeroPoint, min, max }: Epilogue): readonly number[] {
  return [zeroPoint, min, max]
}

/**
 * Zero point and bounds as they are stored, in i32 arguments; absent where they change nothing. They are spread over
 * vectors for each tile: vectors that live through the loops before would cost the sums their registers.
 */
export interface Bounds {
  readonly zeroPoint?: Local
  readonly min?: Local
  readonly max?: Local
}

/** Brings a kernel's arguments into the stored form: `statements` to be run first. */
export function storedBounds(
  b: ModuleBuilder,
  { hasZeroPoint, hasMin, hasMax }: EpilogueShape,
  [zeroPoint, min, max]: readonly Local[],
): { readonly bounds: Bounds; readonly statements: readonly Expression[] } {
  const { i32 } = b.wasm
  const zero = storedZero(b.variant)
  const bounds = {
    ...(zeroPoint && (hasZeroPoint || zero === 0) ? { zeroPoint } : {}),
    ...(min && hasMin ? { min } : {}),
    ...(max && hasMax ? { max } : {}),
  }
  const statements = Object.values(bounds).map((value) => value.set(i32.add(value.get(), i32.const(zero))))
  return { bounds, statements: zero === 0 ? [] : statements }
}

export type IntegerRule = `integer ${RoundingRule}`

/** A channel that takes the integer rule. */
export interface ExactChannel {
  readonly channel: number
  readonly rule: RoundingRule
  readonly factor: number
  readonly multiplier: number
  readonly shift: number
}

/** One vector of sums and where it goes: 4 channels, fewer in the last of a layer. */
export interface Outgoing {
  readonly sums: Local
  /** Byte offset of its channels' parameters from the tile's. */
  readonly parameters: number
  /** Byte offset of its first channel from the tile's output. */
  readonly output: number
  /** 1 to 4. */
  readonly channels: number
}

/**
 * Requantizes and stores the vectors of a tile. `parameters` and `output` are the tile's own addresses; parameters of
 * four channels are loaded once for all pixels.
 */
export function requantizeAndStore(
  b: ModuleBuilder,
  f: FunctionBuilder,
  form: Epilogue['form'],
  bounds: Bounds,
  vectors: readonly Outgoing[],
  parameters: Local,
  output: Local,
): readonly Expression[] {
  const { i8x16, i16x8, v128 } = b.wasm
  if (form === 'sums') return vectors.flatMap((vector) => storeSums(b, vector, output))
  if (form === 'bits') throw new Error('internal error: bits are stored where they are counted')
  const statements: Expression[] = []
  const [scale, offset, product, bytes] = [f.v128(), f.v128(), f.v128(), f.v128()]
  const [zeroPoint, min, max] = [f.v128(), f.v128(), f.v128()]
  if (isInteger(form)) {
    const rule = form.slice('integer '.length) as RoundingRule
    statements.push(...vectors.flatMap((vector) => integerLanes(b, rule, vector, parameters)))
  }
  if (isStaircase(form)) {
    const step = form === 'signs' ? 2 : 1
    statements.push(...vectors.flatMap((v) => countReached(b, stepsOf(form), step, v, parameters, product)))
  }
  for (const at of isInteger(form) || isStaircase(form) ? [] : new Set(vectors.map((v) => v.parameters))) {
    statements.push(scale.set(v128.load(at + SCALE_OFFSET, 4, parameters.get())))
    statements.push(offset.set(v128.load(at + OFFSET_OFFSET, 4, parameters.get())))
    for (const { sums } of vectors.filter((v) => v.parameters === at)) {
      statements.push(...toInteger(b, form as FloatForm, sums, scale, offset, product))
    }
  }
  if (bounds.zeroPoint) statements.push(zeroPoint.set(i16x8.splat(bounds.zeroPoint.get())))
  if (bounds.min) statements.push(min.set(i8x16.splat(bounds.min.get())))
  if (bounds.max) statements.push(max.set(i8x16.splat(bounds.max.get())))
  const unsigned = b.variant === 'relaxed_unsigned'
  for (let q = 0; q < vectors.length; q += 4) {
    const quad = vectors.slice(q, q + 4)
    const sum = (n: number) => (quad[Math.min(n, quad.length - 1)] as Outgoing).sums.get()
    const words = (n: number) => {
      const narrowed = i16x8.narrow_i32x4_s(sum(n), sum(n + 1))
      return bounds.zeroPoint ? i16x8.add_saturate_s(narrowed, zeroPoint.get()) : narrowed
    }
    const low = words(0)
    const high = quad.length > 2 ? words(2) : words(0)
    statements.push(bytes.set(unsigned ? i8x16.narrow_i16x8_u(low, high) : i8x16.narrow_i16x8_s(low, high)))
    // Narrowing has clamped to the byte's own range.
    if (bounds.min) {
      const larger = unsigned ? i8x16.max_u : i8x16.max_s
      statements.push(bytes.set(larger(bytes.get(), min.get())))
    }
    if (bounds.max) {
      const smaller = unsigned ? i8x16.min_u : i8x16.min_s
      statements.push(bytes.set(smaller(bytes.get(), max.get())))
    }
    statements.push(...storeQuad(v128, quad, bytes, output))
  }
  return statements
}

/** The sums of four channels, int32. */
function storeSums(b: ModuleBuilder, { sums, output: at, channels }: Outgoing, output: Local) {
  const { v128 } = b.wasm
  if (channels === 4) return [v128.store(at, 4, output.get(), sums.get())]
  return Array.from({ length: channels }, (_, lane) =>
    v128.store32_lane(at + 4 * lane, 4, lane, output.get(), sums.get()),
  )
}

/** Whether each of four sums reaches the k-th threshold of its channel: all bits, or none. `turned` are the sums. */
function reached(b: ModuleBuilder, turned: Expression, at: number, k: number, parameters: Local): Expression {
  const { i32x4, v128 } = b.wasm
  return i32x4.ge_s(turned, v128.load(at + THRESHOLDS_OFFSET + 16 * k, 4, parameters.get()))
}

function turned(b: ModuleBuilder, { sums, parameters: at }: Outgoing, parameters: Local): Expression {
  const { v128 } = b.wasm
  return v128.xor(sums.get(), v128.load(at + MASK_OFFSET, 4, parameters.get()))
}

/** sums = the number of thresholds reached, times the step. */
function countReached(
  b: ModuleBuilder,
  steps: number,
  step: 1 | 2,
  vector: Outgoing,
  parameters: Local,
  value: Local,
): readonly Expression[] {
  const { i32, i32x4 } = b.wasm
  const { sums, parameters: at } = vector
  const mask = (k: number) => reached(b, value.get(), at, k, parameters)
  return [
    value.set(turned(b, vector, parameters)),
    sums.set(i32x4.neg(mask(0))),
    // A mask is -1.
    ...Array.from({ length: steps - 1 }, (_, k) => sums.set(i32x4.sub(sums.get(), mask(k + 1)))),
    ...(step === 1 ? [] : [sums.set(i32x4.shl(sums.get(), i32.const(1)))]),
  ]
}

function isInteger(form: Epilogue['form']): form is IntegerRule {
  return form.startsWith('integer ')
}

/** sums by the integer rule, one by one. */
function integerLanes(
  b: ModuleBuilder,
  rule: RoundingRule,
  { sums, parameters: at, channels }: Outgoing,
  parameters: Local,
): readonly Expression[] {
  const { i32, i32x4 } = b.wasm
  return Array.from({ length: channels }, (_, lane) => {
    const word = (offset: number) => i32.load(at + offset + 4 * lane, 4, parameters.get())
    const sum = i32x4.extract_lane(sums.get(), lane)
    const result = exactResult(b, rule, sum, word(SCALE_OFFSET), word(OFFSET_OFFSET))
    return sums.set(i32x4.replace_lane(sums.get(), lane, result))
  })
}

/** sums = sums * scale + offset as integers, in the form's way. */
export function toInteger(
  b: ModuleBuilder,
  form: FloatForm,
  sums: Local,
  scale: Local,
  offset: Local,
  product: Local,
): readonly Expression[] {
  const { v128, f32x4 } = b.wasm
  const scaled = f32x4.mul(f32x4.convert_i32x4_s(sums.get()), scale.get())
  if (form === 'nearest') return [sums.set(nearest(b, scaled))]
  if (form === 'nearest_sum') return [sums.set(nearest(b, f32x4.add(scaled, offset.get())))]
  if (form === 'floor') return [sums.set(truncate(b, f32x4.add(scaled, offset.get())))]
  const signed = v128.xor(v128.and(product.get(), v128.const(SIGN_BITS)), offset.get())
  return [product.set(scaled), sums.set(truncate(b, f32x4.add(product.get(), signed)))]
}

/**
 * To int32, towards zero. Values are below 2^22 here: where the relaxed conversion is not to be had, an integer's bits
 * are those of its sum with 1.5 * 2^23, less that number's own.
 */
function truncate(b: ModuleBuilder, value: Expression): Expression {
  if (b.variant !== 'plain') return b.relaxedTruncate(value)
  const { f32x4, f32, i32x4, i32 } = b.wasm
  const shifted = f32x4.add(f32x4.trunc(value), f32x4.splat(f32.const(SHIFT)))
  return i32x4.sub(shifted, i32x4.splat(i32.const(SHIFT_BITS)))
}

/** To the nearest int32, halves to even: the addition of 1.5 * 2^23 rounds, whose unit in the last place is one. */
function nearest(b: ModuleBuilder, value: Expression): Expression {
  const { f32x4, f32, i32x4, i32 } = b.wasm
  const shifted = f32x4.add(value, f32x4.splat(f32.const(SHIFT)))
  return i32x4.sub(shifted, i32x4.splat(i32.const(SHIFT_BITS)))
}

/** 1.5 * 2^23, as a float32 and as its bits. */
const SHIFT = 12582912
const SHIFT_BITS = 0x4b400000

const SIGN_BITS = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 3 ? 0x80 : 0))

/** Stores the four lanes of a quad, neighbours together. */
function storeQuad(
  v128: ModuleBuilder['wasm']['v128'],
  quad: readonly Outgoing[],
  bytes: Local,
  output: Local,
): readonly Expression[] {
  const statements: Expression[] = []
  const isFull = (lane: number) => quad[lane]?.channels === 4
  const follows = (lane: number) =>
    isFull(lane) && quad[lane]?.output === (quad[lane - 1]?.output ?? Number.NaN) + 4
  if (isFull(0) && follows(1) && follows(2) && follows(3)) {
    return [v128.store((quad[0] as Outgoing).output, 1, output.get(), bytes.get())]
  }
  for (let lane = 0; lane < quad.length; lane++) {
    const { output: at, channels } = quad[lane] as Outgoing
    if (lane % 2 === 0 && isFull(lane) && follows(lane + 1)) {
      statements.push(v128.store64_lane(at, 1, lane / 2, output.get(), bytes.get()))
      lane++
    } else if (channels === 4) {
      statements.push(v128.store32_lane(at, 1, lane, output.get(), bytes.get()))
    } else {
      for (let c = 0; c < channels; c++) {
        statements.push(v128.store8_lane(at + c, 1, 4 * lane + c, output.get(), bytes.get()))
      }
    }
  }
  return statements
}
