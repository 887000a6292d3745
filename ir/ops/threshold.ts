import { must } from '../diagnostic.ts'
import { allocate, DTYPE_RANGE } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import { isActivation } from './constraints.ts'
import { defineOp, dimensions, input, shapeError } from './define.ts'

/**
 * What a batch normalization and the quantizer behind it make of a convolution's sums: a staircase for each channel.
 * The distance between its steps is arbitrary, so any rising or falling function to few values is one (Umuroglu et
 * al., "FINN: A Framework for Fast, Scalable Binarized Neural Network Inference", FPGA 2017, section 4.2.2).
 */
export const threshold = defineOp({
  summary:
    'For each element the number of its channel’s thresholds that it reaches, added to min; for b1 no threshold reached is -1, the only one reached +1.',
  inputs: ['x, channels last', 'thresholds CT', 'direction C'],
  required: 2,
  attrs: { min: { kind: 'int', doc: 'element of the output that reaches no threshold' } },
  constraints: [
    {
      sentence: 'The input is i32, the thresholds are i32.',
      holds: ({ inputs: [x, t] }) => x?.dtype === 'i32' && t?.dtype === 'i32',
    },
    {
      sentence: 'Directions are i8: +1 where x reaches a threshold from below, -1 where -x does.',
      holds: ({ inputs: [, , d] }) => d === undefined || d.dtype === 'i8',
    },
    {
      sentence: 'The output is i8, i4, u4, i2, u2 or b1 and quantized as a whole tensor.',
      holds: ({ output }) => isActivation(output) && output.dtype !== 'i16',
    },
    {
      sentence: 'From min on there is an element of the output’s type for every number of thresholds.',
      holds: ({ inputs: [, thresholds], output, attrs: { min } }) => {
        const [smallest, largest] = must(DTYPE_RANGE[output.dtype], 'a range')
        const steps = thresholds?.shape[1] ?? 0
        if (output.dtype === 'b1') return min === -1 && steps === 1
        return min >= smallest && min + steps <= largest
      },
    },
  ],

  inferShape(inputs) {
    const { shape } = input(inputs, 0)
    const [channels = 0] = dimensions(input(inputs, 1), 2, 'thresholds')
    const directions = inputs[2]
    if (channels !== shape.at(-1)) {
      shapeError(
        `there are thresholds for ${channels} channels, expected ${shape.at(-1)}, the last dimension of x`,
      )
    }
    if (directions !== undefined && elementCount(directions.shape) !== channels) {
      shapeError(
        `there are ${elementCount(directions.shape)} directions, expected ${channels}, one for each channel`,
      )
    }
    return shape
  },

  prepare({ inputs, output, attrs: { min } }) {
    const [channels = 0, steps = 0] = input(inputs, 1).shape
    const stepSize = output.dtype === 'b1' ? 2 : 1
    return (operands) => {
      const x = must(operands[0], 'x')
      const thresholds = must(operands[1], 'thresholds')
      const directions = operands[2]
      const y = allocate(output.dtype, x.length)
      for (let i = 0; i < x.length; i++) {
        const channel = i % channels
        const value = (x[i] as number) * ((directions?.[channel] as number | undefined) ?? 1)
        let reached = 0
        for (let t = channel * steps; t < (channel + 1) * steps; t++) {
          if (value >= (thresholds[t] as number)) reached++
        }
        y[i] = min + stepSize * reached
      }
      return y
    }
  },
})
