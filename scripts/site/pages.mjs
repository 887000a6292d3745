/** Which Markdown of the repository is a page of the site, and where the site has it. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** Groups of the sidebar, which `typedoc.json` orders, and the title of a page that its first heading does not tell well. */
export const GROUPS = {
  Start: [
    ['README.md', 'A tour'],
    ['examples/digits/README.md', 'Example: handwritten digits'],
    ['examples/digits-web/README.md', 'Example: digits in a web page'],
  ],
  Networks: [
    ['docs/tflite.md'],
    ['docs/onnx.md'],
    ['docs/conformance.md'],
    ['docs/ops.md'],
    ['docs/supported-ops.md'],
    ['docs/errors.md'],
  ],
  'The accelerator': [
    ['docs/isa.md', 'Instruction set'],
    ['docs/timing.md', 'Timing contract'],
    ['docs/targets.md'],
    ['docs/energy.md'],
    ['docs/area.md'],
  ],
  Figures: [
    ['docs/benchmarks.md'],
    ['docs/validation.md'],
    ['scripts/bench-peers/README.md', 'Protocol: beside other engines'],
  ],
  'The project': [['ARCHITECTURE.md'], ['CONTRIBUTING.md'], ['CHANGELOG.md']],
}

/** Files of the repository, those that are not committed yet included. */
export function repositoryFiles() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n')
  return listed.filter((file) => file !== '' && existsSync(join(ROOT, file)))
}

/** All Markdown of the repository by its path. */
export function repositoryPages() {
  const names = repositoryFiles().filter((file) => file.endsWith('.md'))
  return new Map(names.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))
}

/**
 * Whether a path is a file of the repository or a folder with one.
 *
 * @param {readonly string[]} files
 */
export function existsIn(files) {
  const known = new Set(files)
  return (path) => known.has(path) || path === '.' || files.some((file) => file.startsWith(`${path}/`))
}

/**
 * Pages that no group has, and pages of groups that are not there.
 *
 * @param {Iterable<string>} pages paths of all Markdown
 */
export function misplaced(pages) {
  const grouped = Object.values(GROUPS).flatMap((group) => group.map(([path]) => path))
  const all = [...pages]
  return [
    ...all.filter((page) => !grouped.includes(page)).map((page) => `${page} is in no group of the site`),
    ...grouped
      .filter((page) => !all.includes(page))
      .map((page) => `${page}, a page of the site, does not exist`),
  ]
}
