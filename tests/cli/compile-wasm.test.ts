/** Models compiled to WebAssembly by the command line: the bundle, what it computes, and what becomes of damaged ones. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { bundleModel } from '../../src/bundle-model.ts'
import { loadModel } from '../../src/importers/index.ts'
import { call, type Outcome } from './call.ts'

const DIGITS = 'examples/digits'
const MODEL = `${DIGITS}/digits_int8.tflite`
const REFERENCE = `${DIGITS}/reference/digits_int8`

const folder = mkdtempSync(join(tmpdir(), 'compile-wasm-'))
const at = (name: string) => join(folder, name)
const BUNDLE = at('digits')
const FILES = [
  'README.md',
  'index.d.ts',
  'index.js',
  'package.json',
  'plain.wasm',
  'relaxed-signed.wasm',
  'relaxed-unsigned.wasm',
  'runtime.js',
  'weights.bin',
]

let compiled: Outcome
beforeAll(async () => {
  compiled = await call('compile', MODEL, '--target', 'wasm', '-o', BUNDLE)
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(model: string, output: string): Promise<Outcome> {
  return call('run', model, '--backend', 'wasm', '--input', `${REFERENCE}.inputs.npy`, '--output', at(output))
}

/** A copy of the bundle, to be damaged. */
function copy(name: string): string {
  cpSync(BUNDLE, at(name), { recursive: true })
  return at(name)
}

describe('compile --target wasm', () => {
  test('writes a package and says how large its parts are', () => {
    expect([compiled.code, compiled.out]).toEqual([0, ''])
    expect(readdirSync(BUNDLE).sort()).toEqual(FILES)
    const total = FILES.reduce((sum, name) => sum + statSync(join(BUNDLE, name)).size, 0)
    const size = (n: number) => n.toLocaleString('en-US')
    expect(compiled.err).toContain(`9 files of ${size(total)} bytes in all`)
    expect(compiled.err).toContain(`beside ${size(statSync(MODEL).size)} of digits_int8.tflite`)
    for (const name of ['plain.wasm', 'relaxed-signed.wasm', 'relaxed-unsigned.wasm', 'weights.bin']) {
      expect(compiled.err).toContain(`${name} ${size(statSync(join(BUNDLE, name)).size)}`)
    }
  })

  test('writes the same bytes each time, and in another process', async () => {
    const again = at('again')
    await call('compile', MODEL, '--target', 'wasm', '-o', again)
    const apart = at('apart')
    const args = ['dist/src/cli/main.js', 'compile', MODEL, '--target', 'wasm', '-o', apart, '--quiet']
    expect(spawnSync(process.execPath, args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    for (const name of FILES) {
      const bytes = readFileSync(join(BUNDLE, name))
      expect(readFileSync(join(again, name)).equals(bytes)).toBe(true)
      // A built compiler has its runtime without comments.
      if (name !== 'runtime.js') expect(readFileSync(join(apart, name)).equals(bytes)).toBe(true)
    }
  })

  test('is a function of the library', async () => {
    const graph = unwrap(await loadModel(MODEL))
    const files = unwrap(await bundleModel(graph, { name: '@me/digits', license: 'MIT' }))
    expect(Object.keys(files).sort()).toEqual(FILES)
    expect(JSON.parse(String(files['package.json']))).toMatchObject({ name: '@me/digits', license: 'MIT' })
  })
})

describe('--backend wasm', () => {
  const expected = readFileSync(`${REFERENCE}.outputs.npy`)

  test.each([
    ['a model', MODEL],
    ['a bundle', BUNDLE],
  ])('runs %s as the reference', async (_, model) => {
    const outcome = await run(model, 'out.npy')
    expect(outcome).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/^16 samples of digits/) })
    expect(readFileSync(at('out.npy')).equals(expected)).toBe(true)
  })

  test('evaluates a bundle', async () => {
    const data = `${DIGITS}/data/digits_test`
    const outcome = await call(
      ...['evaluate', BUNDLE, '--backend', 'wasm', '--json', '--scale', '1/255'],
      ...['--data', `${data}.npy`, '--labels', `${data}.labels.npy`],
    )
    expect([outcome.code, outcome.err]).toEqual([0, ''])
    expect(JSON.parse(outcome.out)).toMatchObject({ backend: 'wasm', samples: 200, accuracy: 1 })
  })
})

describe('damaged bundles', () => {
  const DAMAGES: readonly (readonly [string, RegExp, (bundle: string) => void])[] = [
    ['other weights', /weights are damaged/, (bundle) => flip(join(bundle, 'weights.bin'))],
    ['too few weights', /of weights instead of/, (bundle) => writeFileSync(join(bundle, 'weights.bin'), '?')],
    ['no modules', /could not be fetched/, (bundle) => eachModule(bundle, rmSync)],
    ['other modules', /is damaged/, (bundle) => eachModule(bundle, flip)],
    [
      'half a script',
      /cannot be loaded/,
      (bundle) => writeFileSync(join(bundle, 'index.js'), 'let load = ('),
    ],
  ]

  test.each(DAMAGES)('%s', async (name, says, damage) => {
    const bundle = copy(name)
    damage(bundle)
    const outcome = await run(bundle, 'damaged.npy')
    expect(outcome.code).toBe(1)
    expect(outcome.err).toMatch(/^error\[bundle\/unusable\] /)
    expect(outcome.err).toMatch(says)
    expect(outcome.err).toContain('hint: ')
    expect(outcome.err).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
  })
})

function eachModule(bundle: string, work: (file: string) => void): void {
  for (const name of readdirSync(bundle)) if (name.endsWith('.wasm')) work(join(bundle, name))
}

function flip(file: string): void {
  const bytes = readFileSync(file)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  writeFileSync(file, bytes)
}
