/** Loading a bundle: from files, over HTTP, from what the caller has; and all that can go wrong with it. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { VARIANTS } from '../../../backends/wasm/artifact.ts'
import { exactVariants } from '../../../backends/wasm/runtime/runtime.js'
import type { LoadOptions } from '../../../backends/wasm/runtime/types.ts'
import { must } from '../../../ir/diagnostic.ts'
import { BundleServer } from './bundle-server.ts'
import { expectedOutputs, severalArtifact, singleArtifact, someInputs, someWeights } from './handmade.ts'
import { type BundleModule, importBundle, install, put, runNode, temporaryFolder } from './installed.ts'
import { modelError } from './model-error.ts'

const artifact = singleArtifact()
const [input] = someInputs(artifact, 5)
const [expected] = expectedOutputs(artifact, [must(input, 'input')])

const root = temporaryFolder()
const installed = install(root.path, artifact)
const { files } = installed
const plain = bytes('plain.wasm')
const weights = bytes('weights.bin')
const otherFiles = install(root.path, severalArtifact()).files
/** Where there are relaxed modules, this one is not exact here. */
const inexact = must(
  VARIANTS.find((variant) => !exactVariants().includes(variant)),
  'signed and unsigned exclude each other',
)

const server = new BundleServer(files)
let base: string
let bundle: BundleModule

