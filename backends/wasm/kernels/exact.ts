/** Requantization of single sums by the integer rules, for channels that float32 cannot follow. */

import type { RoundingRule } from '../../../ir/arith/rounding.ts'
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
      const [first, second] = scalingWords(exact)
      const result = exactResult(
        b,
        exact.rule,
        i32x4.extract_lane(sum.get(), lane),
        i32.const(first),
        i32.const(second),
      )
      return sum.set(i32x4.replace_lane(sum.get(), lane, result))
    })
    return b.wasm.if(here, b.wasm.block(null, replaced))
  })
}

/** A channel's scaling by an integer rule as two 32-bit words: multiplier and shift, or the halves of a double. */
export function scalingWords(
  channel: Omit<ExactChannel, 'channel'>,
): readonly [first: number, second: number] {
  if (channel.rule !== 'real') return [channel.multiplier, channel.shift]
  const words = new Int32Array(Float64Array.of(channel.factor).buffer)
  return [words[0] ?? 0, words[1] ?? 0]
}

/** An int32 scaled by a rule of ir/arith/rounding.ts, limited to 16 bits. */
export function exactResult(
  b: ModuleBuilder,
  rule: RoundingRule,
  sum: Expression,
  first: Expression,
  second: Expression,
): Expression {
  const name = b.define(
    `exact ${rule}`,
    3,
    (f, x, m, s) => {
      if (x === undefined || m === undefined || s === undefined) {
        throw new Error('internal error: parameters')
      }
      return [limited(b, f, rule === 'real' ? scaledReal(b, f, x, m, s) : scaledTflite(b, f, rule, x, m, s))]
    },
    'i32',
  )
  return b.call(name, [sum, first, second], 'i32')
}

function limited(b: ModuleBuilder, f: FunctionBuilder, value: Expression): Expression {
  const { i32 } = b.wasm
  const x = f.i32()
  const least = i32.const(-32768)
  const most = i32.const(32767)
  return b.sequence(
    x.set(value),
    x.set(b.wasm.select(i32.lt_s(x.get(), most), x.get(), i32.const(32767))),
    b.wasm.select(i32.gt_s(x.get(), least), x.get(), i32.const(-32768)),
  )
}

/** round(x * factor) in doubles, halves away from zero; saturates to int32. */
function scaledReal(b: ModuleBuilder, f: FunctionBuilder, x: Local, low: Local, high: Local): Expression {
  const { f64, i32, i64 } = b.wasm
  const [product, whole] = [f.f64(), f.f64()]
  const upper = i64.shl(i64.extend_u(high.get()), i64.const(32n))
  const factor = f64.reinterpret(i64.or(upper, i64.extend_u(low.get())))
  const away = f64.add(whole.get(), f64.copysign(f64.const(1), product.get()))
  const isHalf = f64.ge(f64.abs(f64.sub(product.get(), whole.get())), f64.const(0.5))
  return b.sequence(
    product.set(f64.mul(f64.convert_s.i32(x.get()), factor)),
    whole.set(f64.trunc(product.get())),
    i32.trunc_s_sat.f64(b.wasm.select(isHalf, away, whole.get())),
  )
}

/** The rule `tflite`: see ir/arith/rounding.ts. Products of int32 are taken in 64 bits. */
function scaledTflite(
  b: ModuleBuilder,
  f: FunctionBuilder,
  rule: RoundingRule,
  x: Local,
  multiplier: Local,
  shift: Local,
): Expression {
  if (rule !== 'tflite') throw new Error(`internal error: no code for the rounding rule ${rule}`)
  const { i32, i64 } = b.wasm
  const [high, right, mask] = [f.i32(), f.i32(), f.i32()]
  const positive = (value: Expression, again: Expression) =>
    b.wasm.select(i32.gt_s(value, i32.const(0)), again, i32.const(0))
  const left = positive(shift.get(), shift.get())
  const product = i64.mul(i64.extend_s(i32.shl(x.get(), left)), i64.extend_s(multiplier.get()))
  const rounded = i64.shr_s(i64.add(product, i64.const(1n << 30n)), i64.const(31n))
  const threshold = i32.add(i32.shr_u(mask.get(), i32.const(1)), i32.lt_s(high.get(), i32.const(0)))
  const up = i32.gt_s(i32.and(high.get(), mask.get()), threshold)
  const negated = () => i32.sub(i32.const(0), shift.get())
  return b.sequence(
    high.set(i32.wrap(rounded)),
    right.set(positive(negated(), negated())),
    mask.set(i32.sub(i32.shl(i32.const(1), right.get()), i32.const(1))),
    i32.add(i32.shr_s(high.get(), right.get()), up),
  )
}
