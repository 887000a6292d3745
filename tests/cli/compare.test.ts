/** `espalier compare` on simulations that `espalier simulate --json` printed. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { comparisonText } from '../../src/cli/comparison-report.ts'
import { styleOf } from '../../src/cli/style.ts'
import type { Comparison } from '../../src/compare/compare.ts'
import { embedded } from '../report/embedded.ts'
import { call } from './call.ts'

const DIGITS = 'examples/digits/digits_int8.tflite'
const SPARSE = 'examples/digits/digits_sparse_int8.tflite'

const folder = mkdtempSync(join(tmpdir(), 'cli-compare-'))
afterAll(() => rmSync(folder, { recursive: true }))

function save(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

let dense: string
let sparse: string
let small: string
beforeAll(async () => {
  const simulate = async (name: string, ...args: string[]): Promise<string> =>
    save(name, (await call('simulate', ...args, '--json')).out)
  dense = await simulate('dense.json', DIGITS)
  sparse = await simulate('sparse.json', SPARSE)
  small = await simulate('small.json', DIGITS, '--target', 'trellis-8')
}, 120_000)

test('identical files do not differ, whatever the limit', async () => {
  const { code, out, err } = await call('compare', dense, dense, '--fail-above', '0')
  expect([code, err]).toEqual([0, ''])
  expect(out.split('\n').slice(-2)).toEqual(['no difference', ''])
})

describe('another target', () => {
  test('--json has the differences of the figures that both files have', async () => {
    const { code, out, err } = await call('compare', dense, small, '--json')
    expect([code, err]).toEqual([0, ''])
    const comparison: Comparison = JSON.parse(out)
    expect(Object.keys(comparison)).toEqual(['a', 'b', 'headline', 'dram_by', 'energy_by', 'units', 'layers'])
    const [a, b] = [dense, small].map((file) => JSON.parse(readFileSync(file, 'utf8')))
    expect(comparison.a).toEqual({
      ...{ model: 'digits_int8', target: 'trellis-16', clock_mhz: 200, batch: 1 },
      machine: { rows: 16, cols: 16, dram_bytes_per_cycle: 16 },
    })
    expect(comparison.headline.cycles).toEqual({
      ...{ a: a.cycles, b: b.cycles, difference: b.cycles - a.cycles },
      percent: (100 * (b.cycles - a.cycles)) / a.cycles,
    })
    expect(comparison.headline.energy_uj).toMatchObject({ a: a.energy_uj.nominal, b: b.energy_uj.nominal })
    expect(comparison.units.load?.['token mac']?.b).toBe(b.units.load.stall['token mac'])
    expect(comparison.dram_by.weights).toMatchObject({ a: a.dram.by.weights, b: b.dram.by.weights })
    comparison.layers.forEach((layer, index) => {
      expect(layer).toMatchObject({ matched_by: 'name', a: { index }, b: { index } })
      expect(layer.cycles).toMatchObject({ a: a.layers[index].cycles, b: b.layers[index].cycles })
      expect(layer.dram_bytes.b).toBe(b.layers[index].dram_bytes)
      expect(layer.energy_uj.b).toBe(b.layers[index].energy_uj)
    })
    const sum = comparison.layers.reduce((total, layer) => total + layer.cycles.difference, 0)
    expect(sum).toBe(comparison.headline.cycles.difference)
    const energy = comparison.layers.reduce((total, layer) => total + layer.energy_uj.difference, 0)
    expect(energy).toBeCloseTo(comparison.headline.energy_uj.difference, 9)
  })

  test('the largest differences come first, in 100 columns', async () => {
    const { out } = await call('compare', dense, small)
    for (const line of out.split('\n')) expect(line.trimEnd().length).toBeLessThanOrEqual(100)
    const layers = out.slice(out.indexOf('cycles A')).split('\n\n')[0] ?? ''
    const amounts = [...layers.matchAll(/ ([+-][\d,]+) +[+-][\d.]+ %/g)].map(([, text = '']) =>
      Math.abs(Number(text.replaceAll(',', ''))),
    )
    expect(amounts).toHaveLength(10)
    expect(amounts).toEqual(amounts.toSorted((p, q) => q - p))
    expect(out).toMatch(/^mac +busy +[\d,]+ +[\d,]+ +\+[\d,]+ +\+[\d.]+ %$/m)
    expect(out).toMatch(/conv1_relu_1\/Relu +mac busy +7,056 +28,224 +\+21,168 +\+300.0 %/)
  })

  test('--all shows those that the limit hides, --unit those of another unit', async () => {
    const some = (await call('compare', dense, small)).out
    expect(some).toMatch(/and \d+ smaller ones, which --all shows/)
    const all = (await call('compare', dense, small, '--all')).out
    expect(all).not.toContain('which --all shows')
    expect(all.split('\n').length).toBeGreaterThan(some.split('\n').length)
    expect((await call('compare', dense, small, '--unit', 'post')).out).toMatch(/Relu +post token mac /)
  })

  test('colours change nothing but colours', async () => {
    const comparison: Comparison = JSON.parse((await call('compare', dense, small, '--json')).out)
    const text = (level: 0 | 1) => comparisonText(comparison, { unit: 'mac' }, styleOf(level))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    expect(text(1).replace(/\x1b\[\d+m/g, '')).toBe(text(0))
  })
})

describe('--report', () => {
  test('writes one file that holds the very object that --json prints, and changes nothing else', async () => {
    const file = join(folder, 'r.html')
    const { code, out, err } = await call('compare', dense, sparse, '--json', '--report', file)
    expect([code, err]).toEqual([0, expect.stringContaining(`-> ${file}`)])
    const html = readFileSync(file, 'utf8')
    expect(embedded(html)).toEqual(JSON.parse(out))
    expect(html).not.toMatch(/<(link|img|iframe|object)\b|<script[^>]*\bsrc=|\bon[a-z]+="/)
    expect((await call('compare', dense, sparse, '--report', file)).out).toBe(
      (await call('compare', dense, sparse)).out,
    )
  })

  test('is refused before files are read where it cannot be written', async () => {
    const { code, err } = await call('compare', 'none', 'none', '--report', join(folder, 'no/r.html'))
    expect([code, err]).toEqual([1, expect.stringContaining('output/no-folder')])
  })

  test('does not overwrite what is compared', async () => {
    const { code, err } = await call('compare', dense, sparse, '--report', sparse)
    expect([code, err]).toEqual([1, expect.stringContaining('output/overwrites-input')])
  })

  test('is written even where the limit is exceeded', async () => {
    const file = join(folder, 'more.html')
    const { code } = await call('compare', sparse, dense, '--fail-above', '2', '--report', file)
    expect([code, existsSync(file)]).toEqual([3, true])
  })
})

test('a layer of one side only, and one with another name', async () => {
  const other = JSON.parse(readFileSync(dense, 'utf8'))
  other.layers[0].name = 'renamed'
  const [gone] = other.layers.splice(3, 1)
  other.cycles -= gone.cycles
  const file = save('other.json', JSON.stringify(other))
  const { out } = await call('compare', dense, file)
  expect(out).toMatch(/point1_relu_1\/Relu +conv2d +(\d+) +-\1 +only A/)
  expect(out).toContain('1 layer with another name in B, found by op and shape\n1 layer only in A')
  expect((await call('compare', file, dense)).out).toMatch(/point1_relu_1\/Relu +conv2d +(\d+) +\+\1 +only B/)
})

describe('--fail-above', () => {
  const planted = (percent: number, key: 'cycles' | 'dram' | 'energy'): string => {
    const simulation = JSON.parse(readFileSync(dense, 'utf8'))
    const more = 1 + percent / 100
    if (key === 'cycles') simulation.cycles *= more
    else if (key === 'dram')
      simulation.dram.read_bytes += (percent / 100) * simulation.layers.reduce(bytes, 0)
    else simulation.energy_uj.nominal *= more
    return save(`${key}-${percent}.json`, JSON.stringify(simulation))
  }
  const bytes = (total: number, layer: { dram_bytes: number }) => total + layer.dram_bytes

  test.each([
    ['cycles', 'cycles'],
    ['dram', 'DRAM bytes'],
    ['energy', 'microjoules'],
  ] as const)('more %s than that exits with 3, after the result', async (metric, says) => {
    const file = planted(2.5, metric)
    const { code, out, err } = await call('compare', dense, file, '--fail-above', '2%', '--json')
    expect(code).toBe(3)
    expect(JSON.parse(out)).toHaveProperty('headline')
    expect(err).toContain('error[check/increase] more than 2 % above A')
    expect(err).toMatch(new RegExp(`A: ${says} [\\d,.]+ to [\\d,.]+ \\(\\+2\\.5 %\\)\n`))
    expect(err).toContain('hint:')
    expect((await call('compare', dense, file, '--fail-above', '3')).code).toBe(0)
    expect((await call('compare', dense, file, '--fail-above', '0.5%')).code).toBe(3)
    // Less is no failure.
    expect((await call('compare', file, dense, '--fail-above', '0')).code).toBe(0)
  })

  test('--metric chooses, and may be repeated', async () => {
    const file = planted(2.5, 'dram')
    const args = ['compare', dense, file, '--fail-above', '2']
    expect((await call(...args, '--metric', 'cycles')).code).toBe(0)
    expect((await call(...args, '--metric', 'cycles', '--metric', 'energy')).code).toBe(0)
    expect((await call(...args, '--metric', 'cycles', '--metric', 'dram')).code).toBe(3)
  })

  test('a network that got smaller passes', async () => {
    expect((await call('compare', dense, sparse, '--fail-above', '0')).code).toBe(0)
    expect((await call('compare', sparse, dense, '--fail-above', '100')).code).toBe(3)
  })
})

describe('mistakes', () => {
  const older = (): string => {
    const simulation = JSON.parse(readFileSync(dense, 'utf8'))
    for (const layer of simulation.layers) delete layer.units
    return JSON.stringify(simulation)
  }
  const changed = (): string => {
    const simulation = JSON.parse(readFileSync(dense, 'utf8'))
    simulation.layers[2].cycles = 'many'
    return JSON.stringify(simulation)
  }
  const inspected = async (): Promise<string> => (await call('inspect', DIGITS, '--json')).out
  const table = async (): Promise<string> => (await call('inspect', DIGITS)).out

  /** What it is, the content of the second file, the code, and a part of what is said. */
  const FILES: readonly (readonly [string, () => string | Promise<string>, string, RegExp])[] = [
    ['an empty file', () => '', 'simulation/not-json', /npm run -s/],
    ['a report for people', table, 'simulation/not-json', /simulate MODEL --json/],
    ['the JSON of another command', inspected, 'simulation/foreign', /simulate MODEL --json/],
    ['a number', () => '7', 'simulation/foreign', /hint:/],
    ['nothing at all in JSON', () => 'null', 'simulation/foreign', /hint:/],
    ['an older version', older, 'simulation/invalid', /layers\.0\.units is missing.*simulate again/],
    ['a file changed by hand', changed, 'simulation/invalid', /layers\.2\.cycles is "many".*a number/],
  ]

  test.each(FILES)('%s', async (name, content, code, says) => {
    const file = save(`${name}.json`, await content())
    for (const files of [
      [dense, file],
      [file, dense],
    ]) {
      const outcome = await call('compare', ...files, '--json')
      expect(outcome).toMatchObject({ code: 1, out: '' })
      expect(outcome.err).toContain(`error[${code}]`)
      expect(outcome.err.replaceAll('\n', ' ')).toMatch(says)
      expect(outcome.err).toContain(file)
    }
  })

  test.each([
    ['a model', [DIGITS], 1, 'simulation/not-json'],
    ['a missing file', [join(folder, 'dens.json')], 1, 'file/not-found'],
    ['a folder', [folder], 1, 'file/is-folder'],
    ['one file only', [], 2, 'cli/missing-argument'],
    ['a limit below 0', ['x.json', '--fail-above', '-1'], 2, 'cli/invalid-argument'],
    ['a limit that is none', ['x.json', '--fail-above', 'a lot'], 2, 'cli/invalid-argument'],
    ['a metric without a limit', ['x.json', '--metric', 'cycles'], 2, 'cli/missing-argument'],
    ['a misspelt metric', ['x.json', '--fail-above', '2', '--metric', 'cycels'], 2, 'cli/invalid-argument'],
    ['a unit that is none', ['x.json', '--unit', 'alu'], 2, 'cli/invalid-argument'],
  ])('%s', async (_, args, exitCode, code) => {
    const outcome = await call('compare', dense, ...args)
    expect(outcome).toMatchObject({ code: exitCode, out: '' })
    expect(outcome.err).toContain(`error[${code}]`)
    expect(outcome.err).toContain('hint:')
  })

  test('a file that holds more than a comparison reads is welcome', async () => {
    const simulation = JSON.parse(readFileSync(dense, 'utf8'))
    simulation.later = { version: 7 }
    simulation.layers[0].later = []
    const { code, out } = await call('compare', dense, save('later.json', JSON.stringify(simulation)))
    expect([code, out.includes('no difference')]).toEqual([0, true])
  })
})
