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
import { asRead, damages } from './damage.ts'
import { hasZoo, zooPath } from './zoo.ts'

describe.skipIf(!hasZoo)('damaged models', () => {
  test.each([
    'models/hello_world_int8',
    'own/models/digits_int8',
    'models/audio_preprocessor_int8',
    'models/simple_add',
    'models/mnist_lstm_float',
    'models/dscnn_kws_float',
  ])('%s', (model) => {
    const bytes = new Uint8Array(readFileSync(zooPath(`${model}.tflite`)))
    const seen = { imported: 0, refused: 0 }
    fc.assert(
      fc.property(damages, (damage) => {
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
