/** The built program, started as a user starts it. */
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const BIN: string = JSON.parse(readFileSync('package.json', 'utf8')).bin.espalier
const MODEL = 'examples/digits/digits_int8.tflite'

function start(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })
}

test('the bin entry can be executed', () => {
  expect(readFileSync(BIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect(statSync(BIN).mode & 0o111).toBe(0o111)
})

test('--json is all there is on standard output', () => {
  const { status, stdout, stderr } = start(['inspect', MODEL, '--json'])
  expect([status, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout).model).toBe('digits_int8')
})

describe('exit codes reach the shell', () => {
  test.each([
    [0, ['--version']],
    [1, ['inspect', 'nowhere.tflite']],
    [2, ['inspect', MODEL, '--jsno']],
    [2, []],
  ])('%i for %j', (code, args) => {
    expect(start(args).status).toBe(code)
  })
})

test('a mistake is told within two seconds, without a stack trace', () => {
  const begin = performance.now()
  const { stderr } = start(['inspect', 'package.json'])
  expect(performance.now() - begin).toBeLessThan(2000)
  expect(stderr).toContain('error[model/foreign]')
  expect(stderr).not.toContain('node:internal')
})

test('no colour where the output is no terminal, whatever the terminal can do', () => {
  const escape = String.fromCharCode(27)
  const { stdout } = start(['inspect', MODEL], { FORCE_COLOR: '3', NO_COLOR: '' })
  expect(stdout).not.toContain(escape)
})

test('a reader that stops early is no error', () => {
  const command = `"${process.execPath}" "${BIN}" inspect "${MODEL}" | head -n 1; exit "\${PIPESTATUS[0]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
  expect([status, stdout.trim(), stderr]).toEqual([0, 'digits_int8 (tflite)', ''])
})
