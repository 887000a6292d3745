/**
 * Measures the built command line on the zoo beside the repository and writes its section of docs/benchmarks.md:
 * cycles and DRAM bytes against their lower bounds, agreement with the reference outputs, and time and memory of whole
 * processes. Figures come from one run; times are medians of three, models in alternating order.
 *
 *   npm run bench:zoo            print the tables and write the section
 *   npm run bench:zoo -- --dry   print only
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readNpy } from '../dist/src/tensors/npy.js'
import { circumstances, writeSection } from './benchmarks-page.mjs'

const ROOT = join(import.meta.dirname, '..')
const ZOO = join(ROOT, '../shared/zoo')
const CLI = join(ROOT, 'dist/src/cli/main.js')
const OUT = mkdtempSync(join(tmpdir(), 'espalier-bench-'))
const TARGETS = ['trellis-8', 'trellis-16', 'trellis-32']

/** Models, and what trellis-16 is meant to stay below: cycles over the lower bound, DRAM bytes over theirs. */
const MODELS = [
  { name: 'resnet8_int8', cycles: 1.15, dram: 1.15 },
  { name: 'dscnn_kws_int8', cycles: 1.6, dram: 1.15 },
  { name: 'vww_96_int8', cycles: 1.8 },
  { name: 'mobilenet_v2_int8_224', cycles: 1.5 },
  { name: 'ad01_int8', cycles: 1.15 },
  { name: 'ad01_int8_floatio' },
  { name: 'micro_speech_int8' },
  { name: 'hello_world_int8' },
  { name: 'simple_add' },
  { name: 'digits_int8' },
  { name: 'digits_sparse_int8' },
  { name: 'digits_segment_int8' },
]

function zooFile(folder, ...names) {
  for (const base of [ZOO, join(ZOO, 'own')]) {
    for (const name of names) {
      const path = join(base, folder, name)
      if (existsSync(path)) return path
    }
  }
  throw new Error(`no ${names.join(' or ')} in the zoo`)
}

/** Wall time and largest resident set of one process; /usr/bin/time is not everywhere, so the process tells itself. */
const PROBE =
  `data:text/javascript,process.on('exit',()=>require('fs').writeFileSync(process.env.ESPALIER_BENCH_RSS,String(process.resourceUsage().maxRSS)))`.replace(
    "require('fs')",
    'process.getBuiltinModule("fs")',
  )

function timed(args) {
  const rss = join(OUT, 'rss')
  const start = process.hrtime.bigint()
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', PROBE, CLI, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ESPALIER_BENCH_RSS: rss },
    maxBuffer: 1 << 28,
  })
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return { seconds, stdout, rssMib: Number(readFileSync(rss, 'utf8')) / 1024 }
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
const thousands = (n) => n.toLocaleString('en-US')
const row = (...cells) => `| ${cells.join(' | ')} |`

function npyBytes(path) {
  const parsed = readNpy(readFileSync(path), path)
  if (!parsed.ok) throw new Error(parsed.diagnostics[0].message)
  return Buffer.from(parsed.value.data.buffer, parsed.value.data.byteOffset, parsed.value.data.byteLength)
}

function agreement(name, args) {
  const out = join(OUT, 'outputs.npy')
  timed([
    ...args,
    '--input',
    zooFile('reference', `${name}.inputs.npy`, `${name}.inputs.npz`),
    '--output',
    out,
  ])
  return npyBytes(out).equals(npyBytes(zooFile('reference', `${name}.outputs.npy`))) ? 'equal' : '**differs**'
}

