/**
 * Mistakes on the command line: each gets its exit code, its diagnostic with code and hint, no stack trace, nothing on
 * standard output, and leaves no file behind.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NpyArray, writeNpy } from '../../src/tensors/npy.ts'
import { writeNpz } from '../../src/tensors/npz.ts'
import { call } from './call.ts'

const DIGITS = 'examples/digits'
const MODEL = `${DIGITS}/digits_int8.tflite`
const DATA = `${DIGITS}/reference/digits_int8.inputs.npy`
const CUSTOM = '../shared/zoo/models/audio_preprocessor_int8.tflite'
const LONG = 'x'.repeat(300)

const folder = mkdtempSync(join(tmpdir(), 'cli-errors-'))
const at = (name: string) => join(folder, name)
const OUT = at('out.npy')
let before: readonly string[]

function save(name: string, shape: number[], data: NpyArray['data'], dtype: NpyArray['dtype']): void {
  writeFileSync(at(name), writeNpy({ dtype, shape, data }))
}

beforeAll(() => {
  const model = readFileSync(MODEL)
  writeFileSync(at('truncated.tflite'), model.subarray(0, 20_000))
  writeFileSync(at('empty.tflite'), '')
  writeFileSync(at('foreign.tflite'), 'just some text')
  mkdirSync(at('a-folder'))
  // As far as it takes to be recognized.
  mkdirSync(at('a-program'))
  writeFileSync(at('a-program/manifest.json'), '{}')
  mkdirSync(at('a-bundle'))
  for (const name of ['index.js', 'runtime.js', 'weights.bin']) writeFileSync(at(`a-bundle/${name}`), '')
  cpSync(MODEL, at('digits.tflite'))
  save('wrong-shape.npy', [2, 27, 28, 1], new Int8Array(2 * 27 * 28), 'i8')
  save('nan.npy', [1, 28, 28, 1], new Float32Array(784).fill(Number.NaN), 'f32')
  save('three-labels.npy', [3], new Int32Array(3), 'i32')
  save('float-labels.npy', [16], new Float32Array(16), 'f32')
  save('high-labels.npy', [16], new Int32Array(16).fill(10), 'i32')
  save('map-labels.npy', [16, 4], new Int32Array(64), 'i32')
  save('zero-labels.npy', [16], new Int32Array(16), 'i32')
  const one: NpyArray = { dtype: 'i32', shape: [16], data: new Int32Array(16) }
  writeFileSync(
    at('two.npz'),
    writeNpz(
      new Map([
        ['a', one],
        ['b', one],
      ]),
    ),
  )
  before = readdirSync(folder)
})

afterAll(() => rmSync(folder, { recursive: true }))

const run = (model: string, input: string, output = OUT, ...more: string[]) => [
  ...['run', model, '--backend', 'reference', '--input', input, '--output', output],
  ...more,
]
const evaluate = (labels: string, ...more: string[]) => [
  'evaluate',
  MODEL,
  '--data',
  DATA,
  '--labels',
  labels,
  ...more,
]

/** What it is, the arguments, the exit code, the diagnostic's code, and a part of what is said. */
const MISTAKES: readonly (readonly [string, string[], number, string, RegExp])[] = [
  ['a truncated model', ['inspect', at('truncated.tflite')], 1, 'tflite/', /hint:/],
  ['an empty model', ['inspect', at('empty.tflite')], 1, 'model/empty', /empty\.tflite/],
  ['a foreign file', ['inspect', at('foreign.tflite')], 1, 'model/foreign', /foreign\.tflite/],
  ['a missing model', ['inspect', at('digitz.tflite')], 1, 'file/not-found', /did you mean .*digits\.tflite/],
  ['a folder as model', ['inspect', at('a-folder')], 1, 'file/is-folder', /a-folder/],
  [
    'a name no system takes',
    ['run', MODEL, '--backend', 'reference', '-i', LONG, '-o', OUT],
    1,
    'file/unreadable',
    /perm/,
  ],
  ['a compiled folder', run(at('a-program'), DATA), 1, 'model/compiled', /--backend trellis/],
  ['a bundle', run(at('a-bundle'), DATA), 1, 'model/compiled', /--backend wasm/],
  ['a folder to run', run(at('a-folder'), DATA), 1, 'file/is-folder', /a-folder/],
  [
    'a wrong-shaped array',
    run(MODEL, at('wrong-shape.npy')),
    1,
    'input/shape',
    /\[2,27,28,1\].*\[1,28,28,1\]/,
  ],
  ['NaN in the data', run(MODEL, at('nan.npy')), 1, 'input/not-finite', /\[0, 0, 0, 0\]/],
  ['missing data', run(MODEL, at('nowhere.npy')), 1, 'file/not-found', /nowhere\.npy/],
  ['data that is no array', run(MODEL, MODEL), 1, 'npy/not-npy', /numpy\.save/],
  ['an input that is none', run(MODEL, `imput=${DATA}`), 1, 'input/unknown', /serving_default_input:0/],
  [
    'an archive for one input',
    run(MODEL, `serving_default_input:0=${at('two.npz')}`),
    1,
    'input/archive-of-several',
    /2 arrays/,
  ],
  ['a missing output folder', run(MODEL, DATA, at('no/where/out.npy')), 1, 'output/no-folder', /mkdir -p/],
  [
    'an output that is a folder',
    run(MODEL, DATA, at('a-folder')),
    1,
    'output/in-the-way',
    /folder of this name/,
  ],
  ['an output that cannot be', run(MODEL, DATA, at(LONG)), 1, 'output/not-writable', /ENAMETOOLONG/],
  ['too few labels', evaluate(at('three-labels.npy')), 1, 'labels/count', /16 samples and 3 labels/],
  ['labels that are floats', evaluate(at('float-labels.npy')), 1, 'labels/type', /int32/],
  ['a class too many', evaluate(at('high-labels.npy')), 1, 'labels/range', /label 0 is 10.*0 to 9/],
  ['labels of another map', evaluate(at('map-labels.npy')), 1, 'labels/shape', /\[16,4\]/],
  ['several arrays of labels', evaluate(at('two.npz')), 1, 'input/archive-of-several', /numpy\.save/],
  ['a missing target file', ['targets', at('t.yaml')], 1, 'target/unreadable', /trellis-16/],
  ['a misspelt target', ['targets', 'treliss-16'], 1, 'target/unknown', /did you mean trellis-16/],
  [
    'a misspelt wasm',
    ['compile', MODEL, '-o', OUT, '--target', 'wsam'],
    2,
    'cli/invalid-argument',
    /did you mean wasm\?/,
  ],
  [
    'a bundle where a program is',
    ['compile', MODEL, '-o', at('a-program'), '--target', 'wasm'],
    1,
    'output/in-the-way',
    /program for Trellis.*another folder/,
  ],
  [
    'a program where a bundle is',
    ['compile', MODEL, '-o', at('a-bundle')],
    1,
    'output/in-the-way',
    /bundle for WebAssembly/,
  ],
  [
    'wasm to simulate',
    ['simulate', MODEL, '--target', 'wasm'],
    2,
    'cli/invalid-argument',
    /"espalier compile" only.*--backend wasm/,
  ],
  ['a bundle to simulate', ['simulate', at('a-bundle')], 1, 'model/compiled', /not a program for Trellis/],
  ['a bundle to inspect', ['inspect', at('a-bundle')], 1, 'model/compiled', /bundle for WebAssembly/],
  ['a bundle to compile', ['compile', at('a-bundle'), '-o', OUT], 1, 'model/compiled', /give the \.tflite/],
  [
    'a program as a bundle',
    run(at('a-program'), DATA, OUT, '--backend', 'wasm'),
    1,
    'model/compiled',
    /--backend trellis.*--target wasm/,
  ],
  [
    'a folder that is no bundle',
    run(at('a-folder'), DATA, OUT, '--backend', 'wasm'),
    1,
    'bundle/missing-file',
    /no index\.js.*--target wasm/,
  ],
  [
    'a bundle without content',
    run(at('a-bundle'), DATA, OUT, '--backend', 'wasm'),
    1,
    'bundle/unusable',
    /does not export load.*compile the model again/,
  ],
  [
    'a target for WebAssembly',
    run(MODEL, DATA, OUT, '--backend', 'wasm', '--target', 'trellis-8'),
    2,
    'cli/conflicting-option',
    /wasm has no targets.*--backend trellis/,
  ],
  [
    'a misspelt target to compile for',
    ['compile', MODEL, '-o', OUT, '--target', 'trellis16'],
    1,
    'target/unknown',
    /trellis-16/,
  ],
  ['a folder to compile', ['compile', at('a-folder'), '-o', OUT], 1, 'file/is-folder', /a-folder/],
  [
    'a folder to compile into that is a file',
    ['compile', MODEL, '-o', at('nan.npy')],
    1,
    'output/in-the-way',
    /file of this name/,
  ],
  [
    'a folder to compile into that has no parent',
    ['compile', MODEL, '-o', at('no/where')],
    1,
    'output/no-folder',
    /mkdir -p/,
  ],
  [
    'a folder that was not compiled',
    ['run', at('a-folder'), '--backend', 'trellis', '-i', DATA, '-o', OUT],
    1,
    'image/missing-file',
    /manifest/,
  ],
  [
    'a target for a compiled folder',
    ['run', at('a-folder'), '--backend', 'trellis', '--target', 'trellis-8', '-i', DATA, '-o', OUT],
    2,
    'cli/conflicting-option',
    /--target/,
  ],
  [
    'a batch for a compiled folder',
    ['run', at('a-folder'), '--backend', 'trellis', '--batch', '2', '-i', DATA, '-o', OUT],
    2,
    'cli/conflicting-option',
    /--batch/,
  ],
  [
    'a batch for a model with a fixed one',
    ['inspect', MODEL, '--batch', '2'],
    1,
    'model/fixed-batch',
    /--batch/,
  ],
  ['a misspelt command', ['inspct', MODEL], 2, 'cli/unknown-command', /did you mean inspect\?/],
  ['a misspelt option', ['inspect', MODEL, '--jsno'], 2, 'cli/unknown-option', /did you mean --json\?/],
  ['no model', ['inspect'], 2, 'cli/missing-argument', /model/],
  ['one argument too many', ['inspect', MODEL, MODEL], 2, 'cli/excess-arguments', /hint:/],
  [
    'a misspelt backend',
    run(MODEL, DATA, OUT, '--backend', 'trelis'),
    2,
    'cli/invalid-argument',
    /did you mean trellis\?/,
  ],
  ['no backend', ['run', MODEL, '-i', DATA, '-o', OUT], 2, 'cli/missing-mandatory-option-value', /--backend/],
  ['an option without value', ['run', MODEL, '--input'], 2, 'cli/option-missing-argument', /--input/],
  [
    'a scale that is no number',
    run(MODEL, DATA, OUT, '--scale', '1/x'),
    2,
    'cli/invalid-argument',
    /fraction/,
  ],
  ['an unknown layout', run(MODEL, DATA, OUT, '--data-layout', 'chw'), 2, 'cli/invalid-argument', /nhwc/],
  [
    'no backend at all',
    run(MODEL, DATA, OUT, '--backend', 'gpu'),
    2,
    'cli/invalid-argument',
    /reference, trellis or wasm/,
  ],
  ['nothing to verify', ['verify'], 2, 'cli/missing-argument', /model/],
  ['no runs to verify', ['verify', MODEL, '--runs', '0'], 2, 'cli/invalid-argument', /at least 1/],
  ['a seed that is too large', ['verify', MODEL, '--seed', '4294967296'], 2, 'cli/invalid-argument', /2\^32/],
  ['a seed that is no number', ['verify', MODEL, '--seed', '-1'], 2, 'cli/invalid-argument', /whole number/],
  ['a bundle to verify', ['verify', at('a-bundle')], 1, 'model/compiled', /the model that was compiled/],
  ['wasm to verify for', ['verify', MODEL, '--target', 'wasm'], 2, 'cli/invalid-argument', /only/],
  [
    'a misspelt target to verify for',
    ['verify', MODEL, '--target', 'treliss-8'],
    1,
    'target/unknown',
    /mean trellis-8/,
  ],
  ['nothing to time', ['bench'], 2, 'cli/missing-argument', /model/],
  ['half a run', ['bench', MODEL, '--runs', '1.5'], 2, 'cli/invalid-argument', /at least 1/],
  ['data to time', ['bench', DATA], 1, 'model/foreign', /NumPy array/],
  ['a bundle to time', ['bench', at('a-bundle')], 1, 'model/compiled', /bundle for WebAssembly/],
  ['a command of later', ['compress', MODEL, '-o', OUT], 2, 'cli/not-available', /quantized/],
  ['another', ['explore', 'space.yaml', '-o', OUT], 2, 'cli/not-available', /simulate --json/],
]

