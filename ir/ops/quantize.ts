import { roundHalfAway } from '../arith/multiplier.ts'
import { betweenQuantizations, quantizeReal } from '../arith/onnx.ts'
import { applyRequant, rescaleRequant, scaleOf, zeroPointOf } from '../arith/requant.ts'
import { clamp, integerRange } from '../arith/saturate.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import type { TensorType } from '../tensor.ts'
import { ARITHMETIC, ONNX_OF_BYTES } from './arithmetic.ts'
import { isActivation, isQuantizedActivation, SYMMETRIC_INT16 } from './constraints.ts'
import { defineOp, input } from './define.ts'
import type { Kernel } from './op.ts'
import { mapElements } from './unary.ts'

export const quantize = defineOp({
  summary: 'Real values to the output’s quantization; also from one quantization to another.',
  inputs: ['x'],
  attrs: { arithmetic: ARITHMETIC },
  constraints: [
    {
      sentence:
        'The input is f32, or i8 or i16 and quantized as a whole tensor; the output is the latter, or from f32 also u8, i4, u4, i2, u2 or b1.',
      holds: ({ inputs: [x], output }) =>
        x !== undefined &&
        (x.dtype === 'f32'
          ? isActivation(output) || (output.dtype === 'u8' && output.quant?.scale.length === 1)
          : isQuantizedActivation(x) && isQuantizedActivation(output)),
    },
    {
      sentence: 'An i8 input gives an i8 output.',
      holds: ({ inputs: [x], output }) => x?.dtype !== 'i8' || output.dtype === 'i8',
    },
    {
      sentence: 'From i16 to i16 both zero points are 0.',
      holds: (operands) =>
        operands.inputs[0]?.dtype !== 'i16' ||
        operands.output.dtype !== 'i16' ||
        SYMMETRIC_INT16.holds(operands),
    },
    ONNX_OF_BYTES,
  ],
  inferShape: (inputs) => input(inputs, 0).shape,
  prepare({ inputs, output, attrs: { arithmetic } }) {
    const x = input(inputs, 0)
    if (output.dtype === 'b1') return signs
    if (x.dtype === 'f32') {
      return quantizeEach(output, arithmetic === 'onnx' ? quantizeReal(output) : quantizeByTflite(output))
    }
    if (arithmetic === 'onnx') {
      return mapElements(
        x,
        output,
        betweenQuantizations(x, output, (real) => real),
      )
    }
    const requant = rescaleRequant(x, output)
    const zeroPoint = zeroPointOf(x)
    return mapElements(x, output, (q) => applyRequant(q - zeroPoint, requant))
  },
})

/** +1 where x >= 0, else -1, whatever the scale (QONNX, BipolarQuant). */
function signs([x]: readonly TensorData[]): TensorData {
  return Int8Array.from(must(x, 'x') as Float32Array, (real) => (real >= 0 ? 1 : -1))
}

/**
 * x / scale in float32, rounded with halves away from zero (reference/quantize.h, `AffineQuantize`). Values beyond the
 * range saturate; not-a-number, for which TensorFlow Lite defines nothing, becomes the zero point.
 */
function quantizeByTflite(output: TensorType): (real: number) => number {
  const scale = scaleOf(output)
  const zeroPoint = zeroPointOf(output)
  const [min, max] = integerRange(output.dtype)
  return (real) => {
    const rounded = roundHalfAway(Math.fround(real / scale))
    return Number.isNaN(rounded) ? zeroPoint : clamp(rounded + zeroPoint, min, max)
  }
}

function quantizeEach(output: TensorType, f: (real: number) => number): Kernel {
  return ([x]) => {
    const reals = must(x, 'x')
    const y = allocate(output.dtype, reals.length)
    for (let i = 0; i < reals.length; i++) y[i] = f(reals[i] as number)
    return y
  }
}
