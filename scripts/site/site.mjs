/**
 * Writes the documentation site: the repository's Markdown and the reference of the library, by TypeDoc, which is a package of
 * this folder and is installed by `npm ci` where it is missing. Pages open from disk, without a server or a network.
 *
 *   npm run site -- [--out FOLDER]       into out/site unless told otherwise
 *
 * Exit code 1, with each on standard error: a link that leads nowhere, a page in no group, a type of the library's interface
 * that the library does not export.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { deadHtmlLinks } from './html-links.mjs'
import { deadLinks } from './links.mjs'
import { existsIn, misplaced, repositoryFiles, repositoryPages } from './pages.mjs'
import { stage } from './stage.mjs'

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')
const TYPEDOC = join(HERE, 'node_modules/typedoc/bin/typedoc')

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'out/site') } } })
const out = resolve(values.out)
const staged = mkdtempSync(join(tmpdir(), 'site-pages-'))
process.on('exit', () => rmSync(staged, { recursive: true }))

function stopIf(faults) {
  if (faults.length === 0) return
  console.error(faults.join('\n'))
  console.error(`site: ${faults.length} faults`)
  process.exit(1)
}

// TypeDoc empties the folder that it writes into.
if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, 'assets/navigation.js')))
  stopIf([`${values.out} is a folder of something else; name one that is new, empty, or an older site`])

const files = repositoryFiles()
const pages = repositoryPages()
stopIf([...misplaced(pages.keys()), ...deadLinks(pages, existsIn(files))])

if (!existsSync(TYPEDOC)) execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: HERE, stdio: 'inherit' })
const documents = stage(staged, pages, files).flatMap((path) => ['--projectDocuments', join(staged, path)])
const args = ['--options', join(HERE, 'typedoc.json'), '--readme', join(staged, 'home.md'), '--out', out]
const { status } = spawnSync(process.execPath, [TYPEDOC, ...args, ...documents], {
  cwd: HERE,
  stdio: 'inherit',
})
if (status !== 0) process.exit(1)
stopIf(deadHtmlLinks(out))
console.log(`open ${relative(process.cwd(), join(out, 'index.html'))}`)
