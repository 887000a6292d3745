/**
 * One 3x3 convolution, 128 -> 128 channels on 32x32, on trellis-16 as the built compiler and simulator see it: dense and with
 * blocks of 16x16 weights left out. Cycles and bytes do not depend on the machine that this runs on.
 *
 *   npm run bench:precisions
 */

import { loadTarget } from '../dist/backends/trellis/target.js'
import { perTensor } from '../dist/ir/tensor.js'
import { compileModel } from '../dist/src/pipeline.js'
import { simulate } from '../dist/src/simulate.js'

const SIZE = 32
const CHANNELS = 128
const BLOCK = 16

/** Weights [output][ky][kx][input], 1 of `every` blocks of 16x16 at a tap kept, or all but 1 of `every` where `every` < 0. */
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

function layer(density) {
  const image = { dtype: 'i8', shape: [1, SIZE, SIZE, CHANNELS], quant: perTensor(0.05, 0) }
  return {
    name: 'layer',
    inputs: ['x'],
    outputs: ['y'],
    values: new Map([
      ['x', { type: image }],
      [
        'w',
        {
          type: { dtype: 'i8', shape: [CHANNELS, 3, 3, CHANNELS], quant: perTensor(0.01, 0) },
          data: weights(density),
        },
      ],
      ['y', { type: image }],
    ]),
    nodes: [
      {
        op: 'conv2d',
        name: 'layer',
        inputs: ['x', 'w'],
        outputs: ['y'],
        attrs: { stride: [1, 1], dilation: [1, 1], pads: [1, 1, 1, 1], activation: 'none' },
      },
    ],
  }
}

function unwrap(result) {
  if (!result.ok) throw new Error(result.diagnostics.map((d) => d.message).join('\n'))
  return result.value
}

const target = unwrap(loadTarget('trellis-16'))
const rows = [
  ['int8, dense', layer(1)],
  ['int8, 75 % of blocks zero', layer(0.25)],
  ['int8, 90 % of blocks zero', layer(0.1)],
].map(([name, graph]) => {
  const program = unwrap(compileModel(graph, target))
  const { result } = unwrap(simulate(program))
  return { name, result, stored: program.regions.find((r) => r.kind === 'weights') }
})

const [dense] = rows
console.log(
  '| layer | cycles | faster | stored weights, bytes | index and parameters read | energy, uJ | utilization |',
)
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
for (const { name, result, stored } of rows) {
  const cells = [
    name,
    result.cycles,
    `${(dense.result.cycles / result.cycles).toFixed(2)}x`,
    `${stored.end - stored.start}, read ${result.dram.by.weights}`,
    result.dram.by.parameters,
    result.energy_uj.nominal.toFixed(1),
    `${(100 * result.mac_utilization).toFixed(1)} %`,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
