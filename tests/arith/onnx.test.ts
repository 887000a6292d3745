/** ONNX Runtime's arithmetic against its definition in rational numbers and against values worked out by hand. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantizeMultiplier, roundHalfEven } from '../../ir/arith/multiplier.ts'
import { applyFloatAdd, betweenQuantizations, floatAddRequant, quantizeReal } from '../../ir/arith/onnx.ts'
import { convRequant, meanRequant, mulRequant } from '../../ir/arith/requant.ts'
import { multiplyFloat32, multiplyFloat32Multiplier } from '../../ir/arith/rounding.ts'
import { activationRange, clamp } from '../../ir/arith/saturate.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { elementCount, perTensor, type TensorType } from '../../ir/tensor.ts'
import { perChannel, quantized } from '../ops/tensors.ts'

const { fround } = Math
const anywhere = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const factor = fc.double({ min: 2 ** -12, max: 0.9, noNaN: true }).map(fround)

function int8(scale: number, zeroPoint: number, shape: readonly number[] = []): TensorType {
  return { dtype: 'i8', shape, quant: perTensor(fround(scale), zeroPoint) }
}

/** A dyadic number as numerator * 2^-149: every float32 is one. */
function exactly(float32: number): bigint {
  return BigInt(float32 * 2 ** 100) << 49n
}

/** The nearest float32 to numerator * 2^-298, found among the neighbours of a guess. */
function nearestFloat32(numerator: bigint): number {
  const bits = new Float32Array(1)
  const view = new Int32Array(bits.buffer)
  if (numerator === 0n) return 0
  bits[0] = Number(numerator) * 2 ** -298
  const candidates = [-1, 0, 1].map((step) => {
    const neighbour = new Float32Array(Int32Array.of((view[0] ?? 0) + step).buffer)
    return { value: neighbour[0] ?? 0, isEven: ((view[0] ?? 0) + step) % 2 === 0 }
  })
  const distance = (value: number) => {
    const difference = (exactly(value) << 149n) - numerator
    return difference < 0n ? -difference : difference
  }
  return candidates.reduce((best, next) => {
    const [a, b] = [distance(best.value), distance(next.value)]
    return b < a || (b === a && next.isEven) ? next : best
  }).value
}

test('float32 rounds the exact product to a float32, and that to an integer', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), factor, (x, real) => {
      const product = nearestFloat32((BigInt(x) << 149n) * exactly(real))
      const floor = Math.floor(product)
      const rest = product - floor
      const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
      expect(multiplyFloat32(x, real)).toBe(floor + (up ? 1 : 0))
    }),
    { numRuns: 300 },
  )
})

test('halves go to even', () => {
  expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 2.5001].map(roundHalfEven)).toEqual([
    -2, -2, 0, 0, 2, 2, 2, 3,
  ])
  expect(Object.is(roundHalfEven(-0.4), 0)).toBe(true)
  expect(roundHalfEven(Infinity)).toBe(Infinity)
  expect(roundHalfEven(Number.NaN)).toBeNaN()
})

test('a factor of 24 bits is a multiplier and a shift', () => {
  fc.assert(
    fc.property(anywhere, factor, (x, real) => {
      const { multiplier, shift } = quantizeMultiplier(real)
      expect(multiplyFloat32Multiplier(x, multiplier, shift)).toBe(multiplyFloat32(x, real))
    }),
  )
})

test('a convolution has a float32 factor for each channel', () => {
  const scales = [0.011, 0.0007, 0.002].map(fround)
  const w = perChannel('i8', [3, 1, 1, 4], scales, 0)
  const x = quantized('i8', [1, 1, 1, 4], fround(0.02), 3)
  const y = quantized('i8', [1, 1, 1, 3], fround(0.05), -7)
  const requant = convRequant(x, w, y, 'none', undefined, 'onnx')
  expect(requant.rule).toBe('float32')
  expect([...requant.factor]).toEqual(scales.map((s) => fround(fround(fround(0.02) * s) / fround(0.05))))
})

