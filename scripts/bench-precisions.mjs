/**
 * One 3x3 convolution, 128 -> 128 channels to 32x32, on trellis-16 as the built compiler and simulator see it: dense, with
 * blocks of 16x16 weights left out, and with operands of 4, 2 and 1 bits, whose sums go through thresholds to as many bits. Bits are
 * not padded: their input is 34x34. Figures do not depend on the machine that this runs on.
 *
 *   npm run bench:precisions                     print the table and write its section of docs/benchmarks.md
 *   node scripts/bench-precisions.mjs --dry      print only
 */
import { loadTarget } from '../dist/backends/trellis/target.js'
import { perTensor } from '../dist/ir/tensor.js'
import { compileModel } from '../dist/src/pipeline.js'
import { simulate } from '../dist/src/simulate.js'
import { writeSection } from './benchmarks-page.mjs'

const SIZE = 32
const CHANNELS = 128
const BLOCK = 16

/** Weights [output][ky][kx][input], of whose blocks of 16x16 at a tap a share of `density` is kept. */
function weights(density) {
  const data = Int8Array.from({ length: CHANNELS * 9 * CHANNELS }, (_, i) => ((i * 37) % 253) - 126)
  const perTap = CHANNELS / BLOCK
  return data.map((w, i) => {
    const [o, tap, c] = [Math.floor(i / (9 * CHANNELS)), Math.floor(i / CHANNELS) % 9, i % CHANNELS]
    const block = (Math.floor(o / BLOCK) * 9 + tap) * perTap + Math.floor(c / BLOCK)
    // Kept blocks spread evenly: where the rounded-down count rises.
    const isKept = Math.floor((block + 1) * density) > Math.floor(block * density)
    return isKept ? w || 1 : 0
  })
}

function convolution(type, weightType, data, finish) {
  const pad = type === 'b1' ? 0 : 1
  const side = SIZE + 2 - 2 * pad
  const image = (dtype, size) => ({ dtype, shape: [1, size, size, CHANNELS], quant: perTensor(0.05, 0) })
  const weights = { dtype: weightType, shape: [CHANNELS, 3, 3, CHANNELS], quant: perTensor(0.01, 0) }
  const attrs = { stride: [1, 1], dilation: [1, 1], pads: [pad, pad, pad, pad] }
  const steps = 2 ** BITS[type] - 1
  const thresholds = Int32Array.from(
    { length: CHANNELS * steps },
    (_, i) => 40 * ((i % steps) - (steps >> 1)),
  )
  const sums = { ...image('i32', SIZE) }
  const node = (op, inputs, output, more) => ({ op, name: output, inputs, outputs: [output], attrs: more })
  return {
    name: 'layer',
    inputs: ['x'],
    outputs: ['y'],
    values: new Map([
      ['x', { type: image(type, side) }],
      ['w', { type: weights, data }],
      ['y', { type: image(type, SIZE) }],
      ...(finish === 'thresholds'
        ? [
            ['s', { type: sums }],
            ['t', { type: { dtype: 'i32', shape: [CHANNELS, steps] }, data: thresholds }],
          ]
        : []),
    ]),
    nodes:
      finish === 'thresholds'
        ? [
            node('conv2d', ['x', 'w'], 's', attrs),
            node('threshold', ['s', 't'], 'y', { min: { u4: 0, u2: 0, b1: -1 }[type] }),
          ]
        : [node('conv2d', ['x', 'w'], 'y', { ...attrs, activation: 'none' })],
  }
}

const BITS = { u4: 4, u2: 2, b1: 1 }
const sparse = (density) => convolution('i8', 'i8', weights(density), 'requantize')
const packed = (type, weightType) => {
  const values = { i4: [-8, 7], i2: [-2, 1] }[weightType]
  const data = Int8Array.from({ length: CHANNELS * 9 * CHANNELS }, (_, i) => {
    const noise = Math.imul(i, 2654435761) >>> 8
    return values ? values[0] + (noise % (values[1] - values[0] + 1)) : noise & 1 ? 1 : -1
  })
  return convolution(type, weightType, data, 'thresholds')
}

function unwrap(result) {
  if (!result.ok) throw new Error(result.diagnostics.map((d) => d.message).join('\n'))
  return result.value
}

const target = unwrap(loadTarget('trellis-16'))
const rows = [
  ['int8, dense', sparse(1)],
  ['int8, 75 % of blocks zero', sparse(0.25)],
  ['int8, 90 % of blocks zero', sparse(0.1)],
  ['4 bits', packed('u4', 'i4')],
  ['2 bits', packed('u2', 'i2')],
  ['1 bit', packed('b1', 'b1')],
  ['4 bits, weights of 2', packed('u4', 'i2')],
  ['4 bits, weights of 1', packed('u4', 'b1')],
].map(([name, graph]) => {
  const program = unwrap(compileModel(graph, target))
  const { result } = unwrap(simulate(program))
  return { name, result, stored: program.regions.find((r) => r.kind === 'weights') }
})

const [dense] = rows
const table = rows.map(({ name, result, stored }) =>
  [
    name,
    result.cycles.toLocaleString('en'),
    `${(dense.result.cycles / result.cycles).toFixed(2)}x`,
    (stored.end - stored.start).toLocaleString('en'),
    result.dram.by.weights.toLocaleString('en'),
    result.dram.by.parameters.toLocaleString('en'),
    result.energy_uj.nominal.toFixed(1),
    `${(100 * result.mac_utilization).toFixed(1)} %`,
  ].join(' | '),
)
const section = `## One layer on Trellis: bits and blocks

A 3x3 convolution of 128 to 128 channels to 32x32 on trellis-16, simulated; its weights cross from DRAM once for each
stripe where they do not fit on chip. Utilization counts the products of kept blocks at their own width.

| layer | cycles | faster | stored weights, bytes | weights read | lists and parameters read | energy, uJ | utilization |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${table.map((row) => `| ${row} |`).join('\n')}
`
console.log(section)
if (!process.argv.includes('--dry')) writeSection('bench:precisions, Trellis', section)
