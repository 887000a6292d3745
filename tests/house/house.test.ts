/** Rules of the house that no other tool checks. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { VERSION } from '../../src/version.ts'

/** Longer files need a reason in their header: `Long because ...`. */
const MAX_LINES = 400
const HEADER_LINES = 12

const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file))
const SOURCES = FILES.filter((file) => /\.(ts|mjs|g4)$/.test(file) && !/\.generated\.ts$/.test(file))

function lines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n')
}

test('no file is too long without a reason', () => {
  const tooLong = SOURCES.filter((file) => {
    const all = lines(file)
    return all.length > MAX_LINES && !/Long because/i.test(all.slice(0, HEADER_LINES).join('\n'))
  })
  expect(tooLong).toEqual([])
})

test('a file is named for one idea', () => {
  expect(FILES.filter((file) => /\b(utils?|helpers?|common|misc)\b/i.test(basename(file)))).toEqual([])
})

test('the version is the one of package.json', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version)
})

test('the lock file records no download addresses', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved": "https?:/)
})

test('the lock file knows the packages of every platform', () => {
  // npm drops those that it could not fetch when it wrote the file, and `npm ci` then refuses the file.
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock
  const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  const names = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
  expect(wanted.filter((name) => !names.has(name))).toEqual([])
})

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >
}

test('nothing in the repository depends on where it lies', () => {
  const absolute = FILES.filter((file) => /\.(ts|mjs|md|json|sh|grit|yaml)$/.test(file)).filter((file) =>
    /["'`\s(](\/home\/|\/work\/|\/Users\/|C:\\)/.test(readFileSync(file, 'utf8')),
  )
  expect(absolute.filter((file) => file !== 'tests/house/house.test.ts')).toEqual([])
})
