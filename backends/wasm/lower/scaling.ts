/** One float32 scaling for all sums of an op (see float-requant.ts), or none where the proof fails. */
import type { TensorRequant } from '../../../ir/arith/requant.ts'
import { type FloatRequant, floatRequant } from '../float-requant.ts'
import type { FloatEpilogue } from '../kernels/sums.ts'

export interface OneScaling {
  readonly float: FloatRequant
  readonly epilogue: FloatEpilogue
}

/** The smallest and the largest sum, which include 0. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** That of `requant`, the rule `tflite`; `factor` is the real one that it approximates. */
export function oneScaling(requant: TensorRequant, factor: number, sums: Range): OneScaling | undefined {
  return solve({ ...requant, rule: 'tflite', factor }, sums)
}

/** That of a division by `count` with halves rounded away from zero, without a zero point. */
export function divisionScaling(count: number, range: Range, sums: Range): OneScaling | undefined {
  // A factor that is too large by this takes halves over the edge, and no other quotient, whose distance from one is
  // more than 1 / (2 * count).
  const factor = (1 + 2 ** -40) / count
  return solve({ multiplier: 0, shift: 0, outputZeroPoint: 0, ...range, rule: 'real', factor }, sums)
}

function solve(
  requant: TensorRequant & { readonly rule: 'tflite' | 'real'; readonly factor: number },
  sums: Range,
): OneScaling | undefined {
  const { multiplier, shift, factor, rule, outputZeroPoint, min, max } = requant
  const channels = {
    factor: Float64Array.of(factor),
    multiplier: Int32Array.of(multiplier),
    shift: Int32Array.of(shift),
    rule,
    wide: false,
    inputZeroPoint: 0,
    outputZeroPoint,
    min,
    max,
  }
  const { solved, unsolved } = floatRequant(channels, {
    min: Float64Array.of(sums.min),
    max: Float64Array.of(sums.max),
  })
  if (unsolved.length > 0) return undefined
  return { float: solved, epilogue: { form: solved.form, zeroPoint: outputZeroPoint, min, max } }
}
