/** One float32 scaling for all sums of an op (see float-requant.ts), or none where the proof fails. */
import type { TensorRequant } from '../../../ir/arith/requant.ts'
import { type FloatRequant, floatRequant, isSmall } from '../float-requant.ts'
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

/** That of `requant`; `factor` is the real one, if its own is another that it approximates. */
export function oneScaling(
  requant: TensorRequant,
  sums: Range,
  factor: number = requant.factor,
): OneScaling | undefined {
  if (requant.rule === 'tflite') return solve({ ...requant, rule: 'tflite', factor }, sums)
  if (!isSmall(requant.factor, sums.min, sums.max)) return undefined
  const { offset, outputZeroPoint: zeroPoint, min, max } = requant
  const form = offset === 0 ? 'nearest' : 'nearest_sum'
  const scale = Float32Array.of(requant.factor)
  return {
    float: { form, scale, offset: Float32Array.of(offset), shift: Int32Array.of(0) },
    epilogue: { form, zeroPoint, min, max },
  }
}

/** That of a division by `count` with halves rounded away from zero, without a zero point. */
export function divisionScaling(count: number, range: Range, sums: Range): OneScaling | undefined {
  // A factor that is too large by this takes halves over the edge, and no other quotient, whose distance from one is
  // more than 1 / (2 * count).
  const factor = (1 + 2 ** -40) / count
  return solve({ multiplier: 0, shift: 0, outputZeroPoint: 0, ...range, rule: 'real', factor }, sums)
}

function solve(
  requant: Omit<TensorRequant, 'rule' | 'offset'> & { readonly rule: 'tflite' | 'real' },
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
