/**
 * What a golden file says happens: flags in, output, diagnostics and exit code out. A golden is `x.esp`, whose first
 * line is `// RUN: ` and the flags, and `x.esp.out` beside it.
 *
 *   --passes a,b   runs the passes in turn, with the verifier after each
 *   --verify       runs the verifier
 *   --print        prints the graph
 */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { attempt, Diagnosed, type Diagnostic, type Result, unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import type { Pass } from '../../ir/pass.ts'
import { parse, print } from '../../ir/text/index.ts'
import { verify } from '../../ir/verifier.ts'
import { renderDiagnostic } from '../../src/cli/render.ts'
import { styleOf } from '../../src/cli/style.ts'
import { readBytes } from '../../src/files.ts'
import { PASSES } from './passes.ts'

interface Flags {
  readonly passes: readonly string[]
  readonly verify: boolean
  readonly print: boolean
}

/** The whole expected text of `x.esp.out`. */
export function runGolden(path: string): string {
  const text = readFileSync(path, 'utf8')
  const flags = parseFlags(text.split('\n', 1)[0] ?? '', path)
  const warnings: Diagnostic[] = []
  const result = attempt(() => run(text, path, flags, (diagnostic) => warnings.push(diagnostic)))
  const diagnostics = [...warnings, ...(result.ok ? [] : result.diagnostics)]
  const output = result.ok ? result.value : ''
  const rendered = diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, styleOf(0))).join('')
  return `${output}${rendered}exit code ${result.ok ? 0 : 1}\n`
}

function run(text: string, path: string, flags: Flags, warn: (diagnostic: Diagnostic) => void): string {
  const readSidecar = (name: string): Result<Uint8Array> => {
    const read = readBytes(join(dirname(path), name))
    return read.ok
      ? read
      : { ok: false, diagnostics: read.diagnostics.map((d) => ({ ...d, span: { file: name } })) }
  }
  let graph: Graph = unwrap(parse(text, basename(path), readSidecar))
  if (flags.verify) check(graph)
  for (const name of flags.passes) {
    graph = passNamed(name).run(graph, { warn })
    check(graph)
  }
  return flags.print ? print(graph).text : ''
}

function check(graph: Graph): void {
  const findings = verify(graph)
  if (findings.length > 0) throw new Diagnosed(findings)
}

function passNamed(name: string): Pass<Graph> {
  const pass = PASSES.get(name)
  if (pass) return pass
  throw new Error(`there is no pass ${name}; there are ${[...PASSES.keys()].join(', ') || 'none'}`)
}

function parseFlags(line: string, path: string): Flags {
  const flags = line.match(/^\/\/ RUN: (.*)$/)?.[1]?.split(' ')
  if (!flags) throw new Error(`${path} does not start with "// RUN: " and flags`)
  const at = flags.indexOf('--passes')
  const passes = at < 0 ? [] : (flags[at + 1] ?? '').split(',')
  const unknown = flags.filter(
    (flag, i) => !['--verify', '--print', '--passes'].includes(flag) && i !== at + 1,
  )
  if (unknown.length > 0 || (at >= 0 && passes[0] === ''))
    throw new Error(`${path}: flags ${line} make no sense`)
  return { passes, verify: flags.includes('--verify'), print: flags.includes('--print') }
}
