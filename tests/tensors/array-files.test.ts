import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { writeFolder } from '../../src/files.ts'
import { readArray, readArrays, writeArrays } from '../../src/tensors/array-files.ts'
import type { NpyArray } from '../../src/tensors/npy.ts'

const folder = mkdtempSync(join(tmpdir(), 'arrays-'))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

const one: NpyArray = { dtype: 'i8', shape: [2], data: Int8Array.of(1, 2) }
const two: NpyArray = { dtype: 'f32', shape: [1], data: Float32Array.of(0.5) }

test('one output goes to a .npy and comes back', () => {
  unwrap(writeArrays(at('one.npy'), new Map([['y', one]])))
  expect(unwrap(readArray(at('one.npy')))).toEqual(one)
})

test('several outputs go to a .npz, and are refused for a .npy', () => {
  const both = new Map([
    ['y', one],
    ['z', two],
  ])
  unwrap(writeArrays(at('both.npz'), both))
  const read = unwrap(readArrays([at('both.npz')]))
  expect(read.map(({ name, array }) => [name, array])).toEqual([...both])

  const refused = writeArrays(at('both.npy'), both)
  expect(refused.ok ? [] : refused.diagnostics).toMatchObject([
    { code: 'output/several-arrays', hint: expect.stringContaining('both.npz') },
  ])
  expect(existsSync(at('both.npy'))).toBe(false)
})

test('names and paths may hold equals signs', () => {
  unwrap(writeArrays(at('a=b.npy'), new Map([['y', one]])))
  expect(unwrap(readArrays([at('a=b.npy')]))[0]?.name).toBeUndefined()
  expect(unwrap(readArrays([`x=1:0=${at('one.npy')}`]))[0]?.name).toBe('x=1:0')
  expect(unwrap(readArrays([`x=${at('a=b.npy')}`]))[0]?.name).toBe('x')
})

test('a folder appears whole, and one that exists keeps what else is in it', () => {
  unwrap(writeFolder(at('new'), { 'a.txt': 'a', 'b.bin': Uint8Array.of(1) }))
  expect(readdirSync(at('new'))).toEqual(['a.txt', 'b.bin'])
  unwrap(writeFolder(at('new'), { 'a.txt': 'again', 'c.txt': 'c' }))
  expect(readdirSync(at('new'))).toEqual(['a.txt', 'b.bin', 'c.txt'])
  expect(readFileSync(at('new/a.txt'), 'utf8')).toBe('again')
})

test('a folder that cannot be written leaves nothing', () => {
  const before = readdirSync(folder)
  for (const [path, code] of [
    [at('one.npy'), 'output/in-the-way'],
    [at('no/where'), 'output/no-folder'],
  ] as const) {
    const refused = writeFolder(path, { 'a.txt': 'a' })
    expect(refused.ok ? [] : refused.diagnostics).toMatchObject([{ code }])
  }
  expect(readdirSync(folder)).toEqual(before)
})