describe('elements', () => {
  test('QuantizeLinear', () => {
    const q = quantizeReal(int8(0.5, -3))
    expect([0, 0.25, 0.75, -0.25, 1e30, -Infinity, Number.NaN].map(q)).toEqual([
      -3, -3, -1, -3, 127, -128, -3,
    ])
  })

  test('from one quantization to another, by a real between', () => {
    const rescale = betweenQuantizations(int8(0.1, 5), int8(0.2, -1), (real) => real)
    // 0.1 / 0.2 of 1, 2, 3: the halves are reals of float32.
    expect([5, 6, 7, 8, 4].map(rescale)).toEqual([-1, -1, 0, 1, -1])
  })

  test('a sum is two fused products, on uint8', () => {
    const [a, b, y] = [int8(0.0365129, -128), int8(0.1026727, 9), int8(0.0477718, -128)]
    const requant = floatAddRequant(a, b, y, 'none', 1)
    const scaleOf = (type: TensorType) => type.quant?.scale[0] ?? 0
    for (const [p, q] of [
      [-128, 9],
      [-100, 100],
      [127, -128],
      [3, 4],
    ] as const) {
      const real = (p + 128) * scaleOf(a) + (q - 9) * scaleOf(b)
      expect(applyFloatAdd(p, q, requant)).toBe(clamp(Math.round(real / scaleOf(y)) - 128, -128, 127))
    }
  })

  test('a difference of a value and itself is the zero point', () => {
    const type = int8(0.3, 7)
    const requant = floatAddRequant(type, type, int8(0.11, -20), 'none', -1)
    expect(applyFloatAdd(100, 100, requant)).toBe(-20)
  })

  test('a product and a mean are float32 factors', () => {
    const r = mulRequant(int8(0.1, 0), int8(0.2, 0), int8(0.3, 5), 'none', 'onnx')
    expect(r).toMatchObject({ rule: 'float32', offset: 133, outputZeroPoint: -128 })
    const mean = meanRequant(int8(0.1, 0), int8(0.3, 5), 49, 'onnx')
    expect(mean).toMatchObject({ offset: 0, factor: fround(fround(0.1) / fround(fround(0.3) * 49)) })
  })

  test('the bound of a ReLU6 is quantized to even', () => {
    expect(activationRange('relu6', int8(2.4, 0))).toEqual([0, 3])
    expect(activationRange('relu6', int8(2.4, 0), 'onnx')).toEqual([0, 2])
  })
})

describe('ops', () => {
  const run = (
    op: 'avg_pool2d' | 'softmax' | 'logistic',
    x: TensorType,
    data: Int8Array,
    y: TensorType,
    attrs = {},
  ) => [...OPS[op].evaluate([{ type: x, data }], y, { ...attrs, arithmetic: 'onnx' })]

  test('an average pool whose padding counts', () => {
    const x = int8(0.5, 2, [1, 2, 2, 1])
    const attrs = { kernel: [2, 2], stride: [2, 2], pads: [1, 1, 1, 1] }
    const y = int8(0.25, 0, [1, 2, 2, 1])
    const data = Int8Array.of(12, 22, 32, 42)
    expect(elementCount(y.shape)).toBe(4)
    expect(run('avg_pool2d', x, data, y, attrs)).toEqual([20, 40, 60, 80])
    expect(run('avg_pool2d', x, data, y, { ...attrs, include_pad: true })).toEqual([5, 10, 15, 20])
  })

  test('softmax of any output scale', () => {
    const x = int8(Math.LN2, 0, [1, 3])
    expect(run('softmax', x, Int8Array.of(1, 0, 0), int8(1 / 100, -100, [1, 3]))).toEqual([-50, -75, -75])
  })

  test('logistic of any output scale', () => {
    expect(run('logistic', int8(1, 0, [3]), Int8Array.of(0, 100, -100), int8(1 / 100, -50, [3]))).toEqual([
      0, 50, -50,
    ])
  })
})
