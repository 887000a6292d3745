/** A bundle as a package: in Node, in a worker, through a bundler, under the type checker, and as its README says. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import zlib from 'node:zlib'
import { build, createServer } from 'vite'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { VARIANTS } from '../../../backends/wasm/artifact.ts'
import { packageName } from '../../../backends/wasm/bundle/package-json.ts'
import { writeBundle } from '../../../backends/wasm/bundle/write-bundle.ts'
import {
  expectedOutputs,
  handmadeArtifact,
  port,
  severalArtifact,
  singleArtifact,
  someInputs,
  someWeights,
} from './handmade.ts'
import { install, put, runNode, temporaryFolder } from './installed.ts'
import { hasNode24, NODE_24 } from './node-24.ts'

const root = temporaryFolder()
afterAll(root.remove)

const single = singleArtifact()
const digits = install(root.path, single)
const several = install(root.path, severalArtifact())
put(join(root.path, 'package.json'), '{ "type": "module" }')

const [input = new Int8Array()] = someInputs(single, 6)
const [expected = new Int8Array()] = expectedOutputs(single, [input])
/** Runs the model that `load` gives on that input. */
const RUN = `
  const model = await load()
  const result = model.run(Int8Array.of(${input.join(', ')}))`
/** What Linux says of the processor. */
const CPU = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : ''

test('its files', () => {
  const binaries = ['relaxed-unsigned.wasm', 'relaxed-signed.wasm', 'plain.wasm', 'weights.bin']
  expect(Object.keys(digits.files)).toEqual([
    'package.json',
    'README.md',
    'index.js',
    'index.d.ts',
    'runtime.js',
    ...binaries,
  ])
  const description = JSON.parse(String(digits.files['package.json']))
  expect(description).toMatchObject({ name: 'digits', version: '1.0.0', type: 'module', sideEffects: false })
  expect(description).not.toHaveProperty('license')
  expect(description).not.toHaveProperty('dependencies')
  const listed = ['package.json', 'README.md', ...description.files]
  expect(listed.sort()).toEqual(Object.keys(digits.files).sort())
  for (const file of binaries) expect(description.exports[`./${file}`]).toBe(`./${file}`)
  expect(digits.files['weights.bin']).toEqual(single.weights)
  const text = Object.entries(digits.files).filter(([name]) => !binaries.includes(name))
  const size = text.reduce((sum, [, content]) => sum + content.length, 0)
  // All but the weights and the modules, which have what is left of 100 kB.
  expect(size).toBeLessThan(32_000)
})

test('with a name and a licence of the caller', () => {
  const files = writeBundle(single, { name: '@scope/digits', license: 'MIT' })
  expect(JSON.parse(String(files['package.json']))).toMatchObject({ name: '@scope/digits', license: 'MIT' })
  expect(files['README.md']).toContain('import { load } from "@scope/digits"')
})

test.each([
  ['MobileNet_v2 (1.0, 224)', 'mobilenet_v2-1.0-224'],
  ['..hidden', 'hidden'],
  ['Éclair №5', 'eclair-no5'],
  ['模型', 'model'],
  ['', 'model'],
  ['fs', 'fs-model'],
  ['node_modules', 'node_modules-model'],
  ['a'.repeat(300), 'a'.repeat(214)],
])('the package of model %s is %s', (model, name) => {
  expect(packageName(model)).toBe(name)
})

