/** Requantization of single sums by the integer rules, for the few channels that float32 cannot follow. */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { ExactChannel } from './epilogue.ts'

interface ExactTile {
  /** Those that tiles of this kind can hold. */
  readonly channels: readonly ExactChannel[]
  readonly width: number
  /** The first channel of the first such tile, and its weights' distance from the layer's. */
  readonly from: number
  readonly fromBytes: number
  /** Channels of a tile, and bytes of its weights. */
  readonly partChannels: number
  readonly partBytes: number
  /** Addresses of the layer's weights and of the tile's. */
  readonly first: Local
  readonly block: Local
  readonly sum: (pixel: number, vector: number) => Local
}

/** Where the current tile holds such channels, replaces their sums by the exact results. */
export function replaceExact(b: ModuleBuilder, tile: ExactTile): readonly Expression[] {
  const { i32, i32x4 } = b.wasm
  return tile.channels.map((exact) => {
    const part = Math.floor((exact.channel - tile.from) / tile.partChannels)
    const within = (exact.channel - tile.from) % tile.partChannels
    const at = tile.fromBytes + part * tile.partBytes
    const here = i32.eq(tile.block.get(), i32.add(tile.first.get(), i32.const(at)))
    const replaced = Array.from({ length: tile.width }, (_, pixel) => {
      const sum = tile.sum(pixel, Math.floor(within / 4))
      const lane = within % 4
      const result = exactResult(b, i32x4.extract_lane(sum.get(), lane), exact)
      return sum.set(i32x4.replace_lane(sum.get(), lane, result))
    })
    return b.wasm.if(here, b.wasm.block(null, replaced))
  })
}

type Rule = Pick<ExactChannel, 'rule' | 'factor' | 'multiplier' | 'shift'>

/** An int32 scaled by a rule of ir/arith/rounding.ts, limited to 16 bits. */
export function exactResult(b: ModuleBuilder, sum: Expression, scaling: Rule): Expression {
  const name = b.define(
    `exact ${scaling.rule} ${scaling.factor} ${scaling.multiplier} ${scaling.shift}`,
    1,
    (f, x) => {
      const scaled =
        scaling.rule === 'real' ? scaledReal(b, f, x, scaling.factor) : scaledTflite(b, f, x, scaling)
      return [limited(b, f, scaled)]
    },
    'i32',
  )
  return b.call(name, [sum], 'i32')
}

function limited(b: ModuleBuilder, f: FunctionBuilder, value: Expression): Expression {
  const { i32 } = b.wasm
  const [low, x] = [f.i32(), f.i32()]
  const atMost = b.wasm.select(i32.lt_s(x.get(), i32.const(32767)), x.get(), i32.const(32767))
  return b.wasm.block(null, [
    x.set(value),
    low.set(atMost),
    b.wasm.select(i32.gt_s(low.get(), i32.const(-32768)), low.get(), i32.const(-32768)),
  ])
}

/** round(x * factor) in doubles, halves away from zero; saturates to int32. */
function scaledReal(b: ModuleBuilder, f: FunctionBuilder, x: Local | undefined, factor: number): Expression {
  const { f64, i32 } = b.wasm
  const product = f.f64()
  const whole = f.f64()
  const away = f64.add(whole.get(), f64.copysign(f64.const(1), product.get()))
  const isHalf = f64.ge(f64.abs(f64.sub(product.get(), whole.get())), f64.const(0.5))
  return b.wasm.block(null, [
    product.set(f64.mul(f64.convert_s.i32(must(x).get()), f64.const(factor))),
    whole.set(f64.trunc(product.get())),
    i32.trunc_s_sat.f64(b.wasm.select(isHalf, away, whole.get())),
  ])
}

/** The rule `tflite`: see ir/arith/rounding.ts. Products of int32 are taken in 64 bits. */
function scaledTflite(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Local | undefined,
  { rule, multiplier, shift }: Rule,
): Expression {
  if (rule !== 'tflite') throw new Error(`internal error: no code for the rounding rule ${rule}`)
  const { i32, i64 } = b.wasm
  const high = f.i32()
  const input = shift > 0 ? i32.shl(must(x).get(), i32.const(shift)) : must(x).get()
  const product = i64.mul(i64.extend_s(input), i64.const(BigInt(multiplier)))
  const rounded = i64.shr_s(i64.add(product, i64.const(1n << 30n)), i64.const(31n))
  const doubled = high.set(i32.wrap(rounded))
  if (shift >= 0) return b.wasm.block(null, [doubled, high.get()])
  const mask = 2 ** -shift - 1
  const threshold = i32.add(i32.const(mask >>> 1), i32.lt_s(high.get(), i32.const(0)))
  const up = i32.gt_s(i32.and(high.get(), i32.const(mask)), threshold)
  return b.wasm.block(null, [doubled, i32.add(i32.shr_s(high.get(), i32.const(-shift)), up)])
}

function must(x: Local | undefined): Local {
  if (x === undefined) throw new Error('internal error: a function without its parameter')
  return x
}
