/**
 * Damaged copies of real models. Each must be imported to a graph that makes sense or refused with diagnostics, at
 * once and without an exception.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Result } from '../../ir/diagnostic.ts'
import { verify } from '../../ir/verifier.ts'
import { importOnnx } from '../../src/importers/onnx/index.ts'
import { timed } from '../text/timed.ts'
import { asRead, damages } from './damage.ts'
import { hasZoo, zooPath } from './zoo.ts'

const nothing = (): Result<Uint8Array> => ({
  ok: false,
  diagnostics: [{ code: 'file/not-found', severity: 'error', message: 'no such file' }],
})

describe.skipIf(!hasZoo)('damaged models', () => {
  test.each([
    'models/qonnx_tfc_1w1a',
    'models/dscnn_kws_fp32',
    'models/shufflenet_cifar_float',
    'own/models/digits_4w4a',
    'own/models/digits_qdq_int8',
    'models/shufflenet_cifar_qop_u8s8',
  ])('%s', (model) => {
    const bytes = new Uint8Array(readFileSync(zooPath(`${model}.onnx`)))
    const seen = { imported: 0, refused: 0 }
    fc.assert(
      fc.property(damages, (damage) => {
        const damaged = damage(bytes)
        const { result, cpuMs } = timed(() => importOnnx(asRead(damaged), 'damaged.onnx', nothing))
        expect(cpuMs).toBeLessThan(2000)
        if (result.ok) {
          seen.imported++
          expect(verify(result.value)).toEqual([])
        } else {
          seen.refused++
          expect(result.diagnostics.length).toBeGreaterThan(0)
          for (const { code } of result.diagnostics) expect(code).toMatch(/^(onnx|ir|file)\//)
        }
      }),
      { numRuns: 200 },
    )
    // Damage that is always, or never, harmless would show nothing.
    expect(seen.refused).toBeGreaterThan(20)
  })
})
