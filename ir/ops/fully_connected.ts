import { fullyConnectedRequant, zeroPointOf } from '../arith/requant.ts'
import { must } from '../diagnostic.ts'
import { allocate } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import {
  accumulators,
  fromConstants,
  multiplyAccumulate,
  startSums,
  storeRequantized,
  weightData,
} from './accumulate.ts'
import { ARITHMETIC, ONNX_OF_BYTES } from './arithmetic.ts'
import {
  BIAS_TYPE,
  isQuantizedWeight,
  MIXED_WIDTHS,
  NO_ACTIVATION_ON_SUMS,
  SYMMETRIC_INT16,
  weightScales,
} from './constraints.ts'
import { ACTIVATION, checkBias } from './convolution.ts'
import { defineOp, dimensions, input, shapeError } from './define.ts'
import { multiplyReal } from './real/convolution.ts'

export const fullyConnected = defineOp({
  summary: 'Product of the input, as rows of I elements, and a weight matrix.',
  inputs: ['x', 'w OI', 'bias O'],
  required: 2,
  attrs: {
    activation: ACTIVATION,
    arithmetic: ARITHMETIC,
    keep_dims: {
      kind: 'bool',
      default: false,
      doc: 'keep all dimensions but the last, instead of making rows',
    },
  },
  constraints: [
    MIXED_WIDTHS,
    SYMMETRIC_INT16,
    {
      sentence: 'Weights are i8, i4, i2 or b1 and quantized; with several scales their zero points are 0.',
      holds: ({ inputs: [, w] }) =>
        isQuantizedWeight(w) &&
        (w.quant?.scale.length === 1 || w.quant?.zeroPoint.every((z) => z === 0) === true),
    },
    weightScales(0),
    BIAS_TYPE,
    NO_ACTIVATION_ON_SUMS,
    ONNX_OF_BYTES,
  ],

  inferShape(inputs, attrs) {
    const x = input(inputs, 0)
    const [outputs = 0, depth = 0] = dimensions(input(inputs, 1), 2, 'w')
    const elements = elementCount(x.shape)
    if (elements % depth !== 0) {
      shapeError(`x has ${elements} elements, expected a multiple of the ${depth} columns of w`)
    }
    checkBias(inputs, outputs)
    if (!attrs.keep_dims) return [elements / depth, outputs]
    if (x.shape.at(-1) !== depth) {
      shapeError(`the last dimension of x is ${x.shape.at(-1)}, expected ${depth}, the columns of w`)
    }
    return [...x.shape.slice(0, -1), outputs]
  },

  prepare({ inputs, output, attrs }, constants) {
    const xType = input(inputs, 0)
    const wType = input(inputs, 1)
    const [outputs = 0, depth = 0] = wType.shape
    const rows = elementCount(xType.shape) / depth
    const { activation, arithmetic } = attrs
    const requant = fullyConnectedRequant(xType, wType, output, activation, inputs[2], arithmetic)
    const zeroPoint = requant.inputZeroPoint
    const weightZeroPoint = zeroPointOf(wType)
    const startOf = fromConstants(constants, [1, 2], (operands) =>
      startSums(weightData(operands[1]), depth, zeroPoint, operands[2], requant),
    )
    const patches = new Int16Array(rows * depth)
    const sums = accumulators(requant, rows * outputs)

    return (operands) => {
      patches.set(must(operands[0], 'x') as Int8Array | Uint8Array | Int16Array)
      const start = startOf(operands)
      for (let row = 0; row < rows; row++) sums.set(start, row * outputs)
      // A zero point of the weights takes weightZeroPoint * sum(x - zeroPoint) from every sum of a row.
      if (weightZeroPoint !== 0) {
        for (let row = 0; row < rows; row++) {
          let total = 0
          for (let k = row * depth; k < (row + 1) * depth; k++) total += (patches[k] as number) - zeroPoint
          for (let o = row * outputs; o < (row + 1) * outputs; o++) {
            sums[o] = (sums[o] as number) - weightZeroPoint * total
          }
        }
      }
      multiplyAccumulate(
        patches,
        weightData(operands[1]),
        { rows, depth, channels: outputs, from: 0, to: outputs },
        sums,
      )
      const y = allocate(output.dtype, rows * outputs)
      storeRequantized(sums, rows, requant, y, 0)
      return y
    }
  },

  real: { prepare: ({ inputs, output, attrs }) => multiplyReal(inputs, output, attrs.activation) },

  macs: ({ inputs, output }) => elementCount(output.shape) * (input(inputs, 1).shape[1] ?? 0),
})
