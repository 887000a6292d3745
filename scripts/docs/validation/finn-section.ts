/** FINN's binary network CNV-W1A1: cycles of its layers at the published folding, and on Trellis. */
import { loadTarget } from '../../../backends/trellis/target.ts'
import { must, unwrap } from '../../../ir/diagnostic.ts'
import type { Graph } from '../../../ir/graph.ts'
import { difference, simulated, table, thousands } from './figures.ts'
import { LayerChain } from './networks.ts'
import { type Folding, foldedCycles, type MatrixVectorLayer } from './streaming-dataflow.ts'

interface FinnLayer extends Folding {
  readonly name: string
  readonly kernel: number
  readonly inputs: number
  readonly outputs: number
  /** Height and width of its output. */
  readonly side: number
  /** Whether a 2x2 maximum follows. */
  readonly isPooled?: true
  /** Cycles for one image. */
  readonly published: number
}

/** Folding: cnv-w1a1_folding_config.json of finn-examples (Xilinx); a 3x3 window has no padding. */
export const CNV_W1A1: readonly FinnLayer[] = [
  { name: 'conv1_1', kernel: 3, inputs: 3, outputs: 64, side: 30, pe: 16, simd: 3, published: 32_400 },
  {
    name: 'conv1_2',
    kernel: 3,
    inputs: 64,
    outputs: 64,
    side: 28,
    isPooled: true,
    pe: 32,
    simd: 32,
    published: 28_224,
  },
  { name: 'conv2_1', kernel: 3, inputs: 64, outputs: 128, side: 12, pe: 16, simd: 32, published: 20_736 },
  {
    name: 'conv2_2',
    kernel: 3,
    inputs: 128,
    outputs: 128,
    side: 10,
    isPooled: true,
    pe: 16,
    simd: 32,
    published: 28_800,
  },
  { name: 'conv3_1', kernel: 3, inputs: 128, outputs: 256, side: 3, pe: 4, simd: 32, published: 20_736 },
  { name: 'conv3_2', kernel: 3, inputs: 256, outputs: 256, side: 1, pe: 1, simd: 32, published: 18_432 },
  { name: 'fc1', kernel: 1, inputs: 256, outputs: 512, side: 1, pe: 1, simd: 4, published: 32_768 },
  { name: 'fc2', kernel: 1, inputs: 512, outputs: 512, side: 1, pe: 1, simd: 8, published: 32_768 },
  { name: 'fc3', kernel: 1, inputs: 512, outputs: 10, side: 1, pe: 5, simd: 1, published: 1_024 },
]

export function matrixVectorLayer({ kernel, inputs, outputs, side }: FinnLayer): MatrixVectorLayer {
  return { pixels: side * side, depth: kernel * kernel * inputs, outputs }
}

/** The network from 32 x 32 pixels of three bytes to ten sums. */
export function cnvW1A1(): Graph {
  const chain = new LayerChain('i8', 32, 32, 3)
  for (const layer of CNV_W1A1) {
    chain.binaryConvolution(layer, layer === CNV_W1A1.at(-1) ? 'sums' : 'threshold')
    if (layer.isPooled) chain.maxPool(`${layer.name}.pool`, 2, 2)
  }
  return chain.graph('CNV-W1A1')
}

export function finnSection(): string {
  const target = unwrap(loadTarget('trellis-16'))
  const result = simulated(cnvW1A1(), target)
  const rows = CNV_W1A1.map((layer) => {
    const ours = foldedCycles(matrixVectorLayer(layer), layer)
    const trellis = must(
      result.layers.find(({ name }) => name === layer.name),
      layer.name,
    )
    const { name, pe, simd, published } = layer
    return { cells: [name, pe, simd, published, ours, difference(ours, published)], trellis }
  })
  const slowest = Math.max(...CNV_W1A1.map(({ published }) => published))
  const layerCycles = rows.reduce((sum, { trellis }) => sum + trellis.cycles, 0)
  const bound = rows.reduce((sum, { trellis }) => sum + trellis.lower_bound_cycles, 0)
  const multipliers = CNV_W1A1.reduce((sum, { pe, simd }) => sum + pe * simd, 0)
  const peak = 8 * target.array.rows * target.array.cols
  return `## A binary network: FINN

CNV-W1A1 (Umuroglu et al., FPGA 2017) at the folding of finn-examples. A layer takes pixels x (depth / SIMD) x
(outputs / PE) cycles, [\`streaming-dataflow.ts\`](../scripts/docs/validation/streaming-dataflow.ts). In FINN all
layers run at once, each on an image of its own and on multipliers of its own, ${thousands(multipliers)} in all; an
image leaves as often as the slowest layer lets it. Trellis runs one layer after the other on all of its multipliers:
trellis-16 has ${thousands(peak)} of 1 bit. *MACs / peak* is what these alone would take, in the first layer
${thousands(peak / 8)} of 8 bits.

${table(
  ['layer', 'PE', 'SIMD', 'published', 'our formula', 'difference', 'trellis-16', 'its MACs / peak'],
  [
    ...rows.map(({ cells, trellis }) => [...cells, trellis.cycles, trellis.lower_bound_cycles]),
    ['two pools', '', '', '', '', '', result.cycles - layerCycles, ''],
    [
      '**cycles between images**',
      '',
      '',
      slowest,
      '',
      difference(result.cycles, slowest),
      result.cycles,
      bound,
    ],
  ],
)}
A miss: Trellis needs more cycles an image. Its first layer multiplies bytes, as the pixels are bytes; rows of a
kernel of 9 and of 24 bytes fill words of 16 lanes badly in the first two layers; and its
${thousands(result.dram.by.weights)} bytes of weights come through DRAM for each image, ${target.dram.bytes_per_cycle}
bytes a cycle, where FINN has them all on chip, for one network.
`
}
