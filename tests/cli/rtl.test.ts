/** `espalier rtl`: the files of a target, and the image of a program for the test bench. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encode } from '../../backends/trellis/isa/codec.ts'
import { presetYaml } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { openProgram } from '../../src/open-program.ts'
import { call } from './call.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-rtl-'))
const OUT = join(folder, 'rtl')
const DIGITS = 'examples/digits/digits_int8.tflite'

afterAll(() => rmSync(folder, { recursive: true }))

describe('rtl', () => {
  it('writes every module that another one names, and the headers that they include', async () => {
    const outcome = await call('rtl', '--target', 'trellis-8', '-o', OUT)
    expect([outcome.code, outcome.out]).toEqual([0, ''])
    const files = readdirSync(OUT)
    const text = files.map((name) => readFileSync(join(OUT, name), 'utf8')).join('\n')
    const modules = new Set([...text.matchAll(/^module (\w+)/gm)].map((m) => m[1]))
    for (const [, name] of text.matchAll(/^ +(trellis_\w+) (?:#\(|\w+ \()/gm)) expect(modules).toContain(name)
    for (const [, name] of text.matchAll(/`include "(.+)"/g)) expect(files).toContain(name)
    expect(readFileSync(join(OUT, 'trellis_target.svh'), 'utf8')).toContain('`define TRELLIS_ROWS 8\n')
  })

  it('writes constants and instructions of a program where the program says', async () => {
    const program = unwrap(await openProgram(DIGITS, 'trellis-8'))
    expect((await call('rtl', '--target', 'trellis-8', '--program', DIGITS, '-o', OUT)).code).toBe(0)
    const dram = new Uint8Array(program.dramBytes)
    for (const line of readFileSync(join(OUT, 'program.hex'), 'utf8').trim().split('\n')) {
      const [at = '', ...bytes] = line.split(' ')
      dram.set(
        bytes.map((b) => Number.parseInt(b, 16)),
        Number.parseInt(at.slice(1), 16),
      )
    }
    const end = program.weightsAddress + program.weights.length
    expect(dram.subarray(program.weightsAddress, end)).toEqual(program.weights)
    for (const { address, instructions } of program.segments) {
      const bytes = encode(instructions)
      expect(dram.subarray(address, address + bytes.length)).toEqual(bytes)
    }
    expect(readFileSync(join(OUT, 'program.txt'), 'utf8')).toMatch(/\+latency=30: \d+ cycles/)
  })

  it.each([
    [{ cols: 12, activation_kib: 96 }, 'array.cols is 12'],
    [{ cols: 24, post_lanes: 3, activation_kib: 96 }, 'array.cols is 24'],
    [{ rows: 64, cols: 4, post_lanes: 4, bytes_per_cycle: 64 }, 'dram.bytes_per_cycle is 64'],
    [{ rows: 16, activation_kib: 0.25, banks: 16 }, 'memories.banks makes banks of 16 bytes'],
  ])('refuses a target without RTL: %o', async (changes, message) => {
    const file = join(folder, 'target.yaml')
    let text = presetYaml('trellis-8')
    for (const [key, value] of Object.entries(changes))
      text = text.replace(new RegExp(`${key}: [\\d.]+`), `${key}: ${value}`)
    writeFileSync(file, text)
    const outcome = await call('rtl', '--target', file, '-o', OUT)
    expect([outcome.code, outcome.out]).toEqual([1, ''])
    expect(outcome.err).toContain('rtl/unsupported')
    expect(outcome.err).toContain(message)
  })

  it('takes the target of a compiled folder, and refuses another', async () => {
    const compiled = join(folder, 'compiled')
    expect((await call('compile', DIGITS, '--target', 'trellis-8', '-o', compiled)).code).toBe(0)
    expect((await call('rtl', '--program', compiled, '-o', OUT)).err).toContain('trellis-8 ->')
    const both = await call('rtl', '--program', compiled, '--target', 'trellis-16', '-o', OUT)
    expect(both.code).toBe(2)
    expect(both.err).toContain('cli/conflicting-option')
  })
})
