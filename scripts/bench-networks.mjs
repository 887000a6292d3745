/**
 * One network in many precisions: the digits networks of the zoo beside the repository, as the built command line sees
 * them, in one run. Accuracy is the reference backend's over all samples, with the outputs of the other backends
 * compared on the first ones; latency is that of the fastest exact variant on this machine. Writes its section of
 * docs/benchmarks.md.
 *
 *   npm run bench:networks            print the table and write the section
 *   npm run bench:networks -- --dry   print only
 *
 * ESPALIER_NODE24 names a Node with relaxed SIMD for the latencies; without it they are those of plain SIMD.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { circumstances, writeSection } from './benchmarks-page.mjs'

const ROOT = join(import.meta.dirname, '..')
const ZOO = join(ROOT, '../shared/zoo')
const CLI = join(ROOT, 'dist/src/cli/main.js')
const OUT = mkdtempSync(join(tmpdir(), 'espalier-networks-'))
const NODE = process.env.ESPALIER_NODE24 ?? process.execPath
const DIGITS = [join(ZOO, 'data/mnist_test.npy'), join(ZOO, 'data/mnist_test.labels.npy')]
const CANVAS = [join(ZOO, 'own/data/canvas_test.npy'), join(ZOO, 'own/data/canvas_test.labels.npy')]

const NETWORKS = [
  { file: 'digits_float.onnx', what: 'float32' },
  { file: 'digits_int8.tflite', what: 'int8' },
  { file: 'digits_qdq_int8.onnx', what: 'int8, QDQ' },
  { file: 'digits_4w4a.onnx', what: '4-bit (other layers)' },
  { file: 'digits_1w1a.onnx', what: '1-bit (other layers)' },
  { file: 'digits_sparse_int8.tflite', what: 'int8, 75 % of blocks zero' },
  { file: 'digits_sparse_qdq_int8.onnx', what: 'int8, QDQ, 75 % of blocks zero' },
  { file: 'digits_segment_float.onnx', what: 'float32', data: CANVAS },
  { file: 'digits_segment_int8.tflite', what: 'int8', data: CANVAS },
  { file: 'digits_segment_qdq_int8.onnx', what: 'int8, QDQ', data: CANVAS },
]

function json(args, node = process.execPath) {
  const out = execFileSync(node, [CLI, ...args, '--json', '--quiet'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return JSON.parse(out)
}

function folderBytes(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

const row = (...cells) => `| ${cells.join(' | ')} |`
const thousands = (n) => n.toLocaleString('en-US')

function measure({ file, what, data = DIGITS }) {
  const model = join(ZOO, 'own/models', file)
  const scale = ['--scale', String(1 / 255)]
  const { accuracy } = json([
    'evaluate',
    model,
    '--backend',
    'reference',
    '--data',
    data[0],
    '--labels',
    data[1],
    ...scale,
  ])
  // Exits with 3, which stops the script, where a backend differs.
  json(['verify', model, '--runs', '4'])
  const bundle = join(OUT, file)
  execFileSync(process.execPath, [CLI, 'compile', model, '--target', 'wasm', '-o', bundle, '--quiet'])
  const bench = json(['bench', model], NODE)
  const fastest = bench.variants.reduce((best, each) =>
    each.total.median_us < best.total.median_us ? each : best,
  )
  const simulated = json(['simulate', model])
  const { low, nominal, high } = simulated.energy_uj
  const runsOnHost = simulated.layers.length === 0
  process.stderr.write(`${file}\n`)
  return row(
    file,
    what,
    `${(100 * accuracy).toFixed(2)} %`,
    thousands(statSync(model).size),
    thousands(folderBytes(bundle)),
    `${fastest.total.median_us.toFixed(0)} (${fastest.variant})`,
    ...(runsOnHost
      ? ['-', '-', '-', 'all']
      : [
          thousands(simulated.cycles),
          thousands(simulated.dram.read_bytes + simulated.dram.write_bytes),
          `${nominal.toPrecision(3)} (${low.toPrecision(3)} to ${high.toPrecision(3)})`,
          simulated.host_ops.map(({ op }) => op).join(', ') || 'nothing',
        ]),
  )
}

try {
  const head = [
    'network',
    'precision',
    'accuracy',
    'model file, bytes',
    'bundle, bytes',
    'WASM, µs',
    'Trellis cycles',
    'DRAM bytes',
    'energy, µJ',
    'on the host',
  ]
  const table = [row(...head), row('---', '---', ...Array(7).fill('---:'), '---'), ...NETWORKS.map(measure)]
  const text = `## One task in many precisions

${circumstances('bench:networks')}. Digits: top-1 of 1,000 MNIST test images; segmentation: cells of 200 canvases. The three
backends agreed bit for bit on random inputs of every network (\`espalier verify\`). Cycles, bytes and energy are those of
trellis-16, without what runs on the host; an energy is nominal, with its interval.

${table.join('\n')}
`
  console.log(text)
  if (!process.argv.includes('--dry')) writeSection('bench:networks', text)
} finally {
  rmSync(OUT, { recursive: true })
}
