/** The README's commands run, and print what it shows. `UPDATE_README=1` writes what they print into it instead. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const README = readFileSync('README.md', 'utf8')
const BLOCK = /```(sh|console)\n([\s\S]*?)```/g
const BLOCKS = [...README.matchAll(BLOCK)].map(([, kind, text]) => ({ kind, text: text ?? '' }))
/** What the README calls the command line before and after it is set up. */
const COMMAND = 'npm run -s espalier --'
/** Its commands are twenty processes, on a machine that may be busy. */
const SESSION_MS = 300_000

/** A folder with the examples, where commands may write, and the executable on its path. */
const folder = mkdtempSync(join(tmpdir(), 'readme-'))
mkdirSync(join(folder, 'bin'))
symlinkSync(resolve('dist/src/cli/main.js'), join(folder, 'bin/espalier'))
symlinkSync(resolve('examples'), join(folder, 'examples'))
// Scripts that it shows with their names.
for (const [, text = '', name = ''] of README.matchAll(/```js\n(\/\/ (\S+\.mjs)\n[\s\S]*?)```/g)) {
  writeFileSync(join(folder, name), text)
}
afterAll(() => rmSync(folder, { recursive: true }))

function shell(command: string): string {
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, NO_COLOR: '1' }
  const { output } = spawnSync('bash', ['-c', `exec 2>&1; ${command}`], {
    cwd: folder,
    encoding: 'utf8',
    env,
  })
  return output.join('').replace(/[ \t]+$/gm, '')
}

test('two commands do all the set-up', () => {
  const setUp = BLOCKS.filter(({ kind }) => kind === 'sh').map(({ text }) => text.trim())
  expect(setUp).toHaveLength(2)
  expect(setUp[0]).toMatch(/^npm ci && /)
  expect(setUp[1]).toBe('npm test')
  // The dependencies are installed, or this would not run: the rest of the line must work as it stands.
  const { status } = spawnSync('bash', ['-c', (setUp[0] ?? '').replace(/^npm ci && /, '')], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
})

test('the session prints what is shown', { timeout: SESSION_MS }, () => {
  let text = README
  for (const block of BLOCKS.filter(({ kind }) => kind === 'console')) {
    const commands = block.text.split('\n').filter((line) => line.startsWith('$ '))
    const printed = commands.map((line) => `${line}\n${shell(line.slice(2))}`).join('')
    text = text.replace(block.text, () => printed)
  }
  if (process.env.UPDATE_README) writeFileSync('README.md', text)
  else expect(README).toBe(text)
})

test('the command that it speaks of exists', () => {
  expect(README).toContain(COMMAND)
  expect(JSON.parse(readFileSync('package.json', 'utf8')).scripts.espalier).toBe('node dist/src/cli/main.js')
})
