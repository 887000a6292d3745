/** What the post unit computes from two operands: TensorFlow Lite's int8 ADD, SUB and MUL before zero point and clamp. */

import type { InstructionOf } from '../../backends/trellis/isa/table.ts'
import {
  multiplyByQuantizedMultiplier,
  multiplyFloat32Multiplier,
  multiplyHalfEven,
} from '../../ir/arith/rounding.ts'
import { illegal } from './legality.ts'

/** A sum scaled by the rule with this number. */
export function scaling(rounding: number): (sum: number, multiplier: number, shift: number) => number {
  switch (rounding) {
    case 0:
      return multiplyByQuantizedMultiplier
    case 1:
      return multiplyHalfEven
    case 2:
      return multiplyFloat32Multiplier
    default:
      return illegal(`rounds by a rule ${rounding} that does not exist`)
  }
}

/** Bits by which the operands of an addition are raised before they are scaled (tensorflow/lite/kernels/add.cc). */
const ADD_LEFT_SHIFT = 20

/** m_out * (m_a * ((a - zp_a) << 20) + sign * m_b * ((b - zp_b) << 20)), before the zero point of the result. */
export function addOperands(s: InstructionOf<'post.setup'>, a: number, b: number, sign: 1 | -1): number {
  const scaledA = multiplyByQuantizedMultiplier((a - s.zp_a) << ADD_LEFT_SHIFT, s.m_a, s.s_a)
  const scaledB = multiplyByQuantizedMultiplier((b - s.zp_b) << ADD_LEFT_SHIFT, s.m_b, s.s_b)
  return multiplyByQuantizedMultiplier((scaledA + sign * scaledB) | 0, s.m_out, s.s_out)
}

/** m_out * (a - zp_a) * (b - zp_b), before the zero point of the result. */
export function multiplyOperands(s: InstructionOf<'post.setup'>, a: number, b: number): number {
  return multiplyByQuantizedMultiplier((a - s.zp_a) * (b - s.zp_b), s.m_out, s.s_out)
}
