/** Ops on single elements, of all types and shapes, equal the interpreter. */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { Arithmetic } from '../../ir/arith/rounding.ts'
import { ACTIVATIONS } from '../../ir/arith/saturate.ts'
import type { DType } from '../../ir/dtype.ts'
import type { TensorType } from '../../ir/tensor.ts'
import {
  activationQuant,
  factor,
  lawOf,
  type OneOp,
  type Operand,
  randomElements,
  zeroPoint,
} from './one-op.ts'

const dtype = fc.constantFrom<DType>('i8', 'i8', 'i8', 'i16')
/** int16 has one arithmetic only. */
const arithmetic = fc.constantFrom<Arithmetic>('tflite', 'onnx')
const arithmeticOf = (dtype: DType, wanted: Arithmetic): Arithmetic => (dtype === 'i16' ? 'tflite' : wanted)
/** Ranks 0 to 5; sizes around a vector's 16. */
const shape = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 5 }),
  fc.array(fc.integer({ min: 14, max: 35 }), { minLength: 1, maxLength: 2 }),
)
const seed = fc.nat(1 << 20)

function activation(dtype: DType, shape: readonly number[], scale: number, zeroPoint: number): TensorType {
  return { dtype, shape, quant: activationQuant(dtype, scale, zeroPoint) }
}

function binary(op: 'add' | 'sub' | 'mul'): fc.Arbitrary<OneOp> {
  return fc
    .record({
      dtype,
      shape,
      /** Axes of the operands that broadcast, as bits, and leading ones left out. */
      ones: fc.tuple(fc.constantFrom(0, 0, 1, 5, 31), fc.constantFrom(0, 0, 2, 30)),
      dropped: fc.tuple(fc.constantFrom(0, 0, 0, 1, 5), fc.constantFrom(0, 0, 2)),
      scales: fc.tuple(factor(4), factor(4), factor(5)),
      zeroPoints: fc.tuple(zeroPoint, zeroPoint, zeroPoint),
      constant: fc.nat(2),
      activation: fc.constantFrom(...ACTIVATIONS),
      arithmetic,
      /** Operands and results of one scale give ties. */
      alike: fc.nat(3).map((n) => n === 0),
      seed,
    })
    .map((r) => {
      const shapeOf = (n: 0 | 1) =>
        r.shape.map((size, axis) => ((r.ones[n] >> axis) & 1 ? 1 : size)).slice(r.dropped[n])
      const scales = r.alike ? [r.scales[0], r.scales[0], r.scales[0]] : r.scales
      const scaleOf = (n: number) => 0.05 * (scales[n] ?? 1)
      const typeOf = (n: 0 | 1) => activation(r.dtype, shapeOf(n), scaleOf(n), r.zeroPoints[n])
      const operand = (n: 0 | 1): Operand => {
        const type = typeOf(n)
        return { type, ...(r.constant === n + 1 && { data: randomElements(type, r.seed) }) }
      }
      const natural = op === 'mul' ? scaleOf(0) * scaleOf(1) * 90 : 0.05
      return {
        op,
        operands: [operand(0), operand(1)],
        attrs: { activation: r.activation, arithmetic: arithmeticOf(r.dtype, r.arithmetic) },
        output: {
          dtype: r.dtype,
          quant: activationQuant(r.dtype, natural * (scales[2] ?? 1), r.zeroPoints[2]),
        },
      }
    })
}

const unary: fc.Arbitrary<OneOp> = fc
  .record({
    op: fc.constantFrom('relu', 'relu6', 'leaky_relu', 'hard_swish', 'logistic', 'tanh', 'quantize'),
    dtype,
    toInt8: fc.boolean(),
    shape,
    scales: fc.tuple(factor(5), factor(5)),
    zeroPoints: fc.tuple(zeroPoint, zeroPoint),
    alpha: fc.constantFrom(0.1, 0.01, -0.5, 1.5).map(Math.fround),
    arithmetic,
  })
  .map((r) => {
    const op = r.op as 'relu'
    const given = r.op === 'hard_swish' ? 'i8' : r.dtype
    // From int16 to int8 by quantize, which allows it; the zero point of int16 is 0 otherwise.
    const output = r.op === 'quantize' && r.toInt8 ? 'i8' : given
    const x = activation(given, r.shape, 0.05 * r.scales[0], r.zeroPoints[0])
    const unit = output === 'i8' ? 256 : 32768
    const scale =
      r.op === 'logistic' || (r.op === 'tanh' && output === 'i16')
        ? 1 / unit
        : r.op === 'hard_swish'
          ? Math.max(0.05 * r.scales[0] * 0.0085, 0.05 * r.scales[1])
          : 0.05 * r.scales[1]
    return {
      op,
      operands: [{ type: x }],
      attrs: {
        ...(r.op === 'leaky_relu' && { alpha: r.alpha }),
        arithmetic: output === 'i16' ? 'tflite' : arithmeticOf(given, r.arithmetic),
      },
      output: { dtype: output, quant: activationQuant(output, scale, r.zeroPoints[1]) },
    }
  })

/** Scales that are float32 and, of networks written by hand, others. */
const realScale = fc.oneof(
  factor(6).map((f) => Math.fround(f / 16)),
  fc.constantFrom(0.1, 1 / 3),
)

const fromReal: fc.Arbitrary<OneOp> = fc
  .record({ dtype, shape, scale: realScale, zeroPoint, arithmetic })
  .map((r) => ({
    op: 'quantize',
    operands: [{ type: { dtype: 'f32', shape: r.shape } }],
    attrs: { arithmetic: arithmeticOf(r.dtype, r.arithmetic) },
    output: {
      dtype: r.dtype,
      quant: { scale: Float64Array.of(r.scale), zeroPoint: Int32Array.of(r.zeroPoint) },
    },
  }))

const toReal: fc.Arbitrary<OneOp> = fc.record({ dtype, shape, scale: realScale, zeroPoint }).map((r) => ({
  op: 'dequantize',
  operands: [
    {
      type: {
        dtype: r.dtype,
        shape: r.shape,
        quant: { scale: Float64Array.of(r.scale), zeroPoint: Int32Array.of(r.zeroPoint) },
      },
    },
  ],
  attrs: {},
  output: { dtype: 'f32' },
}))

describe('equal to the interpreter', () => {
  test('add', lawOf(binary('add'), 60))
  test('sub', lawOf(binary('sub'), 30))
  test('mul', lawOf(binary('mul'), 60))
  test('functions of one element', lawOf(unary, 80))
  test('quantize reals', lawOf(fromReal, 50))
  test('dequantize', lawOf(toReal, 40))
})