test('the runtime of a built compiler is that of the sources, without comments', () => {
  const runtime = readFileSync('backends/wasm/runtime/runtime.js', 'utf8')
  expect(digits.files['runtime.js']).toBe(runtime)
  const script = `
    import { writeBundle } from ${JSON.stringify(resolve('dist/backends/wasm/bundle/write-bundle.js'))}
    const plain = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)
    const modules = { relaxed_unsigned: plain, relaxed_signed: plain, plain }
    const artifact = { model: 'x', inputs: [], outputs: [], layers: [], weights: plain, weightsAddress: 0, modules }
    process.stdout.write(writeBundle(artifact)['runtime.js'])`
  const built = runNode(root.path, script)
  expect(built).not.toMatch(/\/\*\*|^\s*\/\//m)
  // Names and texts are all there, in their order.
  const words = (text: string) =>
    text
      .replace(/\/\*\*[\s\S]*?\*\//g, '')
      .replace(/^\s*\/\/.*$/gm, '')
      .match(/[\w$]+/g)
  expect(words(built)).toEqual(words(runtime))
})

describe('CRC-32 is the usual one', () => {
  // Around and beyond what is taken at once.
  const lengths = [0, 1, 2, 1023, 64511, 64512, 64513, 129_024, 200_001]

  async function check(): Promise<void> {
    vi.resetModules()
    const { crc32 } = await import('../../../backends/wasm/runtime/runtime.js')
    // The check value of CRC-32/ISO-HDLC, the one of IEEE 802.3.
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
    for (const length of lengths) {
      const bytes = someWeights(length, length + 1)
      expect([length, crc32(bytes)]).toEqual([length, zlib.crc32(bytes)])
    }
  }

  afterEach(() => vi.unstubAllGlobals())

  test('in WebAssembly', async () => {
    const Instance = vi.fn(WebAssembly.Instance)
    vi.stubGlobal('WebAssembly', { Module: WebAssembly.Module, Instance })
    await check()
    expect(Instance).toHaveBeenCalledTimes(1)
  })

  test('where nothing may be compiled', async () => {
    const Module = vi.fn(function refuse() {
      throw new Error('refused')
    })
    vi.stubGlobal('WebAssembly', { Module })
    await check()
    expect(Module).toHaveBeenCalledTimes(1)
  })
})

describe('in Node', () => {
  const script = `import { load } from 'digits'\n${RUN}\nconsole.log(model.variant, result.join(' '))`

  test('of this version', () => {
    expect(runNode(root.path, script)).toMatch(new RegExp(`^(${VARIANTS.join('|')}) ${expected.join(' ')}$`))
  })

  test.skipIf(!hasNode24)('24, on a relaxed module where the processor has the instruction', () => {
    const [variant = '', ...result] = runNode(root.path, script, { node: NODE_24 }).split(' ')
    expect(result.join(' ')).toBe(expected.join(' '))
    if (CPU.includes('avx_vnni')) expect(variant).toBe('relaxed_unsigned')
  })

  test('in a module worker', () => {
    put(
      join(root.path, 'worker.mjs'),
      `import { parentPort } from 'node:worker_threads'
      import { load } from 'digits'
      ${RUN}
      parentPort.postMessage(result)`,
    )
    const main = `
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' })
      worker.on('message', (result) => console.log(result.constructor.name, result.join(' ')))`
    expect(runNode(root.path, main)).toBe(`Int8Array ${expected.join(' ')}`)
  })

  test('without WebAssembly modules loaded at import: nothing is done until load', () => {
    const quiet = `
      globalThis.WebAssembly = globalThis.fetch = undefined
      const bundle = await import('digits')
      console.log(Object.keys(bundle).sort().join(' '), bundle.inputs[0].shape.join('x'))`
    expect(runNode(root.path, quiet)).toBe('ModelError detectVariant inputs load outputs 1x28x28x1')
  })
})

describe('its README', () => {
  test.each([
    ['one input', digits],
    ['several inputs', several],
  ])('has an example that runs: %s', (_, { files }) => {
    const [, example = ''] = /```js\n([\s\S]*?)```/.exec(String(files['README.md'])) ?? []
    const script = `${example}\nconsole.log(output.length ?? Object.keys(output).join(' '), real.length)`
    expect(runNode(root.path, script)).toMatch(/^(10 10|scores state_out raw at 5)$/)
  })

  test('announces what every load fetches, and no module', () => {
    const links = [
      ...String(digits.files['README.md']).matchAll(/<link rel="(\w+)".* href="\.\/digits\/(.*)">/g),
    ]
    expect(links.map(([, rel, file]) => [rel, file])).toEqual([
      ['modulepreload', 'index.js'],
      ['modulepreload', 'runtime.js'],
      ['preload', 'weights.bin'],
    ])
    for (const [, , file = ''] of links) expect(digits.files).toHaveProperty([file])
  })

  test('has the names as they are, and a table that they do not break', () => {
    const names = ['serving_default_input_1:0', 'a|b', 'with `ticks`', 'two\nlines']
    const artifact = handmadeArtifact(
      names.map((name) => port(name, 'i8', [1])),
      [port('out', 'i8', [1])],
      someWeights(1),
    )
    const rows = String(writeBundle(artifact)['README.md'])
      .split('\n')
      .filter((line) => line.startsWith('| input |'))
    expect(rows.map((row) => row.split(/(?<!\\)\|/).length)).toEqual([9, 9, 9, 9])
    expect(rows.map((row) => row.split(/(?<!\\)\|/)[2]?.trim())).toEqual([
      '`serving_default_input_1:0`',
      '`a\\|b`',
      '`` with `ticks` ``',
      '`two lines`',
    ])
  })
})

describe('its types', () => {
  const OPTIONS = {
    strict: true,
    noEmit: true,
    module: 'NodeNext',
    exactOptionalPropertyTypes: true,
    types: [],
  }

  /** What the type checker says of a program that imports the bundles. */
  function check(program: string, options: object): string {
    const folder = join(root.path, 'typed')
    put(join(folder, 'program.ts'), program)
    put(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...OPTIONS, ...options } }))
    return spawnSync(resolve('node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' }).stdout
  }

  const PROGRAM = `
    import { detectVariant, inputs, load, type Model, ModelError, outputs, type Variant } from 'digits'
    import * as several from 'several'

    export async function single(): Promise<Float32Array> {
      const shape: readonly [1, 28, 28, 1] = inputs[0].shape
      const variant: Variant = detectVariant()
      const model: Model = await load({ variant, base: new URL('https://example.org/'), signal: AbortSignal.timeout(9) })
      const result: Int8Array = model.run(new Int8Array(784))
      model.inputs['serving_default_input_1:0'].set(model.quantize([1, 2, 3]), shape[1])
      const same: Int8Array = model.run()
      // @ts-expect-error: the input is int8
      model.run(new Uint8Array(784))
      // @ts-expect-error: the input is an array, not numbers
      model.run([1, 2, 3])
      // @ts-expect-error: there is no such input
      model.inputs.image
      // @ts-expect-error: there is no such variant
      load({ variant: 'fast' })
      // @ts-expect-error: the memory is not to be replaced
      model.inputs['serving_default_input_1:0'] = new Int8Array(784)
      return model.dequantize(result.length > outputs[0].shape[1] ? same : result, 'StatefulPartitionedCall:0')
    }

    export async function many(): Promise<bigint | undefined> {
      const model = await several.load({ module: new ArrayBuffer(8), weights: new Uint8Array(8) })
      const image: Int8Array = model.quantize([1], 'image')
      const state: Int16Array = model.quantize([1], 'state')
      const gain: Float32Array = model.quantize(new Float32Array(1), 'gain')
      const { scores, at } = model.run({ image, state, gain, ids: new Int32Array(6) })
      const real: Float32Array = model.dequantize(scores, 'scores')
      // @ts-expect-error: it has several inputs
      model.run(image)
      // @ts-expect-error: one is missing
      model.run({ image, state, gain })
      // @ts-expect-error: one is of the wrong type
      model.run({ image, state: image, gain, ids: new Int32Array(6) })
      // @ts-expect-error: a name is needed
      model.quantize([1])
      // @ts-expect-error: without scale and zero point
      model.quantize([1], 'ids')
      // @ts-expect-error: without scale and zero point
      model.dequantize([1], 'at')
      return real.length > 0 ? at[0] : undefined
    }

    export function explain(error: unknown): string {
      if (!(error instanceof ModelError)) return ''
      switch (error.code) {
        case 'fetch-failed':
          return \`\${error.url} \${error.status}\`
        // @ts-expect-error: there is no such code
        case 'fetch-fail':
          return ''
        default:
          return error.message
      }
    }`

  test('hold in a browser', () => {
    expect(check(PROGRAM, { target: 'ES2022', lib: ['ES2022', 'DOM'] })).toBe('')
  })

  test("hold in Node, without a browser's types", () => {
    const types = { types: ['node'], typeRoots: [resolve('node_modules/@types')] }
    expect(check(PROGRAM, { target: 'ES2023', lib: ['ES2023'], ...types })).toBe('')
  })

  test('are sound for names of every kind', () => {
    const names = ['__proto__', 'a"b', "it's", 'back\\slash', '*/ let x', 'two\nlines', '`$', '', '0']
    const artifact = handmadeArtifact(
      names.map((name) => port(name, 'i8', [1], 1)),
      [port('*/', 'i8', [1], 1)],
      someWeights(1),
      '*/ const model = 1 /*',
    )
    install(root.path, artifact, { name: 'odd-names' })
    const properties = names
      .map((name) => `  model.inputs[${JSON.stringify(name)}] satisfies Int8Array`)
      .join('\n')
    const program = `import { load } from 'odd-names'\nexport const model = await load()\n${properties}\n`
    expect(check(program, { target: 'ES2022', lib: ['ES2022', 'DOM'] })).toBe('')
    expect(
      runNode(root.path, `import { load } from 'odd-names'; console.log((await load()).variant)`),
    ).toMatch(/^\w+$/)
  })
})

