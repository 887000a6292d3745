import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  capacities,
  loadTarget,
  PRESET_NAMES,
  parseTarget,
  presetYaml,
} from '../../backends/trellis/target.ts'

const good = `# a comment
name: mine
clock_mhz: 150
array:
  rows: 8
  cols: 16
precisions: [8]
memories: { activation_kib: 64, weight_kib: 32, accumulator_kib: 16, parameter_kib: 2 }
dram:
  bytes_per_cycle: 8
  latency_cycles: 20
`

/** The diagnostics for the good file with one piece of its text replaced. */
function diagnose(from: string, to: string) {
  expect(good).toContain(from)
  const result = parseTarget(good.replace(from, to), 'mine.yaml')
  return result.ok ? [] : result.diagnostics
}

describe('presets', () => {
  test.each(PRESET_NAMES)('%s is a valid target of its own name', (name) => {
    const target = loadTarget(name)
    expect(target).toMatchObject({ ok: true, value: { name } })
    expect(parseTarget(presetYaml(name), `${name}.yaml`)).toEqual(target)
  })

  test('without a name the default', () => {
    expect(loadTarget()).toEqual(loadTarget('trellis-16'))
  })
})

describe('a file', () => {
  test('keys left out get their defaults', () => {
    expect(parseTarget(good, 'mine.yaml')).toEqual({
      ok: true,
      value: {
        name: 'mine',
        clock_mhz: 150,
        array: { rows: 8, cols: 16, post_lanes: 16, line_words: 128 },
        precisions: [8],
        memories: {
          activation_kib: 64,
          weight_kib: 32,
          accumulator_kib: 16,
          parameter_kib: 2,
          index_kib: 4,
          banks: 8,
        },
        dram: { bytes_per_cycle: 8, latency_cycles: 20, model: 'fixed' },
        energy: '45nm',
      },
    })
  })

  test('is loaded by its path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'target-'))
    try {
      const file = join(folder, 'mine.yaml')
      writeFileSync(file, good)
      expect(loadTarget(file)).toEqual(parseTarget(good, file))
      expect(loadTarget(folder)).toMatchObject({ diagnostics: [{ code: 'target/unreadable' }] })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('what is wrong, where, and what to do', () => {
  test.each<[string, string, string, object]>([
    [
      'a misspelt key',
      'clock_mhz',
      'clock_mzh',
      {
        code: 'target/unknown-key',
        message: 'there is no key "clock_mzh"',
        span: { file: 'mine.yaml', line: 3, column: 1 },
        hint: 'did you mean clock_mhz?',
      },
    ],
    [
      'a misspelt key inside',
      '  cols: 16',
      '  colls: 16',
      {
        code: 'target/unknown-key',
        message: 'there is no key "colls" in array',
        span: { file: 'mine.yaml', line: 6, column: 3 },
        hint: 'did you mean cols?',
      },
    ],
    [
      'a key that is nothing like any other',
      'name: mine',
      'name: mine\ncache_ways: 4',
      { hint: 'keys here are name, clock_mhz, array, precisions, memories, dram, queue_depth, energy' },
    ],
    [
      'zero rows',
      'rows: 8',
      'rows: 0',
      {
        code: 'target/invalid',
        message: 'array.rows is 0, but must be a whole number from 4 to 64, a multiple of 4',
        span: { file: 'mine.yaml', line: 5, column: 3 },
      },
    ],
    [
      'rows of the wrong multiple',
      'rows: 8',
      'rows: 9',
      { message: 'array.rows is 9, but must be a whole number from 4 to 64, a multiple of 4' },
    ],
    [
      'half a row',
      'rows: 8',
      'rows: 8.5',
      { message: 'array.rows is 8.5, but must be a whole number from 4 to 64, a multiple of 4' },
    ],
    [
      'the wrong type',
      'rows: 8',
      'rows: eight',
      { message: 'array.rows is "eight", but must be a whole number from 4 to 64, a multiple of 4' },
    ],
    [
      'no value',
      'rows: 8',
      'rows:',
      { message: 'array.rows is empty, but must be a whole number from 4 to 64, a multiple of 4' },
    ],
    [
      'a list for a number',
      'clock_mhz: 150',
      'clock_mhz: [1]',
      { message: 'clock_mhz is a list, but must be a number from 1 to 5000' },
    ],
    [
      'a number for a map',
      'array:\n  rows: 8\n  cols: 16',
      'array: 8',
      { message: 'array is 8, but must be a map of rows, cols, post_lanes, line_words' },
    ],
    [
      'a memory too large',
      'activation_kib: 64',
      'activation_kib: 512',
      {
        message: 'memories.activation_kib is 512, but must be a number from 0.25 to 256',
        span: { file: 'mine.yaml', line: 8, column: 13 },
      },
    ],
    [
      'a memory too small',
      'weight_kib: 32',
      'weight_kib: 0',
      {
        message: 'memories.weight_kib is 0, but must be a number from 0.25 to 2048',
        span: { file: 'mine.yaml', line: 8, column: 33 },
      },
    ],
    [
      'a precision that no lane has',
      'precisions: [8]',
      'precisions: [8, 3]',
      {
        message: 'precisions.1 is 3, but must be one of 8, 4, 2, 1',
        span: { file: 'mine.yaml', line: 7, column: 1 },
      },
    ],
    [
      'no precision',
      'precisions: [8]',
      'precisions: []',
      { message: 'precisions is a list, but must be a list, at least 1 long, each one of 8, 4, 2, 1' },
    ],
    [
      'a width that is no power of two',
      'bytes_per_cycle: 8',
      'bytes_per_cycle: 12',
      {
        message: 'dram.bytes_per_cycle is 12, but must be a whole number from 1 to 64, a power of two',
        span: { file: 'mine.yaml', line: 10, column: 3 },
      },
    ],
    [
      'an unknown model',
      'latency_cycles: 20',
      'latency_cycles: 20\n  model: ddr9',
      {
        message: 'dram.model is "ddr9", but must be "fixed"',
        span: { file: 'mine.yaml', line: 12, column: 3 },
      },
    ],
    [
      'an unknown energy table',
      'name: mine',
      'energy: 7nm\nname: mine',
      { message: 'energy is "7nm", but must be one of "45nm", "65nm"' },
    ],
    [
      'a missing key',
      '  latency_cycles: 20\n',
      '',
      {
        message: 'dram.latency_cycles is missing: expected a whole number from 1 to 10000',
        span: { file: 'mine.yaml', line: 9, column: 1 },
      },
    ],
    [
      'lanes that do not divide',
      'cols: 16',
      'cols: 16\n  post_lanes: 5',
      {
        message: 'array.post_lanes is 5, but array.cols (16) must be a multiple of it',
        span: { file: 'mine.yaml', line: 7, column: 3 },
      },
    ],
    [
      'banks that do not divide',
      'parameter_kib: 2',
      'parameter_kib: 2, banks: 7',
      { message: '64 KiB in 7 banks is 9362.29 bytes a bank, not a multiple of the 16-byte port' },
    ],
  ])('%s', (_, from, to, expected) => {
    const [first] = diagnose(from, to)
    expect(first).toMatchObject({ severity: 'error', ...expected })
    expect(first?.hint).toBeTruthy()
  })

  test('memories that do not hold one block of the array', () => {
    const wide = good.replace('rows: 8', 'rows: 64').replace('cols: 16', 'cols: 64')
    const small = (key: string, value: number) => {
      const result = parseTarget(wide.replace(new RegExp(`${key}: \\d+`), `${key}: ${value}`), 'mine.yaml')
      return result.ok ? [] : result.diagnostics.map((d) => d.message)
    }
    expect(parseTarget(wide, 'mine.yaml').ok).toBe(true)
    expect(small('weight_kib', 0.25)).toEqual([
      'memories.weight_kib is 0.25, too small for one block of 64 weight columns',
    ])
    expect(small('parameter_kib', 0.25)).toEqual([
      'memories.parameter_kib is 0.25, too small for one block of 576 parameter bytes',
    ])
  })

  test('every mistake of a file at once', () => {
    const result = parseTarget(good.replace('rows: 8', 'rows: 0').replace('name:', 'nam:'), 'mine.yaml')
    expect(result.ok ? [] : result.diagnostics.map((d) => d.code).sort()).toEqual([
      'target/invalid',
      'target/unknown-key',
    ])
  })

  test.each([
    ['not YAML', 'array: { rows: 8', 'this is not YAML'],
    ['two of one key', 'name: a\nname: b', 'this is not YAML'],
    ['a list', '- 8', 'a target file holds a map of keys'],
    ['nothing', '', 'a target file holds a map of keys'],
    ['binary', '\0\x01\x02', ''],
    ['an alias of nothing', 'name: *other', 'an alias cannot be resolved'],
  ])('%s', (_, text, message) => {
    const result = parseTarget(text, 'mine.yaml')
    expect(result).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'target/syntax', span: { file: 'mine.yaml' } }],
    })
    expect(result.ok ? '' : result.diagnostics[0]?.message).toContain(message)
  })

  test('no target of that name', () => {
    expect(loadTarget('trelis-16')).toMatchObject({
      diagnostics: [
        {
          code: 'target/unknown',
          hint: "did you mean trellis-16? presets are trellis-8, trellis-16, trellis-32; a file's name ends in .yaml",
        },
      ],
    })
    expect(loadTarget('no/such.yaml')).toMatchObject({
      diagnostics: [{ code: 'target/unreadable', message: 'target file: there is no such file' }],
    })
  })
})

test('capacities are in the units that instructions use', () => {
  const target = loadTarget('trellis-16')
  expect(target.ok && capacities(target.value)).toEqual({
    activationBytes: 131072,
    bankBytes: 16384,
    weightColumns: 4096,
    accumulatorVectors: 512,
    parameterBytes: 4096,
    indexEntries: 1024,
  })
})
