import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { call } from './call.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-asm-'))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

test('asm and disasm are inverses of each other', async () => {
  const source = '; a comment\nmac.dense  input=6720 wait=load,post x_step=16 mx=8 my=1 signal=post\n\nend\n'
  writeFileSync(at('a.s'), source)
  expect(await call('asm', at('a.s'), '-o', at('a.bin'), '--quiet')).toEqual({ code: 0, out: '', err: '' })
  const printed = await call('disasm', at('a.bin'))
  expect(printed.out).toBe('mac.dense wait=load,post signal=post input=6720 x_step=16 mx=8 my=1\nend\n')

  expect((await call('disasm', at('a.bin'), '-o', at('b.s'))).code).toBe(0)
  expect(readFileSync(at('b.s'), 'utf8')).toBe(printed.out)
  await call('asm', at('b.s'), '-o', at('b.bin'))
  expect(readFileSync(at('b.bin'))).toEqual(readFileSync(at('a.bin')))
})

test('a misspelt instruction is told with its line', async () => {
  writeFileSync(at('bad.s'), 'end\nmac.dens mx=8\n')
  const outcome = await call('asm', at('bad.s'), '-o', at('bad.bin'))
  expect(outcome.code).toBe(1)
  expect(outcome.err).toContain(`${at('bad.s')}:2:1`)
  expect(outcome.err).toContain('mac.dense')
})

test('bytes that are no program are refused', async () => {
  writeFileSync(at('odd.bin'), 'seventeen bytes..')
  const outcome = await call('disasm', at('odd.bin'))
  expect([outcome.code, outcome.out]).toEqual([1, ''])
  expect(outcome.err).toContain('error[isa/')
})