describe('through Vite', () => {
  const page = join(root.path, 'page')
  // Vite puts files below 4 KiB into the script: these are above.
  const big = singleArtifact(someWeights(5000))
  install(page, big)
  put(join(page, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>')
  put(join(page, 'main.js'), `import { load } from 'digits'\n${RUN}\ndocument.title = result.join(' ')`)
  const quiet = { root: page, configFile: false, logLevel: 'silent' } as const

  test('the build has modules and weights as assets, and fetches them from there', async () => {
    await build({ ...quiet, build: { outDir: 'out', assetsInlineLimit: 0 } })
    const assets = readdirSync(join(page, 'out/assets'))
    const contents = assets.map((name) => readFileSync(join(page, 'out/assets', name)))
    const files = writeBundle(big)
    for (const name of ['relaxed-unsigned.wasm', 'relaxed-signed.wasm', 'plain.wasm', 'weights.bin']) {
      const content = Buffer.from(files[name] as Uint8Array)
      const at = contents.findIndex((asset) => asset.equals(content))
      expect([name, at >= 0]).toEqual([name, true])
      const script = String(contents[assets.findIndex((asset) => asset.endsWith('.js'))])
      expect(script).toContain(assets[at])
    }
  })

  test.each([
    ['as it is', ['digits']],
    ['bundled ahead', []],
  ])('the development server serves them, the package %s', async (_, exclude) => {
    const server = await createServer({ ...quiet, optimizeDeps: { exclude }, server: { port: 0 } })
    try {
      await server.listen()
      const origin = server.resolvedUrls?.local[0] ?? ''
      const main = await (await fetch(`${origin}main.js`)).text()
      const [, path = ''] = /from "([^"]+)"/.exec(main) ?? []
      const index = new URL(path, origin)
      const script = await (await fetch(index)).text()
      const urls = [...script.matchAll(/new URL\(["']([^"']+)["'], (?:'' \+ )?import\.meta\.url\)/g)]
      const served = urls.map(async ([, url = '']) => {
        const response = await fetch(new URL(url, index))
        return Buffer.from(await response.arrayBuffer())
      })
      const { 'weights.bin': content, ...files } = writeBundle(big)
      const modules = VARIANTS.map((variant) => files[`${variant.replace('_', '-')}.wasm`])
      expect(await Promise.all(served)).toEqual(
        [...modules, content].map((file) => Buffer.from(file as Uint8Array)),
      )
    } finally {
      await server.close()
    }
  })
})
