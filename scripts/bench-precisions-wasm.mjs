/**
 * Times one convolution, 3x3 from 128 to 128 channels with 32x32 outputs, in each precision and density, on every
 * variant of WebAssembly that this Node executes exactly, and writes its section of docs/benchmarks.md. All are timed in
 * turn in one process; before that each network's outputs are compared with the interpreter's.
 *
 *   npm run bench:precisions            print the tables and write the section
 *   npm run bench:precisions -- --dry   print only
 *
 * Node 20 has no relaxed SIMD: there the script runs itself on the Node that ESPALIER_NODE24 names, if it names one.
 */
import { spawnSync } from 'node:child_process'
import { exactVariants } from '../dist/backends/wasm/runtime/runtime.js'
import { unwrap } from '../dist/ir/diagnostic.js'
import { createInterpreter } from '../dist/ir/interpreter.js'
import { OPS } from '../dist/ir/ops/registry.js'
import { benchGraph } from '../dist/src/bench.js'
import { compileModelToWasm } from '../dist/src/pipeline.js'
import { quantile, Stopwatch } from '../dist/src/stopwatch.js'
import { instantiateArtifact, wasmExecutable } from '../dist/src/wasm-executable.js'
import { circumstances, writeSection } from './benchmarks-page.mjs'

const CHANNELS = 128
const SIZE = 32
const KERNEL = 3
const DEPTH = KERNEL * KERNEL * CHANNELS
const MACS = SIZE * SIZE * CHANNELS * DEPTH
const RUNS = 60
const WARM_UP_MS = 300
/** Zero blocks are so many outputs by so many inputs at one tap. */
const BLOCK = 16

const CASES = [
  { name: 'int8', weights: 'i8', range: [-127, 127] },
  { name: 'int8, 4-bit weights', weights: 'i4', range: [-7, 7] },
  { name: 'int8, 2-bit weights', weights: 'i2', range: [-1, 1] },
  {
    name: 'int8, 75 % sparse',
    weights: 'i8',
    range: [-127, 127],
    kept: 0.25,
    bars: { relaxed: 2.5, plain: 2.5 },
  },
  { name: 'int8, 90 % sparse', weights: 'i8', range: [-127, 127], kept: 0.1 },
  { name: 'binary', weights: 'b1', bars: { relaxed: 2, plain: 4 } },
]

/** Integers in [from, to]: a linear congruential generator (Knuth's MMIX), its upper bits. */
let state = 1n
function random(from, to) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
  return from + Number(((state >> 33n) * BigInt(to - from + 1)) >> 31n)
}

const perTensor = (scale, zeroPoint = 0) => ({
  scale: Float64Array.of(Math.fround(scale)),
  zeroPoint: Int32Array.of(zeroPoint),
})

/**
 * A layer between two of 1x1, so that its tensors lie as in the middle of a network; or the layer alone, which shows
 * its part of the weights file.
 */
function network({ name, weights, range, kept = 1 }, isAlone = false) {
  const values = new Map()
  const nodes = []
  const isBinary = weights === 'b1'
  const activation = isBinary
    ? { dtype: 'b1', quant: perTensor(1) }
    : { dtype: 'i8', quant: perTensor(0.05, -5) }
  const convolution = (x, id, kernel, share) => {
    const shape = [CHANNELS, kernel, kernel, CHANNELS]
    const depth = kernel * kernel * CHANNELS
    const data = Int8Array.from({ length: CHANNELS * depth }, () =>
      isBinary ? 2 * random(0, 1) - 1 : random(...range),
    )
    if (share < 1) prune(data, depth, share)
    values.set(`${id} w`, { type: { dtype: weights, shape, quant: perTensor(0.01) }, data })
    const inputs = [x, `${id} w`]
    const attrs = { stride: [1, 1] }
    const outputShape = OPS.conv2d.inferShape(
      inputs.map((input) => values.get(input).type),
      attrs,
    )
    if (!isBinary) {
      const reach = 0.05 * 0.01 * Math.sqrt(depth * share) * 70 * (range[1] / 1.7)
      values.set(id, { type: { dtype: 'i8', shape: outputShape, quant: perTensor(reach / 50, 3) } })
      nodes.push({ op: 'conv2d', name: id, inputs, outputs: [id], attrs })
      return id
    }
    const thresholds = Int32Array.from({ length: CHANNELS }, () => random(-20, 20))
    values.set(`${id} sums`, { type: { dtype: 'i32', shape: outputShape } })
    values.set(`${id} t`, { type: { dtype: 'i32', shape: [CHANNELS, 1] }, data: thresholds })
    values.set(id, { type: { ...activation, shape: outputShape } })
    nodes.push({ op: 'conv2d', name: id, inputs, outputs: [`${id} sums`], attrs })
    nodes.push({
      op: 'threshold',
      name: `${id} threshold`,
      inputs: [`${id} sums`, `${id} t`],
      outputs: [id],
      attrs: { min: -1 },
    })
    return id
  }
  const size = SIZE + KERNEL - 1
  values.set('x', { type: { ...activation, shape: [1, size, size, CHANNELS] } })
  const before = isAlone ? 'x' : convolution('x', 'before', 1, 1)
  const layer = convolution(before, 'layer', KERNEL, kept)
  const after = isAlone ? layer : convolution(layer, 'after', 1, 1)
  return { name, inputs: ['x'], outputs: [after], values, nodes }
}

