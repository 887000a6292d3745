/** Plants a violation of every layer rule in a copy of the rules' folder and sees the linter reject just those. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** File, what it imports, and the rule that must refuse it; null where the import is allowed. */
const PLANTED: readonly (readonly [file: string, source: string, rule: string | null])[] = [
  ['ir/a.ts', '../backends/trellis/target.ts', 'ir'],
  ['ir/b.ts', '../sim/a.ts', 'ir'],
  ['ir/passes/c.ts', '../../src/a.ts', 'ir'],
  ['ir/passes/d.ts', '../graph.ts', null],
  ['ir/text/e.ts', 'antlr4ng', null],
  ['ir/f.ts', 'antlr4ng', 'door-antlr4ng'],
  ['backends/trellis/a.ts', '../../sim/a.ts', 'backends'],
  ['backends/trellis/b.ts', '../../src/cli/a.ts', 'backends'],
  ['backends/trellis/c.ts', '../wasm/a.ts', 'trellis'],
  ['backends/wasm/d.ts', '../trellis/target.ts', 'wasm'],
  ['backends/trellis/e.ts', '../../ir/graph.ts', null],
  ['backends/trellis/isa/f.ts', 'antlr4ng', 'door-antlr4ng'],
  ['backends/trellis/g.ts', 'zod', 'door-yaml'],
  ['backends/trellis/target.ts', 'zod', null],
  ['backends/trellis/h.ts', 'binaryen', 'door-binaryen'],
  ['backends/wasm/i.ts', 'binaryen', null],
  ['backends/trellis/netlist/i.ts', 'binaryen', null],
  ['sim/a.ts', '../src/a.ts', 'sim'],
  ['sim/b.ts', '../ir/graph.ts', 'sim'],
  ['sim/c.ts', '../backends/trellis/compile.ts', 'sim'],
  ['sim/d.ts', 'node:fs', 'sim'],
  ['sim/e.ts', '../backends/trellis/isa/table.ts', null],
  ['sim/f.ts', '../backends/trellis/target.ts', null],
  ['sim/g.ts', '../ir/arith/rounding.ts', null],
  ['src/a.ts', '../tests/a.ts', 'src'],
  ['src/b.ts', '../examples/a.ts', 'src'],
  ['src/c.ts', '../sim/a.ts', null],
  ['src/d.ts', 'commander', 'door-commander'],
  ['src/cli/e.ts', 'commander', null],
  ['src/cli/f.ts', 'chalk', 'door-chalk'],
  ['src/cli/style.ts', 'chalk', null],
  ['src/g.ts', 'flatbuffers', 'door-flatbuffers'],
  ['src/g2.ts', '@bufbuild/protobuf/wire', 'door-protobuf'],
  ['src/importers/onnx/h.ts', '@bufbuild/protobuf/wire', null],
  ['src/importers/tflite/h.ts', 'flatbuffers', null],
  ['src/g2.ts', '@bufbuild/protobuf/wire', 'door-protobuf'],
  ['src/importers/onnx/h.ts', '@bufbuild/protobuf/wire', null],
  ['src/cli/i.ts', 'fflate', 'door-fflate'],
  ['src/tensors/j.ts', 'fflate', null],
  ['src/report/k.ts', '@observablehq/plot', 'door-charts'],
  ['src/report/page/kit/l.ts', '@dagrejs/dagre', 'door-charts'],
  ['src/report/page/charts/m.ts', '@dagrejs/dagre', null],
  ['src/report/page/n.ts', './kit/dom.ts', null],
  ['src/report/page/simulation/o.ts', '../kit/dom.ts', null],
  ['src/cli/p.ts', '../report/page/kit/dom.ts', 'page'],
  ['tests/a.ts', '../src/a.ts', null],
]

const folder = mkdtempSync(join(tmpdir(), 'layers-'))
let complaints: Map<string, readonly string[]>

beforeAll(() => {
  cpSync('biome.json', join(folder, 'biome.json'))
  cpSync('scripts/layers', join(folder, 'scripts/layers'), { recursive: true })
  for (const [file, source] of PLANTED) plant(file, `import * as planted from '${source}'\nplanted.use()\n`)
  complaints = lint()
})

afterAll(() => rmSync(folder, { recursive: true }))

test.each(PLANTED)('%s importing %s', (file, _, rule) => {
  expect(complaints.get(file) ?? []).toEqual(
    rule === null ? [] : [expect.stringContaining(MESSAGES[rule] ?? '?')],
  )
})

test('every form of an import is seen', () => {
  const forms = [
    "import a from '../src/a.ts'",
    "import a, { b } from '../src/a.ts'",
    "import type { A } from '../src/a.ts'",
    "import '../src/a.ts'",
    "export { a } from '../src/a.ts'",
    "export * from '../src/a.ts'",
    "export type A = import('../src/a.ts').A",
    "export const a = await import('../src/a.ts')",
  ]
  for (const [i, form] of forms.entries()) plant(`ir/form${i}.ts`, `${form}\n`)
  const found = lint()
  for (const [i, form] of forms.entries())
    expect([form, found.get(`ir/form${i}.ts`)?.length]).toEqual([form, 1])
})

test('files that import each other are a cycle', () => {
  plant('ir/one.ts', "import { two } from './two.ts'\nexport const one = () => two\n")
  plant('ir/two.ts', "import { one } from './one.ts'\nexport const two = () => one\n")
  expect(lint('lint/suspicious/noImportCycles').get('ir/one.ts')).toHaveLength(1)
})

/** A part of the message of each rule. */
const MESSAGES: Readonly<Record<string, string>> = {
  ir: 'ir/ may import nothing above it',
  backends: 'backends/ may import only ir/',
  trellis: 'may not import backends/wasm',
  wasm: 'may not import backends/trellis',
  sim: 'sim/ may import the instruction table',
  src: 'src/ may not import examples',
  'door-antlr4ng': 'antlr4ng may be',
  'door-yaml': 'zod may be',
  'door-binaryen': 'binaryen may be',
  'door-commander': 'commander and cli-table3',
  'door-chalk': 'chalk may be',
  'door-flatbuffers': 'flatbuffers may be',
  'door-protobuf': '@bufbuild/protobuf may be',
  'door-fflate': 'fflate may be',
  'door-charts': 'Observable Plot and dagre may be',
  page: 'run in a browser',
}

function plant(file: string, content: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), content)
}

/** What the linter says of each file, of one category: `plugin` holds the layer rules. */
function lint(category = 'plugin'): Map<string, readonly string[]> {
  const linter = resolve('node_modules/.bin/biome')
  const args = ['lint', '--reporter=json', '--max-diagnostics=none']
  const { stdout } = spawnSync(linter, args, { cwd: folder, encoding: 'utf8' })
  const report = JSON.parse(stdout) as Report
  const found = new Map<string, string[]>()
  for (const { category: kind, location, message } of report.diagnostics) {
    if (kind !== category) continue
    const path = typeof location.path === 'string' ? location.path : location.path.file
    found.set(path, [
      ...(found.get(path) ?? []),
      typeof message === 'string' ? message : JSON.stringify(message),
    ])
  }
  return found
}

interface Report {
  diagnostics: { category: string; message: unknown; location: { path: string | { file: string } } }[]
}
