import { expOnNegativeValues, reciprocal } from '../arith/fixed-point.ts'
import { quantizeMultiplier } from '../arith/multiplier.ts'
import { floatSoftmaxRequant, quantizeShare } from '../arith/onnx.ts'
import { NUMBERS } from '../arith/real-arithmetic.ts'
import { exp } from '../arith/real-functions.ts'
import { scaleOf, softmaxRequant } from '../arith/requant.ts'
import {
  multiplyByQuantizedMultiplier,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from '../arith/rounding.ts'
import { clamp } from '../arith/saturate.ts'
import { interpolate, interpolationTable } from '../arith/tables.ts'
import { must } from '../diagnostic.ts'
import type { TensorType } from '../tensor.ts'
import { ARITHMETIC, ONNX_OF_BYTES } from './arithmetic.ts'
import { QUANTIZED_ACTIVATIONS, SAME_ELEMENT_TYPE, SYMMETRIC_INT16 } from './constraints.ts'
import { defineOp, input, shapeError } from './define.ts'
import type { Kernel } from './op.ts'

export const softmax = defineOp({
  summary: 'exp(beta * x) over its sum, along the last axis.',
  inputs: ['x'],
  attrs: { beta: { kind: 'float', default: 1, doc: 'factor on x, a float32' }, arithmetic: ARITHMETIC },
  constraints: [
    SAME_ELEMENT_TYPE,
    QUANTIZED_ACTIVATIONS,
    SYMMETRIC_INT16,
    ONNX_OF_BYTES,
    {
      sentence: 'With the arithmetic onnx beta is 1.',
      holds: ({ attrs: { arithmetic, beta } }) => arithmetic === 'tflite' || beta === 1,
    },
    {
      sentence:
        'With the arithmetic tflite: the output scale is 1/256 with zero point -128 for i8, and 1/32768 for i16 (within 0.1 %).',
      holds: ({ output, attrs: { arithmetic } }) => {
        if (arithmetic === 'onnx') return true
        const expected = output.dtype === 'i8' ? 1 / 256 : 1 / 32768
        return (
          Math.abs((output.quant?.scale[0] ?? 0) - expected) <= 0.001 * expected &&
          output.quant?.zeroPoint[0] === (output.dtype === 'i8' ? -128 : 0)
        )
      },
    },
    { sentence: 'beta is positive.', holds: ({ attrs }) => attrs.beta > 0 },
  ],

  inferShape(inputs) {
    const { shape } = input(inputs, 0)
    if (shape.length === 0) shapeError('x is a scalar, expected at least one dimension')
    return shape
  },

  prepare({ inputs, output, attrs }) {
    const x = input(inputs, 0)
    const depth = must(x.shape.at(-1), 'last axis')
    if (attrs.arithmetic === 'onnx') return softmaxFloat(x, output, depth)
    return x.dtype === 'i16' ? softmaxInt16(x, depth, attrs.beta) : softmaxInt8(x, depth, attrs.beta)
  },

  real: {
    constraints: [{ sentence: 'beta is positive.', holds: ({ attrs }) => attrs.beta > 0 }],
    prepare: ({ inputs, attrs }) =>
      softmaxReal(must(input(inputs, 0).shape.at(-1), 'last axis'), Math.fround(attrs.beta)),
  },
})

/** The differences to the row's maximum are float32; exponentials and their sum are doubles. */
function softmaxReal(depth: number, beta: number): Kernel {
  return (operands) => {
    const x = must(operands[0], 'x') as Float32Array
    const y = new Float32Array(x.length)
    const exponentials = new Float64Array(depth)
    for (let row = 0; row < x.length; row += depth) {
      let largest = -Infinity
      for (let i = row; i < row + depth; i++) largest = Math.max(largest, x[i] as number)
      let sum = 0
      for (let i = 0; i < depth; i++) {
        const exponential = exp(NUMBERS, Math.fround((x[row + i] as number) - largest) * beta)
        exponentials[i] = exponential
        sum += exponential
      }
      for (let i = 0; i < depth; i++) y[row + i] = (exponentials[i] as number) / sum
    }
    return y
  }
}

/** Integer bits of the sum of exponentials: up to 4096 elements of at most 1. */
const SUM_INTEGER_BITS = 12

/** In fixed point (reference/softmax.h): exponentials in Q0.31, their sum in Q12.19, one reciprocal a row. */
function softmaxInt8(x: TensorType, depth: number, beta: number): Kernel {
  const { multiplier, leftShift, minDifference } = softmaxRequant(x, beta)
  // The exponential of each possible difference to the row's maximum, 0 .. -255; those too small count as nothing.
  const smallest = Math.max(minDifference, -255)
  const exponentials = Int32Array.from({ length: 1 - smallest }, (_, d) =>
    expOnNegativeValues(saturatingRoundingDoublingHighMul(-d << leftShift, multiplier), 5),
  )

  return (operands) => {
    const data = must(operands[0], 'x') as Int8Array
    const y = new Int8Array(data.length)
    for (let row = 0; row < data.length; row += depth) {
      const end = row + depth
      let largest = -128
      for (let i = row; i < end; i++) largest = Math.max(largest, data[i] as number)
      let sum = 0
      for (let i = row; i < end; i++) {
        const exponential = exponentials[largest - (data[i] as number)]
        if (exponential !== undefined) sum = (sum + roundingDivideByPot(exponential, SUM_INTEGER_BITS)) | 0
      }
      const { scale, bitsOverUnit } = reciprocal(sum, SUM_INTEGER_BITS)
      for (let i = row; i < end; i++) {
        const exponential = exponentials[largest - (data[i] as number)]
        if (exponential === undefined) {
          y[i] = -128
          continue
        }
        const share = saturatingRoundingDoublingHighMul(scale, exponential)
        y[i] = clamp(roundingDivideByPot(share, bitsOverUnit + 23) - 128, -128, 127)
      }
    }
    return y
  }
}

/** In float32, one exponential added after another. */
function softmaxFloat(x: TensorType, output: TensorType, depth: number): Kernel {
  const requant = floatSoftmaxRequant(x, output, depth)
  const { exponentials } = requant
  return (operands) => {
    const data = must(operands[0], 'x') as Int8Array
    const y = new Int8Array(data.length)
    for (let row = 0; row < data.length; row += depth) {
      const end = row + depth
      let largest = -128
      for (let i = row; i < end; i++) largest = Math.max(largest, data[i] as number)
      let sum = 0
      for (let i = row; i < end; i++) {
        sum = Math.fround(sum + (exponentials[largest - (data[i] as number)] as number))
      }
      for (let i = row; i < end; i++) {
        y[i] = quantizeShare(exponentials[largest - (data[i] as number)] as number, sum, requant)
      }
    }
    return y
  }
}

/** With interpolated tables (reference/softmax.h, `SoftmaxInt16`): exp over [-10, 0] and 1 / (1 + x) over [0, 1]. */
function softmaxInt16(x: TensorType, depth: number, beta: number): Kernel {
  const exp = interpolationTable(10 / 65535, 32767, Math.exp)
  const oneOverOnePlus = interpolationTable(1 / 65535, -32768, (v) => 1 / (1 + v))
  // The scaled difference runs over [-65535, 0] where the real one runs over [-10, 0]; the product is a float32.
  const factor = Math.fround(scaleOf(x) * Math.fround(beta)) / (10 / 65535)
  const { multiplier, shift } = quantizeMultiplier(factor)

  return (operands) => {
    const data = must(operands[0], 'x') as Int16Array
    const y = new Int16Array(data.length)
    for (let row = 0; row < data.length; row += depth) {
      const end = row + depth
      let largest = -32768
      for (let i = row; i < end; i++) largest = Math.max(largest, data[i] as number)
      // Exponentials with 15 fractional bits wait in y.
      let sum = 0
      for (let i = row; i < end; i++) {
        const difference = multiplyByQuantizedMultiplier((data[i] as number) - largest, multiplier, shift)
        const exponential = interpolate(exp, clamp(difference + 32767, -32768, 32767))
        y[i] = exponential
        sum += exponential
      }
      // sum = 2^(16 - headroom) * (1 + v): the table gives 1 / (1 + v).
      const headroom = Math.clz32(sum)
      const normalized = Math.floor((sum * 2 ** (headroom - 1) + 2 ** 13) / 2 ** 14)
      const share = interpolate(oneOverOnePlus, clamp(normalized - 2 ** 15 - 2 ** 16, -32768, 32767))
      const rightShift = 31 - headroom
      for (let i = row; i < end; i++) {
        const scaled = ((y[i] as number) * share + 2 ** (rightShift - 1)) / 2 ** rightShift
        y[i] = clamp(Math.floor(scaled), 0, 32767)
      }
    }
    return y
  }
}
