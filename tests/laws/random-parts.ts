/** The numbers that layers are made of. Each shrinks to the plainest. */
import fc from 'fast-check'
import { ACTIVATIONS } from '../../ir/arith/saturate.ts'
import type { OutputQuant } from './network-builder.ts'

/** Few of them fill a machine's lanes. */
export const channels = fc.oneof(fc.constantFrom(1, 3, 5, 8, 16, 17, 24, 40), fc.integer({ min: 1, max: 40 }))

export const zeroPoint = fc.oneof(fc.constantFrom(0, -128, -1, 3, 127), fc.integer({ min: -128, max: 127 }))

/** Output scales from a quarter of the natural one, which saturates often, to four times it. */
export const quantOf: fc.Arbitrary<OutputQuant> = fc.record({
  factor: fc.integer({ min: -16, max: 16 }).map((n) => 2 ** (n / 8)),
  zeroPoint,
})

export const activation = fc.oneof(
  { weight: 2, arbitrary: fc.constant('none' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...ACTIVATIONS) },
)

export const seed = fc.nat(1 << 20)

/** Which of the values so far: 0 is the latest. Most layers read that one. */
export const from = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) })

export function pairOf(min: number, max: number): fc.Arbitrary<readonly [number, number]> {
  return fc.oneof(
    fc.integer({ min, max }).map((n) => [n, n] as const),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })),
  )
}

/** [top, left, bottom, right], as wanted; a layer keeps them below its kernel. */
export const pads = fc.oneof(
  fc.integer({ min: 0, max: 2 }).map((n) => [n, n, n, n]),
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
)
