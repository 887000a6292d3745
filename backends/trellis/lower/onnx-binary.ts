/**
 * Integers of the post unit that give ONNX Runtime's float32 sums and products of two int8 elements. The unit scales by
 * 31-bit multipliers and rounds as TensorFlow Lite does; results differ where a real result lies at the edge between two
 * integers. There are 65536 pairs: multipliers near the real factors are tried until all pairs agree.
 */

import { quantizeMultiplier } from '../../../ir/arith/multiplier.ts'
import { applyFloatAdd, floatAddRequant } from '../../../ir/arith/onnx.ts'
import {
  type AddRequant,
  addRequant,
  applyAdd,
  applyRequant,
  mulRequant,
  type TensorRequant,
  zeroPointOf,
} from '../../../ir/arith/requant.ts'
import { type Activation, activationRange } from '../../../ir/arith/saturate.ts'
import type { TensorType } from '../../../ir/tensor.ts'
import type { BinaryConstants } from './stage.ts'

type OfPair = (x: number, y: number) => number

/** Undefined where no multipliers tried give every result. */
export function onnxBinaryConstants(
  op: 'add' | 'sub' | 'mul',
  a: TensorType,
  b: TensorType,
  output: TensorType,
  activation: Activation,
): BinaryConstants | undefined {
  return op === 'mul'
    ? productConstants(a, b, output, activation)
    : sumConstants(a, b, output, activation, op === 'sub' ? -1 : 1)
}

/** How far from the real factors the multipliers may lie, relatively: a few roundings of float32. */
const PUSHES: readonly number[] = [0, 1, -1, 2, -2, 3, -3, 4, -4, 6, -6, 8, -8, 12, -12, 16, -16].map(
  (n) => n * 2 ** -26,
)

function sumConstants(
  a: TensorType,
  b: TensorType,
  output: TensorType,
  activation: Activation,
  sign: 1 | -1,
): BinaryConstants | undefined {
  const exact = floatAddRequant(a, b, output, activation, sign)
  const base = addRequant(a, b, output, 'none', sign)
  const { min, max } = exact
  const difficult = new DifficultPairs((x, y) => applyFloatAdd(x, y, exact))
  // The sum of the two results, the one with the same and with opposite errors.
  for (const pushA of PUSHES) {
    for (const pushB of PUSHES) {
      const requant: AddRequant = {
        ...base,
        a: pushed(base.a, pushA),
        b: pushed(base.b, pushB),
        output: { ...base.output, min, max },
      }
      if (!difficult.agree((x, y) => applyAdd(x, y, requant))) continue
      const { zeroPointA, zeroPointB, a: scalingA, b: scalingB, output: out } = requant
      return {
        zeroPointA,
        zeroPointB,
        a: scalingA,
        b: scalingB,
        out,
        zeroPoint: out.outputZeroPoint,
        min,
        max,
      }
    }
  }
  return undefined
}

function productConstants(
  a: TensorType,
  b: TensorType,
  output: TensorType,
  activation: Activation,
): BinaryConstants | undefined {
  const exact = mulRequant(a, b, output, activation, 'onnx')
  const [zeroPointA, zeroPointB, zeroPoint] = [zeroPointOf(a), zeroPointOf(b), zeroPointOf(output)]
  const [min, max] = activationRange(activation, output, 'onnx')
  const product: OfPair = (x, y) => (x - zeroPointA) * (y - zeroPointB)
  const difficult = new DifficultPairs((x, y) => applyRequant(product(x, y), exact))
  const base: TensorRequant = { ...exact, rule: 'tflite', outputZeroPoint: zeroPoint, offset: 0 }
  for (const push of PUSHES) {
    const out = { ...base, ...pushed(base, push) }
    if (!difficult.agree((x, y) => applyRequant(product(x, y), out))) continue
    const none = { multiplier: 0, shift: 0 }
    return { zeroPointA, zeroPointB, a: none, b: none, out, zeroPoint, min, max }
  }
  return undefined
}

function pushed(
  { multiplier, shift }: { readonly multiplier: number; readonly shift: number },
  push: number,
): { readonly multiplier: number; readonly shift: number } {
  return quantizeMultiplier(multiplier * 2 ** (shift - 31) * (1 + push))
}

/** All pairs of int8, those first on which earlier candidates failed. */
class DifficultPairs {
  private readonly exact: OfPair
  private readonly failed: (readonly [x: number, y: number])[] = []

  constructor(exact: OfPair) {
    this.exact = exact
  }

  agree(candidate: OfPair): boolean {
    const differs = (x: number, y: number) => candidate(x, y) !== this.exact(x, y)
    if (this.failed.some(([x, y]) => differs(x, y))) return false
    for (let x = -128; x < 128; x++) {
      for (let y = -128; y < 128; y++) {
        if (!differs(x, y)) continue
        this.failed.push([x, y])
        return false
      }
    }
    return true
  }
}