beforeAll(async () => {
  base = await server.listen()
})
beforeEach(async () => {
  server.answers = {}
  server.requests = []
  bundle = await importBundle(installed)
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => {
  server.close()
  root.remove()
})

function bytes(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(files[name] as Uint8Array)
}

/** Loads the plain module over HTTP into a page that has loaded nothing, and runs it. */
async function run(options: LoadOptions = {}): Promise<unknown> {
  const { load } = await importBundle(installed)
  const model = await load({ base, variant: 'plain', ...options })
  return model.run(input)
}

function flipped(source: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  const copy = source.slice()
  copy[at] = must(copy[at], 'byte') ^ 1
  return copy
}

test('from the files beside index.js', async () => {
  for (const variant of exactVariants()) {
    const model = await bundle.load({ variant })
    expect(model.variant).toBe(variant)
    expect(model.run(input)).toEqual(expected)
  }
  expect((await bundle.load()).variant).toBe(bundle.detectVariant())
})

test('over HTTP, compiled while it arrives', async () => {
  const streaming = vi.spyOn(WebAssembly, 'compileStreaming')
  const compile = vi.spyOn(WebAssembly, 'compile')
  expect(await run()).toEqual(expected)
  expect(await streaming.mock.results[0]?.value).toBeInstanceOf(WebAssembly.Module)
  expect(compile).not.toHaveBeenCalledWith(plain)
  expect(server.requests.sort()).toEqual(['plain.wasm', 'weights.bin'])
})

test('over HTTP, from a server that does not know WebAssembly', async () => {
  server.answers = { 'plain.wasm': { type: 'application/octet-stream' } }
  const compile = vi.spyOn(WebAssembly, 'compile')
  expect(await run()).toEqual(expected)
  expect(compile).toHaveBeenCalledWith(plain)
})

test('base is a folder, with or without a slash, as text or URL', async () => {
  expect(await run({ base: base.slice(0, -1) })).toEqual(expected)
  expect(await run({ base: new URL(base) })).toEqual(expected)
  expect(await run({ base: pathToFileURL(installed.folder) })).toEqual(expected)
  await expect(run({ base: 'models' })).rejects.toEqual(modelError('fetch-failed', 'Invalid URL', 'base'))
})

test('a second load fetches nothing, and is independent', async () => {
  const first = await bundle.load({ base, variant: 'plain' })
  const firstOutput = first.run(input)
  const [second, third] = await Promise.all([
    bundle.load({ base, variant: 'plain' }),
    bundle.load({ base, variant: 'plain', signal: new AbortController().signal }),
  ])
  expect(server.requests).toHaveLength(2)
  second.run(new Int8Array(784))
  expect(third.run(input)).toEqual(firstOutput)
  expect(first.outputs).toEqual({ 'StatefulPartitionedCall:0': firstOutput })
})

test('loads at the same time share what they fetch', async () => {
  await Promise.all([1, 2, 3].map(() => bundle.load({ base, variant: 'plain' })))
  expect(server.requests).toHaveLength(2)
})

test('a load that failed can be tried again', async () => {
  server.answers = { 'weights.bin': { status: 503 } }
  await expect(bundle.load({ base, variant: 'plain' })).rejects.toEqual(modelError('fetch-failed'))
  server.answers = {}
  expect((await bundle.load({ base, variant: 'plain' })).run(input)).toEqual(expected)
  expect(server.requests.filter((name) => name === 'weights.bin')).toHaveLength(2)
})

test('with a fetch of the caller', async () => {
  const asked: string[] = []
  const own: typeof fetch = async (url) => {
    const name = String(url).split('/').pop() ?? ''
    asked.push(name)
    return new Response(bytes(name))
  }
  const model = await bundle.load({ fetch: own })
  expect(model.run(input)).toEqual(expected)
  expect(asked.sort()).toEqual([`${model.variant.replace('_', '-')}.wasm`, 'weights.bin'])
})

test('with modules and weights of the caller, nothing is fetched', async () => {
  const module = await WebAssembly.compile(plain)
  const padded = new Uint8Array([0, ...weights, 0]).subarray(1, -1)
  for (const given of [
    { module, weights },
    { module: plain, weights: weights.buffer },
    { module: new DataView(plain.buffer), weights: padded },
  ]) {
    const model = await bundle.load({ base: 'nowhere:/', ...given })
    expect(model.variant).toBe('plain')
    expect(model.run(input)).toEqual(expected)
  }
})

test('option-invalid', async () => {
  await expect(run({ variant: 'fast' as 'plain' })).rejects.toEqual(
    modelError('option-invalid', "no variant 'fast'", 'plain'),
  )
  for (const given of ['abc', 7, {}, [1, 2], new Response(plain)] as unknown as Uint8Array[]) {
    await expect(run({ module: given })).rejects.toEqual(modelError('option-invalid', 'module'))
    await expect(run({ weights: given })).rejects.toEqual(modelError('option-invalid', 'weights'))
  }
})

test('variant-not-exact', async () => {
  const file = `${inexact.replace('_', '-')}.wasm`
  const says = modelError('variant-not-exact', `'${inexact}'`, 'plain')
  await expect(run({ variant: inexact })).rejects.toEqual(says)
  expect(server.requests).toEqual([])
  // Engines without relaxed SIMD do not even compile it.
  if (WebAssembly.validate(bytes(file))) {
    await expect(bundle.load({ base, module: bytes(file) })).rejects.toEqual(says)
  }
})

test('fetch-failed: an answer that is none', async () => {
  server.answers = { 'plain.wasm': { status: 404 } }
  await expect(run()).rejects.toEqual(modelError('fetch-failed', `${base}plain.wasm`, '404', 'base'))
  await expect(run()).rejects.toMatchObject({ status: 404, url: `${base}plain.wasm` })
  server.answers = { 'weights.bin': { status: 500 } }
  await expect(run()).rejects.toMatchObject({ status: 500, url: `${base}weights.bin` })
})

test('fetch-failed: a connection that ends, or is refused', async () => {
  server.answers = { 'weights.bin': { body: weights.subarray(0, 10), announced: weights.length } }
  await expect(run()).rejects.toEqual(modelError('fetch-failed', `${base}weights.bin`))
  server.answers = { 'plain.wasm': { body: plain.subarray(0, 10), announced: plain.length } }
  await expect(run()).rejects.toEqual(modelError('fetch-failed', `${base}plain.wasm`))
  await expect(run({ base: 'http://127.0.0.1:1/' })).rejects.toMatchObject({ cause: expect.any(Error) })
  const offline = () => Promise.reject(new TypeError('offline'))
  await expect(run({ fetch: offline })).rejects.toEqual(modelError('fetch-failed', 'offline'))
})

test('fetch-failed: a file that is not there', async () => {
  const elsewhere = install(join(root.path, 'missing'), artifact)
  rmSync(join(elsewhere.folder, 'weights.bin'))
  const broken = await importBundle(elsewhere)
  await expect(broken.load()).rejects.toEqual(modelError('fetch-failed', 'weights.bin', 'ENOENT'))
})

test('weights-length', async () => {
  for (const body of [weights.subarray(0, -1), new Uint8Array(0), new Uint8Array([...weights, 0]), 'page']) {
    server.answers = { 'weights.bin': { body } }
    await expect(run()).rejects.toEqual(
      modelError('weights-length', `${base}weights.bin`, `${body.length} bytes`, '1000'),
    )
  }
  await expect(run({ weights: weights.subarray(1) })).rejects.toEqual(
    modelError('weights-length', 'given', '999'),
  )
})

test('weights-corrupted: a bit, or those of another model', async () => {
  for (const body of [flipped(weights, 0), flipped(weights, 999), someWeights(1000, 8)]) {
    server.answers = { 'weights.bin': { body } }
    await expect(run()).rejects.toEqual(modelError('weights-corrupted', `${base}weights.bin`))
    await expect(run({ weights: body })).rejects.toEqual(modelError('weights-corrupted', 'given'))
  }
})

test('module-invalid: other bytes', async () => {
  const page = '<!doctype html><title>Not here</title>'
  const others = [
    page,
    '',
    plain.subarray(0, -1),
    flipped(plain, 60),
    flipped(plain, plain.length - 13),
    otherFiles['plain.wasm'],
    files['relaxed-signed.wasm'],
  ]
  for (const body of others as Uint8Array[]) {
    server.answers = { 'plain.wasm': { body } }
    await expect(run()).rejects.toEqual(modelError('module-invalid', `${base}plain.wasm`))
  }
  for (const module of [flipped(plain, 60), new Uint8Array(0), otherFiles['plain.wasm'] as Uint8Array]) {
    await expect(bundle.load({ base, module })).rejects.toEqual(modelError('module-invalid', 'given'))
  }
})

test('module-invalid: what ends the file', async () => {
  for (let at = plain.length - 12; at < plain.length; at++) {
    await expect(bundle.load({ base, module: flipped(plain, at) })).rejects.toEqual(
      modelError('module-invalid'),
    )
  }
})

test('module-invalid: a compiled module that is not of this bundle', async () => {
  const other = await WebAssembly.compile(Uint8Array.from(otherFiles['plain.wasm'] as Uint8Array))
  const unstamped = await WebAssembly.compile(plain.slice(0, -12))
  for (const module of [other, unstamped]) {
    await expect(bundle.load({ base, module })).rejects.toEqual(
      modelError('module-invalid', 'another model or build'),
    )
  }
})

test.skipIf(exactVariants().length < 2)('module-invalid: of another variant than is wanted', async () => {
  const [variant] = exactVariants()
  await expect(bundle.load({ base, module: plain, variant: must(variant, 'variant') })).rejects.toEqual(
    modelError('module-invalid', "'plain'", `'${variant}'`),
  )
})

test('module-invalid: where nothing may be compiled', async () => {
  server.answers = { 'plain.wasm': { type: 'text/plain' } }
  vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new Error('refused by policy'))
  await expect(run()).rejects.toEqual(modelError('module-invalid', 'refused by policy', 'wasm-unsafe-eval'))
})

