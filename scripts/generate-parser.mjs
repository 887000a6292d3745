/**
 * Generates parsers from their ANTLR grammars, with antlr-ng.
 *
 *   node scripts/generate-parser.mjs            writes the generated files
 *   node scripts/generate-parser.mjs --check    exits with 1 if a committed file is out of date
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const GRAMMARS = ['ir/text/Espalier.g4']

const check = process.argv.includes('--check')
const stale = []
for (const grammar of GRAMMARS) {
  const folder = join(ROOT, dirname(grammar), 'generated')
  for (const [name, text] of generate(grammar)) {
    const path = join(folder, name)
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
    stale.push(path.slice(ROOT.length + 1))
    if (check) continue
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, text)
  }
}
if (stale.length === 0) console.log('the generated parsers are up to date')
else if (!check) console.log(`wrote ${stale.join(', ')}`)
else {
  console.error(`out of date: ${stale.join(', ')}; run: node scripts/generate-parser.mjs`)
  process.exitCode = 1
}

/** Names and texts of the files generated from a grammar. */
function generate(grammar) {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-parser-'))
  try {
    const tool = join(ROOT, 'node_modules', 'antlr-ng', 'dist', 'cli', 'runner.js')
    const options = ['-Dlanguage=TypeScript', '--generate-listener', 'false', '--warnings-are-errors', 'true']
    execFileSync(process.execPath, [tool, ...options, '-o', folder, join(ROOT, grammar)], { stdio: 'pipe' })
    return readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const text = readFileSync(join(folder, file), 'utf8')
        return [file.replace(/\.ts$/, '.generated.ts'), header(grammar) + adapted(text)]
      })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The tool's output is not written for our compiler settings (unused names, missing `override`). */
function header(grammar) {
  return `// @ts-nocheck\n// Generated from ${basename(grammar)} by scripts/generate-parser.mjs. Do not edit.\n`
}

function adapted(text) {
  return text
    .replace(/^\/\/ (for running tests|eslint-disable).*\n/gm, '')
    .replace(/^type int = number;\n/m, '')
    .replace(/from "\.\/(\w+)\.js"/g, 'from "./$1.generated.ts"')
    .trimStart()
}
