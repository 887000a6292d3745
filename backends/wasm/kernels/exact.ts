/** Requantization of single sums by the integer rules, for channels that float32 cannot follow. */

import type { RoundingRule } from '../../../ir/arith/rounding.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { ExactChannel } from './epilogue.ts'
import { roundHalfAway, scaleByFloat, scaleByMultiplier } from './fixed-point.ts'
import { clampInt } from './scalar.ts'

interface ExactTile {
  /** Those that tiles of this kind can hold. */
  readonly channels: readonly ExactChannel[]
  readonly width: number
  /** The first channel of the first such tile, and how many each has. */
  readonly from: number
  readonly partChannels: number
  /** The distance of a tile's weights, by its first channel, from the layer's. */
  readonly partBytes: (first: number) => number
  /** Addresses of the layer's weights and of the tile's. */
  readonly first: Local
  readonly block: Local
  readonly sum: (pixel: number, vector: number) => Local
}

/** Where the current tile holds such channels, replaces their sums by the exact results. */
export function replaceExact(b: ModuleBuilder, tile: ExactTile): readonly Expression[] {
  const { i32, i32x4 } = b.wasm
  return tile.channels.map((exact) => {
    const within = (exact.channel - tile.from) % tile.partChannels
    const at = tile.partBytes(exact.channel - within)
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

/** A channel's scaling by a rule as two 32-bit words: multiplier and shift, the halves of a double, or a float32. */
export function scalingWords(
  channel: Omit<ExactChannel, 'channel'>,
): readonly [first: number, second: number] {
  if (channel.rule === 'float32') {
    return [must(new Int32Array(Float32Array.of(channel.factor).buffer)[0], 'bits'), 0]
  }
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
      return [clampInt(b, f, scaled(b, f, rule, x, m, s), -32768, 32767)]
    },
    'i32',
  )
  return b.call(name, [sum, first, second], 'i32')
}

function scaled(
  b: ModuleBuilder,
  f: FunctionBuilder,
  rule: RoundingRule,
  x: Local,
  first: Local,
  second: Local,
): Expression {
  const { f32, f64, i64 } = b.wasm
  switch (rule) {
    case 'float32':
      return scaleByFloat(b, x.get(), f32.reinterpret(first.get()))
    case 'tflite':
      return scaleByMultiplier(b, f, x.get(), first, second)
    case 'real': {
      const upper = i64.shl(i64.extend_u(second.get()), i64.const(32n))
      const factor = f64.reinterpret(i64.or(upper, i64.extend_u(first.get())))
      return roundHalfAway(b, f, f64.mul(f64.convert_s.i32(x.get()), factor))
    }
    default:
      throw new Error(`internal error: no code for the rounding rule ${rule}`)
  }
}
