import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyFloat, floatRequant, type SumRange } from '../../backends/wasm/float-requant.ts'
import { quantizeMultiplier } from '../../ir/arith/multiplier.ts'
import type { ChannelRequant } from '../../ir/arith/requant.ts'
import { multiplyByQuantizedMultiplier, multiplyFloat32, multiplyReal } from '../../ir/arith/rounding.ts'
import { clamp } from '../../ir/arith/saturate.ts'

type Rule = 'tflite' | 'real' | 'float32'

function requantOf(rule: Rule, factor: number, zeroPoint: number, min: number, max: number): ChannelRequant {
  const { multiplier, shift } = quantizeMultiplier(factor)
  return {
    factor: Float64Array.of(factor),
    multiplier: Int32Array.of(multiplier),
    shift: Int32Array.of(shift),
    rule,
    wide: false,
    inputZeroPoint: 0,
    outputZeroPoint: zeroPoint,
    min,
    max,
  }
}

function exact(requant: ChannelRequant, sum: number): number {
  const [factor = 0, multiplier = 0, shift = 0] = [requant.factor[0], requant.multiplier[0], requant.shift[0]]
  const scaled =
    requant.rule === 'float32'
      ? multiplyFloat32(sum, factor)
      : requant.rule === 'real'
        ? multiplyReal(sum, factor)
        : multiplyByQuantizedMultiplier(sum, multiplier, shift)
  return clamp(scaled + requant.outputZeroPoint, requant.min, requant.max)
}

/** Compares at every `step`-th sum and around the ends; gives the first that differs. */
function firstDifference(requant: ChannelRequant, range: SumRange, step: number): number | undefined {
  const { solved } = floatRequant(requant, range)
  const [scale = 0, offset = 0, shift = 0] = [solved.scale[0], solved.offset[0], solved.shift[0]]
  const [min = 0, max = 0] = [range.min[0], range.max[0]]
  const differs = (sum: number) => {
    const q = applyFloat(solved.form, sum + shift, scale, offset) + requant.outputZeroPoint
    return clamp(q, requant.min, requant.max) !== exact(requant, sum)
  }
  for (let sum = min; sum <= max; sum += step) if (differs(sum)) return sum
  return differs(max) ? max : undefined
}

const rangeOf = (min: number, max: number): SumRange => ({
  min: Float64Array.of(min),
  max: Float64Array.of(max),
})

describe('float32 requantization', () => {
  it.each<[string, ChannelRequant]>([
    ['a ReLU at the bottom', requantOf('tflite', 0.00213, -128, -128, 127)],
    ['a ReLU in the middle', requantOf('tflite', 0.0041, 17, 17, 127)],
    ['ReLU6', requantOf('tflite', 0.0041, -5, -5, 90)],
    ['no activation', requantOf('tflite', 0.0037, 12, -128, 127)],
    ['a factor that is a power of two: every second step is a tie', requantOf('tflite', 2 ** -7, 3, 3, 127)],
    ['fully connected', requantOf('real', 0.0019, -7, -128, 127)],
    ['fully connected with ties', requantOf('real', 2 ** -5, 0, -128, 127)],
    ['float32', requantOf('float32', Math.fround(0.0019), -7, -128, 127)],
    ['float32 with ties', requantOf('float32', 2 ** -5, 0, -128, 127)],
  ])('equals the exact rule for every sum: %s', (_, requant) => {
    const range = rangeOf(-70000, 70001)
    expect(floatRequant(requant, range).unsolved).toEqual([])
    expect(firstDifference(requant, range, 1)).toBeUndefined()
  })

  it('equals the exact rule wherever it finds a solution, and finds one nearly always', () => {
    let unsolved = 0
    const runs = 300
    fc.assert(
      fc.property(
        fc.constantFrom<Rule>('tflite', 'real'),
        fc.integer({ min: -11000, max: -4000 }),
        fc.integer({ min: -128, max: 127 }),
        fc.boolean(),
        fc.integer({ min: -4_000_000, max: 3_900_000 }),
        fc.integer({ min: 1, max: 4_000_000 }),
        (rule, exponent, zeroPoint, hasRelu, min, length) => {
          const requant = requantOf(rule, 2 ** (exponent / 1000), zeroPoint, hasRelu ? zeroPoint : -128, 127)
          const range = rangeOf(min, min + length)
          if (floatRequant(requant, range).unsolved.length > 0) {
            unsolved++
            return
          }
          // A prime step meets every residue.
          expect(firstDifference(requant, range, length > 20000 ? 97 : 1)).toBeUndefined()
        },
      ),
      { numRuns: runs, seed: 7 },
    )
    expect(unsolved).toBeLessThan(0.1 * runs)
  })

  it('leaves a channel to the integer rule where that is not symmetric: ties of a power of two', () => {
    expect(floatRequant(requantOf('tflite', 2 ** -7, 3, -128, 127), rangeOf(-70000, 70001)).unsolved).toEqual(
      [0],
    )
  })

  it('leaves a channel to the integer rule where the shift to the left would wrap', () => {
    const requant = requantOf('tflite', 8, 0, -128, 127)
    expect(floatRequant(requant, rangeOf(-(2 ** 29), 2 ** 29)).unsolved).toEqual([0])
    expect(floatRequant(requant, rangeOf(-2000, 2000)).unsolved).toEqual([])
  })

  it('gives constants for sums that can reach one result only', () => {
    for (const [min, max] of [
      [-90, -80],
      [5, 20],
      [900000, 900100],
      [-(2 ** 30), -(2 ** 30)],
    ] as const) {
      for (const bottom of [-128, 0]) {
        const requant = requantOf('tflite', 0.001, 0, bottom, 127)
        expect(firstDifference(requant, rangeOf(min, max), 1)).toBeUndefined()
      }
    }
  })
})
