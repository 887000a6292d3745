/**
 * Damaged copies of real models. Each must be imported to a graph that makes sense or refused with diagnostics, at
 * once and without an exception.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verify } from '../../ir/verifier.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { timed } from '../text/timed.ts'
import { hasZoo, zooPath } from './zoo.ts'

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

/** The Buffer that Node would read from a file. */
function asRead(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

describe.skipIf(!hasZoo)('damaged models', () => {
  test.each([
    'models/hello_world_int8',
    'own/models/digits_int8',
    'models/audio_preprocessor_int8',
    'models/simple_add',
  ])('%s', (model) => {
    const bytes = new Uint8Array(readFileSync(zooPath(`${model}.tflite`)))
    const seen = { imported: 0, refused: 0 }
    fc.assert(
      fc.property(fc.oneof(flip, truncate, overwrite), (damage) => {
        const damaged = damage(bytes)
        const { result, cpuMs } = timed(() => importTflite(asRead(damaged), 'damaged.tflite'))
        expect(cpuMs).toBeLessThan(2000)
        if (result.ok) {
          seen.imported++
          expect(verify(result.value)).toEqual([])
        } else {
          seen.refused++
          expect(result.diagnostics.length).toBeGreaterThan(0)
          for (const { code } of result.diagnostics) expect(code).toMatch(/^(tflite|ir)\//)
        }
      }),
      { numRuns: 200 },
    )
    // Damage that is always, or never, harmless would show nothing.
    expect(seen.refused).toBeGreaterThan(20)
  })
})