function cyclesTables() {
  const lines = []
  let missed = 0
  for (const target of TARGETS) {
    lines.push(`\n### ${target}\n`)
    lines.push(
      row(
        'model',
        'cycles',
        'lower bound',
        'ratio',
        'bar',
        'DRAM bytes',
        'compulsory',
        'ratio',
        'bar',
        'energy, µJ',
        'outputs',
      ),
    )
    lines.push(row('---', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---'))
    for (const { name, cycles: cyclesBar, dram: dramBar } of MODELS) {
      const model = zooFile('models', `${name}.tflite`)
      const r = JSON.parse(timed(['simulate', model, '--target', target, '--json']).stdout)
      const bars = target === 'trellis-16'
      const ratio = r.lower_bound.cycles === 0 ? 0 : r.cycles / r.lower_bound.cycles
      const bytes = r.dram.read_bytes + r.dram.write_bytes
      const dramRatio = bytes / r.lower_bound.dram_bytes
      const bar = (value, limit) => {
        if (!bars || limit === undefined) return ''
        if (value > limit) missed++
        return value <= limit ? `≤ ${limit}` : `**> ${limit}**`
      }
      const { low, nominal, high } = r.energy_uj
      lines.push(
        row(
          name,
          thousands(r.cycles),
          thousands(r.lower_bound.cycles),
          ratio.toFixed(3),
          bar(ratio, cyclesBar),
          thousands(bytes),
          thousands(r.lower_bound.dram_bytes),
          dramRatio.toFixed(3),
          bar(dramRatio, dramBar),
          `${nominal.toPrecision(3)} (${low.toPrecision(3)} to ${high.toPrecision(3)})`,
          agreement(name, ['run', model, '--backend', 'trellis', '--target', target]),
        ),
      )
      process.stderr.write(`${target} ${name}\n`)
    }
  }
  return { lines, missed }
}

function timeTable() {
  const names = ['resnet8_int8', 'mobilenet_v2_int8_224']
  const jobs = names.flatMap((name) => {
    const model = zooFile('models', `${name}.tflite`)
    const io = ['--input', zooFile('reference', `${name}.inputs.npy`), '--output', join(OUT, 'y.npy')]
    const samples = readNpy(readFileSync(io[1]), '').value.shape[0]
    return [
      { what: `compile ${name}`, args: ['compile', model, '-o', join(OUT, 'program')] },
      { what: `simulate ${name}, timing alone`, args: ['simulate', model, '--json'] },
      { what: `simulate ${name}, with ${samples} samples`, args: ['simulate', model, '--json', ...io] },
      {
        what: `run ${name}, reference, ${samples} samples`,
        args: ['run', model, '--backend', 'reference', ...io],
      },
    ]
  })
  const seconds = jobs.map(() => [])
  const rss = jobs.map(() => 0)
  for (let round = 0; round < 3; round++) {
    const order = round % 2 === 0 ? [...jobs.keys()] : [...jobs.keys()].reverse()
    for (const j of order) {
      rmSync(join(OUT, 'program'), { recursive: true, force: true })
      const run = timed(jobs[j].args)
      seconds[j].push(run.seconds)
      rss[j] = Math.max(rss[j], run.rssMib)
    }
  }
  return [
    row('whole process', 'seconds', 'peak memory, MiB'),
    row('---', '---:', '---:'),
    ...jobs.map(({ what }, j) => row(what, median(seconds[j]).toFixed(2), Math.round(rss[j]))),
  ]
}

if (!existsSync(ZOO)) {
  console.error('bench:zoo needs the model zoo at ../shared/zoo; nothing was measured')
  process.exit(0)
}
execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' })
const { lines, missed } = cyclesTables()
const section = `${circumstances('bench:zoo')}.

## Cycles, DRAM traffic and energy

The lower bound of cycles is the larger of MACs / peak and compulsory DRAM bytes / bandwidth; compulsory bytes are weights,
parameters (bias, multiplier and shift), and what the machine takes in and gives out. DRAM bytes include instructions.
\`outputs\` compares every element with the reference outputs of the zoo. Other accelerators stand beside these figures in
[validation.md](validation.md).
${lines.join('\n')}

## Time and memory of the tool

Medians of three whole processes, in alternating order.

${timeTable().join('\n')}
`
rmSync(OUT, { recursive: true, force: true })
console.log(section)
if (!process.argv.includes('--dry')) writeSection('bench:zoo', section)
if (missed > 0) console.error(`${missed} bars missed`)
process.exit(missed > 0 ? 3 : 0)
