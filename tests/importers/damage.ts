/** Damage to the bytes of a file, for tests of what reads it. */
import fc from 'fast-check'

type Damage = (bytes: Uint8Array) => Uint8Array

/** A position as a fraction: half of them in the last tenth of the file, where the tables often are, or in the first. */
const place = fc
  .oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.1, noNaN: true }))
  .chain((at) => fc.constantFrom(at, 1 - at))

const flip: fc.Arbitrary<Damage> = fc
  .array(fc.tuple(place, fc.nat({ max: 7 })), { minLength: 1, maxLength: 16 })
  .map((flips) => (bytes) => {
    const copy = bytes.slice()
    for (const [at, bit] of flips) {
      const i = Math.floor(at * (copy.length - 1))
      copy[i] = (copy[i] ?? 0) ^ (1 << bit)
    }
    return copy
  })
const truncate: fc.Arbitrary<Damage> = place.map(
  (at) => (bytes) => bytes.slice(0, Math.floor(at * bytes.length)),
)
const overwrite: fc.Arbitrary<Damage> = fc
  .tuple(
    place,
    fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.constant(new Uint8Array(16).fill(255))),
  )
  .map(([at, piece]) => (bytes) => {
    const copy = bytes.slice()
    copy.set(piece.subarray(0, copy.length), Math.floor(at * Math.max(0, copy.length - piece.length)))
    return copy
  })

export const damages: fc.Arbitrary<Damage> = fc.oneof(flip, truncate, overwrite)

/** The Buffer that Node would read from a file. */
export function asRead(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