/** Zeroes all blocks but a share of them, chosen at random. */
function prune(data, depth, share) {
  const columns = depth / BLOCK
  const count = (data.length / depth / BLOCK) * columns
  const kept = Array.from({ length: count }, (_, n) => n < share * count)
  for (let i = count - 1; i > 0; i--) {
    const j = random(0, i)
    const [a, b] = [kept[i], kept[j]]
    kept[i] = b
    kept[j] = a
  }
  data.forEach((_, i) => {
    const [row, column] = [Math.floor(i / depth / BLOCK), Math.floor((i % depth) / BLOCK)]
    if (!kept[row * columns + column]) data[i] = 0
  })
}

/** Throws where a variant's outputs are not the interpreter's. */
async function check(graph, artifact, variants) {
  const { dtype, shape } = graph.values.get('x').type
  const length = shape.reduce((product, size) => product * size)
  const x = Int8Array.from({ length }, () => (dtype === 'b1' ? 2 * random(0, 1) - 1 : random(-128, 127)))
  const [expected] = createInterpreter(graph).run([x])
  for (const variant of variants) {
    const [actual] = (await wasmExecutable(artifact, variant)).run([x])
    const wrong = expected.findIndex((value, i) => actual[i] !== value)
    if (wrong >= 0)
      throw new Error(
        `${graph.name} on ${variant}: element ${wrong} is ${actual[wrong]}, not ${expected[wrong]}`,
      )
  }
}

/** The layer's own steps as one function. */
function layerOf(artifact, { exports }) {
  const steps = artifact.layers.flatMap(({ name }, n) => (name === 'layer' ? [exports[`layer_${n}`]] : []))
  return () => {
    for (const step of steps) step()
  }
}

const row = (...cells) => `| ${cells.join(' | ')} |`
const number = (x, decimals) =>
  x.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })

function table(variant, cases, crossover) {
  const [dense] = cases
  const time = (watch) => quantile(watch.samples, 0.5)
  const rows = cases.map(({ name, watch, bytes, bars }) => {
    const ratio = time(dense.watch) / time(watch)
    const bar = bars?.[variant === 'plain' ? 'plain' : 'relaxed']
    return row(
      name,
      number(time(watch), 0),
      number(quantile(watch.samples, 0), 0),
      number(MACS / time(watch) / 1000, 1),
      `${number(ratio, 2)}${bar === undefined ? '' : ratio >= bar ? ` (bar ${bar})` : ` (misses ${bar})`}`,
      number(quantile(dense.watch.samples, 0) / quantile(watch.samples, 0), 2),
      number(bytes, 0),
    )
  })
  return [
    `### ${variant}`,
    '',
    row('weights', 'µs, median', 'least', 'GMAC/s', 'times int8', 'by the least', 'bytes of weights'),
    row('---', '---:', '---:', '---:', '---:', '---:', '---:'),
    ...rows,
    '',
    `Sparse weights are faster below a density of ${number(100 * crossover, 1)} %.`,
  ].join('\n')
}

async function main() {
  const variants = exactVariants()
  const cases = []
  for (const kind of CASES) {
    const graph = network(kind)
    const artifact = unwrap(await compileModelToWasm(graph, { exportsLayers: true }))
    await check(graph, artifact, variants)
    const { weights } = unwrap(await compileModelToWasm(network(kind, true)))
    cases.push({ ...kind, graph, artifact, bytes: weights.length })
  }
  const watches = new Map()
  for (const variant of variants) {
    for (const { name, artifact } of cases) {
      const instance = await instantiateArtifact(artifact, variant)
      instance.exports.run()
      const watch = new Stopwatch(layerOf(artifact, instance))
      watch.warmUp(WARM_UP_MS)
      watches.set(`${variant} ${name}`, watch)
    }
  }
  for (let run = 0; run < RUNS; run++) {
    const order = [...watches.values()]
    if (run % 2 === 1) order.reverse()
    for (const watch of order) watch.sample()
  }
  const { variants: measured } = unwrap(await benchGraph(cases[0].graph, { runs: RUNS }))
  const tables = variants.map((variant) =>
    table(
      variant,
      cases.map((kind) => ({ ...kind, watch: watches.get(`${variant} ${kind.name}`) })),
      measured.find((entry) => entry.variant === variant).sparse_crossover,
    ),
  )
  return [
    '## Precisions and densities in WebAssembly',
    '',
    `${circumstances('bench:precisions')}.`,
    '',
    `One convolution ${KERNEL}x${KERNEL}, ${CHANNELS} to ${CHANNELS} channels, ${SIZE}x${SIZE} outputs: ${number(MACS, 0)} MACs. \`times int8\` is the`,
    'quotient of the medians, `by the least` that of the fastest samples; all cases take turns in one process, and their',
    `outputs equal the interpreter's. Sparse: blocks of ${BLOCK}x${BLOCK} weights are zero. Binary: bits in, bits out through thresholds.`,
    '',
    tables.join('\n\n'),
  ].join('\n')
}

const newer = process.env.ESPALIER_NODE24
if (exactVariants().length < 2 && newer !== undefined && newer !== process.execPath) {
  const { status } = spawnSync(newer, process.argv.slice(1), { stdio: 'inherit' })
  process.exitCode = status ?? 1
} else {
  const text = await main()
  console.log(text)
  if (!process.argv.includes('--dry')) writeSection('bench:precisions', text)
}
