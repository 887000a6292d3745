/** Artifacts run in this process, on the modules that it executes exactly. */
import { afterEach, expect, test, vi } from 'vitest'
import { VARIANTS } from '../../../backends/wasm/artifact.ts'
import { exactVariants } from '../../../backends/wasm/runtime/runtime.js'
import { must } from '../../../ir/diagnostic.ts'
import { instantiateArtifact, wasmExecutable } from '../../../src/wasm-executable.ts'
import { expectedOutputs, severalArtifact, singleArtifact, someInputs } from './handmade.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.resetModules()
})

test.each([
  ['one input and output', singleArtifact()],
  ['several of several types', severalArtifact()],
])('%s', async (_, artifact) => {
  for (const variant of [undefined, ...exactVariants()]) {
    const executable = await wasmExecutable(artifact, variant)
    expect(executable).toMatchObject({
      name: artifact.model,
      inputs: artifact.inputs,
      outputs: artifact.outputs,
    })
    for (const seed of [3, 37]) {
      const inputs = someInputs(artifact, seed)
      expect(executable.run(inputs)).toEqual(expectedOutputs(artifact, inputs))
    }
  }
})

test('the fastest variant is taken, or the one that is named', async () => {
  const artifact = singleArtifact()
  expect((await instantiateArtifact(artifact)).variant).toBe(exactVariants()[0])
  expect((await instantiateArtifact(artifact, 'plain')).variant).toBe('plain')
})

test('a variant that is not exact here is refused', async () => {
  const inexact = must(
    VARIANTS.find((variant) => !exactVariants().includes(variant)),
    'signed and unsigned exclude each other',
  )
  await expect(wasmExecutable(singleArtifact(), inexact)).rejects.toMatchObject({
    diagnostics: [{ code: 'wasm/variant-not-exact', message: expect.stringContaining(inexact) }],
  })
})

test('an engine without SIMD is refused', async () => {
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
  const fresh = await import('../../../src/wasm-executable.ts')
  await expect(fresh.wasmExecutable(singleArtifact())).rejects.toMatchObject({
    diagnostics: [{ code: 'wasm/no-simd' }],
  })
})
