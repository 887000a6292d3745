/** Fused activations of float32 results. */
import { type Activation, activationBounds } from '../../arith/saturate.ts'

/** The range that the activation leaves; infinite where it does not limit. */
export function realRange(activation: Activation): readonly [min: number, max: number] {
  return activationBounds(activation)
}

export function limit(x: number, [min, max]: readonly [min: number, max: number]): number {
  return Math.min(max, Math.max(min, x))
}
