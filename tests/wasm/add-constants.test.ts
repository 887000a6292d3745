/** The one affine function that stands for a quantized sum, and how often there is one. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AddConstants, addConstants, addOffset, tfliteSum } from '../../backends/wasm/add-constants.ts'
import { type AddRequant, addRequant, applyAdd } from '../../ir/arith/requant.ts'
import { ACTIVATIONS, clamp } from '../../ir/arith/saturate.ts'
import { perTensor, type TensorType } from '../../ir/tensor.ts'
import { cases } from '../laws/long-run.ts'
import { factor, zeroPoint } from './one-op.ts'

function int8(scale: number, zeroPoint: number): TensorType {
  return { dtype: 'i8', shape: [], quant: perTensor(scale, zeroPoint) }
}

/** What the kernel computes in int32 of elements to which `added` was added, as the result less it. */
function evaluate(constants: AddConstants, x: number, y: number, added: number, requant: AddRequant): number {
  const { high, low, shift } = constants
  const [a, b] = [x + added, y + added]
  const coarse = (Math.imul(a, high.a) + Math.imul(b, high.b)) << 7
  const fine = (Math.imul(a, low.a) + Math.imul(b, low.b)) >> 8
  const result = ((coarse + fine + addOffset(constants, added)) | 0) >> shift
  return clamp(result - added, requant.output.min, requant.output.max)
}

const sums = fc.record({
  scales: fc.tuple(factor(5), factor(5), factor(5)),
  /** Operands of one scale give ties. */
  alike: fc.boolean(),
  zeroPoints: fc.tuple(zeroPoint, zeroPoint, zeroPoint),
  activation: fc.constantFrom(...ACTIVATIONS),
  sign: fc.constantFrom(1 as const, -1 as const),
})

test('constants give the exact sum of every pair, however elements are stored, and nearly always exist', () => {
  let tried = 0
  let found = 0
  fc.assert(
    fc.property(sums, (r) => {
      const a = int8(0.1 * r.scales[0], r.zeroPoints[0])
      const b = int8(0.1 * (r.alike ? r.scales[0] : r.scales[1]), r.zeroPoints[1])
      const output = int8(0.1 * r.scales[2], r.zeroPoints[2])
      const requant = addRequant(a, b, output, r.activation, r.sign)
      const ratio = (type: TensorType) => (type.quant?.scale[0] ?? 1) / (0.1 * r.scales[2])
      const constants = addConstants(tfliteSum(requant), ratio(a), ratio(b))
      tried++
      if (constants === undefined) return
      found++
      for (let x = -128; x < 128; x++) {
        for (let y = -128; y < 128; y++) {
          const exact = applyAdd(x, y, requant)
          if (evaluate(constants, x, y, 0, requant) !== exact) throw new Error(`${x}, ${y} as they are`)
          if (evaluate(constants, x, y, 128, requant) !== exact) throw new Error(`${x}, ${y} with 128 added`)
        }
      }
    }),
    cases(40),
  )
  expect(found).toBeGreaterThanOrEqual(0.9 * tried)
})

test('there are none where one factor is too large', () => {
  const requant = addRequant(int8(1, 0), int8(1, 0), int8(2 ** -16, 0), 'none')
  expect(addConstants(tfliteSum(requant), 2 ** 16, 2 ** 16)).toBeUndefined()
})