test.each(MISTAKES)('%s', async (_, args, exitCode, code, says) => {
  const outcome = await call(...args)
  expect(outcome.err).toContain(`error[${code}`)
  expect(outcome.err.replaceAll('\n', ' ')).toMatch(says)
  expect(outcome.err).toContain('hint:')
  expect(outcome.err).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
  expect(outcome.out).toBe('')
  expect(outcome.code).toBe(exitCode)
  expect(readdirSync(folder)).toEqual(before)
})

test('an accuracy below its floor exits with 3, after the result', async () => {
  const outcome = await call(...evaluate(at('zero-labels.npy'), '--floor', '0.99', '--json'))
  expect(outcome.code).toBe(3)
  expect(JSON.parse(outcome.out)).toMatchObject({ samples: 16 })
  expect(outcome.err).toContain('error[check/accuracy-floor]')
})

test('--quiet silences warnings and messages, not errors', async () => {
  const args = [...run(MODEL, DATA), '--scale', '2']
  const loud = await call(...args)
  expect(loud.err).toContain('warning[input/scale-unused]')
  expect(loud.err).toContain('16 samples')
  const quiet = await call(...args, '--quiet')
  expect([quiet.code, quiet.err]).toEqual([0, ''])
  expect((await call(...run(MODEL, at('nan.npy')), '--quiet')).err).toContain('error[input/not-finite]')
  rmSync(OUT)
})

describe.skipIf(!existsSync(CUSTOM))('models of ../shared/zoo (skipped where it is missing)', () => {
  test('custom operators are refused by name', async () => {
    const outcome = await call('inspect', CUSTOM)
    expect(outcome.code).toBe(1)
    expect(outcome.err).toMatch(/error\[tflite\/unsupported-operator\].*/)
    expect(outcome.err).toContain('SignalWindow')
    expect(outcome.err).toContain('hint:')
  })
})
