/**
 * Quantized hard swish, x * relu6(x + 3) / 6, in 16-bit fixed point. Source: tensorflow/lite/kernels/activations.cc
 * (`HardSwishPrepare`) and reference/hard_swish.h.
 */
import type { TensorType } from '../tensor.ts'
import { quantizeMultiplier } from './multiplier.ts'
import { scaleOf, zeroPointOf } from './requant.ts'
import { roundingDivideByPot } from './rounding.ts'
import { clamp, integerRange } from './saturate.ts'

const { fround } = Math

export interface HardSwishRequant {
  readonly inputZeroPoint: number
  readonly outputZeroPoint: number
  /** From 1/128 of the input scale to the output scale: a 15-bit multiplier and a shift, at most 0. */
  readonly outputMultiplier: number
  readonly outputShift: number
  /** From 1/128 of the input scale to 3 / 32768, where the gate's ends -3 and 3 lie at full scale. */
  readonly gateMultiplier: number
  readonly gateShift: number
  readonly min: number
  readonly max: number
}

export function hardSwishRequant(input: TensorType, output: TensorType): HardSwishRequant {
  const fineScale = fround(scaleOf(input) / 128)
  const toOutput = quantizeMultiplier(fround(fineScale / scaleOf(output)))
  const toGate = quantizeMultiplier(fround(fineScale / fround(3 / 32768)))
  const [min, max] = integerRange(output.dtype)
  return {
    inputZeroPoint: zeroPointOf(input),
    outputZeroPoint: zeroPointOf(output),
    outputMultiplier: toInt16Multiplier(toOutput.multiplier),
    outputShift: toOutput.shift,
    gateMultiplier: toInt16Multiplier(toGate.multiplier),
    gateShift: toGate.shift,
    min,
    max,
  }
}

/** Hard swish of one 8-bit element. */
export function applyHardSwish(q: number, r: HardSwishRequant): number {
  const fine = (q - r.inputZeroPoint) << 7
  const onOutputScale = roundingHighMul16(fine, r.outputMultiplier)
  // The last left shift saturates, the ones before leave it a bit of room.
  let gate = r.gateShift > 0 ? saturatingShift16(fine, r.gateShift - 1) : fine
  gate = roundingHighMul16(gate, r.gateMultiplier)
  gate = r.gateShift > 0 ? saturatingShift16(gate, 1) : roundingDivideByPot(gate, -r.gateShift)
  // From [-1, 1] to [0, 1].
  gate = (gate + 32768) >> 1
  // This product rounds toward zero, which cancels the bias of the roundings before it.
  const product = Math.trunc((gate * onOutputScale) / 32768)
  return clamp(roundingDivideByPot(product, -r.outputShift) + r.outputZeroPoint, r.min, r.max)
}

function toInt16Multiplier(multiplier: number): number {
  return multiplier >= 2 ** 31 - 1 - 2 ** 15 ? 32767 : (multiplier + 2 ** 15) >> 16
}

function saturatingShift16(x: number, amount: number): number {
  return clamp(x * 2 ** amount, -32768, 32767)
}

/** floor(a * b / 2^15 + 1/2), saturating: gemmlowp's int16 doubling high multiply. */
function roundingHighMul16(a: number, b: number): number {
  return a === -32768 && b === -32768 ? 32767 : (a * b + 0x4000) >> 15
}
