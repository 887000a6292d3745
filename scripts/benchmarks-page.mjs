/**
 * docs/benchmarks.md holds a section for each script that measures, between comments that name it. A script replaces its
 * own and leaves the others as they are.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, '../docs/benchmarks.md')

/** The page with the section of `script` (such as `bench:zoo`) replaced, or added at the end where it has none. */
export function withSection(page, script, text) {
  const begin = `<!-- ${script} -->\n`
  const end = `<!-- end of ${script} -->\n`
  const section = `${begin}\n${text.trim()}\n\n${end}`
  const from = page.indexOf(begin)
  if (from < 0) return `${page.trimEnd()}\n\n${section}`
  const to = page.indexOf(end, from)
  if (to < 0) throw new Error(`docs/benchmarks.md has no line "${end.trim()}"`)
  return page.slice(0, from) + section + page.slice(to + end.length)
}

export function writeSection(script, text) {
  writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), script, text))
}

/** When and on what a section was measured. */
export function circumstances(script) {
  const today = new Date().toISOString().slice(0, 10)
  const machine = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`
  return `Written by \`npm run ${script}\` on ${today}: Node ${process.versions.node}, ${machine}`
}
