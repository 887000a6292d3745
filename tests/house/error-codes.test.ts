/** Every code that the sources use has a row in the table, every row is used, and every one is tested. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../scripts/docs/error-codes.ts'

/** Codes put together from parts: in these folders a part in quotes counts as its use. */
const COMPOSED: Readonly<Record<string, string>> = {
  tflite: 'src/importers/tflite',
  text: 'ir/text',
  onnx: 'src/importers/onnx',
}
/** Commander's errors become codes by rule, so nothing in the sources names them. */
const FROM_COMMANDER = /^cli\/(?!not-available|conflicting-option)/

const CODES = Object.keys(ERROR_CODES)
const SOURCES = ['src', 'ir', 'backends', 'sim']
  .flatMap((folder) => files(folder))
  .filter((file) => !file.includes('/generated/'))
/** Tests, and the golden files that hold what they expect. */
const TESTS = files('tests', /\.(ts|out)$/).filter((file) => !file.startsWith('tests/house/'))

function files(folder: string, names = /\.ts$/): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => names.test(name))
}

function text(paths: readonly string[]): string {
  return paths.map((path) => readFileSync(path, 'utf8')).join('\n')
}

function isUsed(code: string, sources: string): boolean {
  const [group = '', name = ''] = code.split('/')
  if (FROM_COMMANDER.test(code) || sources.includes(`'${code}'`)) return true
  const folder = COMPOSED[group]
  return folder !== undefined && text(files(folder)).includes(`'${name}'`)
}

test('every code of the sources has a row', () => {
  const groups = [...new Set(CODES.map((code) => code.split('/')[0]))].join('|')
  const literal = new RegExp(`'((?:${groups})/[a-z0-9-]+)'|code: '([a-z]+/[a-z0-9-]+)'`, 'g')
  const used = [...text(SOURCES).matchAll(literal)].map((match) => match[1] ?? match[2])
  for (const [group, folder] of Object.entries(COMPOSED)) {
    const parts = text(files(folder)).matchAll(
      /\b(?:reject|error|fail\w*)\(\s*(?:[\w.]+,\s*)?'([a-z0-9]+(?:-[a-z0-9]+)*)'/g,
    )
    for (const part of parts) used.push(`${group}/${part[1]}`)
  }
  expect([...new Set(used)].filter((code) => code !== undefined && !(code in ERROR_CODES)).sort()).toEqual([])
})

test('every row is used by the sources', () => {
  const sources = text(SOURCES)
  expect(CODES.filter((code) => !isUsed(code, sources))).toEqual([])
})

test('every row has a test case', () => {
  const tests = text(TESTS)
  const isTested = (code: string) => {
    const [group = '', name] = code.split('/')
    return tests.includes(code) || (group in COMPOSED && tests.includes(`'${name}'`))
  }
  expect(CODES.filter((code) => !isTested(code))).toEqual([])
})