test('out-of-memory', async () => {
  vi.spyOn(WebAssembly, 'instantiate').mockRejectedValue(new RangeError('could not allocate memory'))
  await expect(run()).rejects.toEqual(modelError('out-of-memory', 'could not allocate memory'))
})

test('a signal stops the loading with its own reason, and other loads go on', async () => {
  await expect(run({ signal: AbortSignal.abort('no') })).rejects.toBe('no')
  await expect(bundle.load({ signal: AbortSignal.abort('no') })).rejects.toBe('no')
  server.answers = { 'weights.bin': { silent: true } }
  const controller = new AbortController()
  const stopped = bundle.load({ base, variant: 'plain', signal: controller.signal })
  setTimeout(() => controller.abort(), 50)
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  server.answers = {}
  expect((await bundle.load({ base, variant: 'plain' })).run(input)).toEqual(expected)
  await expect(bundle.load({ signal: AbortSignal.abort('late') })).rejects.toBe('late')
})

test('variants that share a module', async () => {
  const { plain: only } = artifact.modules
  const shared = install(join(root.path, 'shared'), {
    ...artifact,
    modules: { relaxed_unsigned: only, relaxed_signed: only, plain: only },
  })
  const imported = await importBundle(shared)
  const module = readFileSync(join(shared.folder, 'relaxed-signed.wasm'))
  expect((await imported.load({ module })).variant).toBe(bundle.detectVariant())
  expect((await imported.load({ module, variant: 'plain' })).variant).toBe('plain')
})

test('from a folder whose name is not plain', () => {
  const folder = join(root.path, 'a folder, 100 % ünlike # others?')
  for (const [name, content] of Object.entries(files)) put(join(folder, name), content)
  const index = JSON.stringify(String(pathToFileURL(join(folder, 'index.js'))))
  const script = `import { load } from ${index}; console.log((await load()).run(new Int8Array(784)).length)`
  expect(runNode(root.path, script)).toBe('10')
})
