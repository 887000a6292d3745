/** Whatever lengths and bytes come: a typed error or the right result, and nothing beyond its bounds. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VARIANTS } from '../../../backends/wasm/artifact.ts'
import type { Model } from '../../../backends/wasm/runtime/runtime.js'
import type { Elements } from '../../../backends/wasm/runtime/types.ts'
import { must } from '../../../ir/diagnostic.ts'
import { allocate, type DType, type TensorData } from '../../../ir/dtype.ts'
import { instantiateArtifact } from '../../../src/wasm-executable.ts'
import {
  expectedOutputs,
  handmadeArtifact,
  port,
  severalArtifact,
  singleArtifact,
  someInputs,
} from './handmade.ts'
import { type BundleModule, importBundle, install, temporaryFolder } from './installed.ts'
import { modelError } from './model-error.ts'

const root = temporaryFolder()
afterAll(root.remove)

const single = singleArtifact()
const [input = new Int8Array()] = someInputs(single, 6)
const [expected] = expectedOutputs(single, [input])
const installed = install(root.path, single)
const weights = Uint8Array.from(installed.files['weights.bin'] as Uint8Array)
const plain = Uint8Array.from(installed.files['plain.wasm'] as Uint8Array)

let bundle: BundleModule
beforeAll(async () => {
  bundle = await importBundle(installed)
})

/** The memory of an instance, to compare. */
function snapshot(model: Model): Uint8Array {
  return new Uint8Array(model.exports.memory.buffer).slice()
}

test('inputs of any length', async () => {
  const model = await bundle.load({ variant: 'plain' })
  const before = snapshot(model)
  fc.assert(
    fc.property(fc.nat(200_000), fc.nat(40), (length, offset) => {
      fc.pre(length !== 784)
      const view = new Int8Array(new ArrayBuffer(length + offset), offset)
      view.fill(-1)
      expect(() => model.run(view)).toThrow(modelError('input-length') as Error)
    }),
  )
  expect(snapshot(model)).toEqual(before)
})

const ARRAYS: readonly DType[] = ['i8', 'u8', 'i16', 'i32', 'i64', 'f32']

test('several inputs of any type and length', async () => {
  const artifact = severalArtifact()
  const model = await instantiateArtifact(artifact)
  const right = someInputs(artifact, 3)
  const before = snapshot(model)
  const array = fc
    .tuple(fc.constantFrom(...ARRAYS), fc.nat(60))
    .map(([dtype, length]) => allocate(dtype, length))
  const anything = fc.oneof(array, fc.anything())
  fc.assert(
    fc.property(fc.nat(3), anything, (at, wrong) => {
      const type = must(artifact.inputs[at], 'input').type
      const fits = must(right[at], 'array')
      fc.pre(!(wrong instanceof fits.constructor && (wrong as TensorData).length === fits.length))
      const given = Object.fromEntries(
        artifact.inputs.map(({ name }, k) => [name, (k === at ? wrong : right[k]) as Elements]),
      )
      const sameType = ArrayBuffer.isView(wrong) && wrong.constructor === fits.constructor
      expect(() => model.run(given), type.dtype).toThrow(
        modelError(sameType ? 'input-length' : 'input-type') as Error,
      )
    }),
  )
  expect(snapshot(model)).toEqual(before)
})

test('anything for an argument', async () => {
  const artifact = severalArtifact()
  const models = [await instantiateArtifact(single), await instantiateArtifact(artifact)]
  fc.assert(
    fc.property(
      fc.anything({ withTypedArray: true, withBigInt: true, withNullPrototype: true }),
      (argument) => {
        fc.pre(argument !== undefined)
        for (const model of models) {
          expect(() => model.run(argument as Elements)).toThrow(
            expect.objectContaining({ name: 'ModelError', code: expect.stringMatching(/^input-/) }),
          )
        }
      },
    ),
  )
})

test('weights of any length and content', async () => {
  const edited = fc.oneof(
    fc.nat(2000).map((length) => Uint8Array.from({ length }, (_, i) => weights[i] ?? 0)),
    fc.uint8Array({ maxLength: 1100 }),
    fc
      .tuple(fc.nat(999), fc.nat(7))
      .map(([at, bit]) => weights.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))),
  )
  await fc.assert(
    fc.asyncProperty(edited, async (given) => {
      const loading = bundle.load({ weights: given })
      if (Buffer.compare(given, weights) === 0) {
        expect((await loading).run(input as Int8Array)).toEqual(expected)
      } else {
        const code = given.length === 1000 ? 'weights-corrupted' : 'weights-length'
        await expect(loading).rejects.toEqual(modelError(code))
      }
    }),
  )
})

test('modules that are cut, lengthened or damaged', async () => {
  const edited = fc.oneof(
    fc.nat(plain.length - 1).map((length) => plain.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Uint8Array.from([...plain, ...more])),
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.nat(plain.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, change]) => plain.map((byte, i) => (i === at ? byte ^ change : byte))),
  )
  await fc.assert(
    fc.asyncProperty(edited, async (module) => {
      await expect(bundle.load({ module })).rejects.toEqual(modelError('module-invalid'))
    }),
    { numRuns: 300 },
  )
})

test('models of any interface', async () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'toString', '*/ x', "'", '`|`'),
  )
  const tensor = fc
    .tuple(name, fc.constantFrom(...ARRAYS), fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }))
    .map(([id, dtype, shape]) => port(id, dtype, shape))
  const tensors = fc.uniqueArray(tensor, { minLength: 1, maxLength: 4, selector: (p) => p.name })
  let count = 0
  await fc.assert(
    fc.asyncProperty(tensors, tensors, fc.uint8Array(), name, async (inputs, outputs, content, model) => {
      const artifact = handmadeArtifact(inputs, outputs, content, model)
      const imported = await importBundle(install(root.path, artifact, { name: `any${count++}` }))
      const loaded = await imported.load({ variant: must(VARIANTS.at(-1), 'variant') })
      const arrays = someInputs(artifact, count)
      const [only] = arrays as readonly Elements[]
      const named = Object.fromEntries(inputs.map((p, k) => [p.name, arrays[k] as Elements]))
      const result: unknown = loaded.run(inputs.length === 1 ? only : named)
      const values = expectedOutputs(artifact, arrays)
      const wanted =
        outputs.length === 1 ? values[0] : Object.fromEntries(outputs.map((p, k) => [p.name, values[k]]))
      expect(result).toEqual(wanted)
      expect(imported.inputs.map((p) => p.name)).toEqual(inputs.map((p) => p.name))
    }),
    { numRuns: 40 },
  )
})
