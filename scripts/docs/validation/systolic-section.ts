/** Layers that SCALE-Sim was run on: its cycles, those of its formula, and those of Trellis with an array of the same size. */
import { loadTarget, type Target } from '../../../backends/trellis/target.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import type { Graph } from '../../../ir/graph.ts'
import { difference, simulated, table } from './figures.ts'
import { type ConvolutionShape, LayerChain } from './networks.ts'
import { type Dataflow, type Product, systolicCycles } from './systolic-array.ts'

interface Layer {
  readonly name: string
  /** Height and width of the input. */
  readonly side: number
  readonly channels: number
  readonly shape: Omit<ConvolutionShape, 'name'>
  readonly product: Product
  /** Times that it occurs in the network. */
  readonly count: number
  /** Compute cycles that SCALE-Sim printed; it was asked for some layers alone. */
  readonly published?: number
}

const SAME = [1, 1, 1, 1] as const
/** Of a stride of 2 on an even side. */
const SAME_HALF = [0, 0, 1, 1] as const

/** AlexNet's first layer, 55 x 55 pixels of 11 x 11 x 3 products, on 32 x 32, weight stationary. */
export const ALEXNET_CONV1: Layer = {
  name: 'AlexNet conv1',
  side: 227,
  channels: 3,
  shape: { outputs: 96, kernel: 11, stride: 4 },
  product: { m: 55 * 55, k: 11 * 11 * 3, n: 96 },
  count: 1,
  published: 112_283,
}

/** A product of matrices on 32 x 32; a 1x1 convolution of 16 x 16 pixels is the same. */
export const GEMM = {
  name: 'GEMM M 256, N 128, K 256',
  side: 16,
  channels: 256,
  shape: { outputs: 128, kernel: 1 },
  product: { m: 256, k: 256, n: 128 },
} as const

export const GEMM_CYCLES: Readonly<Record<Dataflow, number>> = {
  'output stationary': 10_175,
  'weight stationary': 11_199,
  'input stationary': 14_207,
}

function square(
  kernel: number,
  [channels, outputs]: readonly [number, number],
  [side, stride]: readonly [number, number],
  count: number,
  published?: number,
): Layer {
  const pixels = (side / stride) ** 2
  const pads = kernel === 1 ? undefined : stride === 1 ? SAME : SAME_HALF
  return {
    name:
      side === 1
        ? `${channels} to ${outputs}`
        : `${kernel}x${kernel}, ${channels} to ${outputs}, stride ${stride}, on ${side}x${side}`,
    side,
    channels,
    shape: { outputs, kernel, stride, ...(pads && { pads }) },
    product: { m: pixels, k: kernel * kernel * channels, n: outputs },
    count,
    ...(published !== undefined && { published }),
  }
}

/** The layers with weights of MLPerf Tiny's ResNet8, on 16 x 16, weight stationary. */
export const RESNET8: readonly Layer[] = [
  square(3, [3, 16], [32, 1], 1),
  square(3, [16, 16], [32, 1], 2, 9_629),
  square(3, [16, 32], [32, 2], 1, 5_435),
  square(3, [32, 32], [16, 1], 1, 10_871),
  square(1, [16, 32], [32, 2], 1, 603),
  square(3, [32, 64], [16, 2], 1),
  square(3, [64, 64], [8, 1], 1, 15_839),
  square(1, [32, 64], [16, 2], 1),
  square(1, [64, 10], [1, 1], 1, 187),
]
export const RESNET8_CYCLES = 63_130

const TRELLIS_16 = unwrap(loadTarget('trellis-16'))
const TRELLIS_32 = unwrap(loadTarget('trellis-32'))

type GraphOf = Pick<Layer, 'name' | 'side' | 'channels' | 'shape'>

/** The layer as a network of its own, int8. */
export function layerGraph({ name, side, channels, shape }: GraphOf): Graph {
  return new LayerChain('i8', side, side, channels).convolution({ ...shape, name: 'layer' }).graph(name)
}

/** Cycles in which the array multiplies, and all from reset to the last byte in DRAM. */
function onTrellis(layer: GraphOf, target: Target) {
  const { cycles, units } = simulated(layerGraph(layer), target)
  return { multiplying: units.mac.busy, cycles }
}

export function systolicSection(): string {
  return `## Systolic arrays: SCALE-Sim

SCALE-Sim (Samajdar et al., ISPASS 2020) steps a systolic array operand by operand. Its compute cycles have a closed
form, [\`systolic-array.ts\`](../scripts/docs/validation/systolic-array.ts): a fold of T steps takes T + R + C - 2
cycles on R x C elements, and R more to shift in what is stationary; folds do not overlap. The form gives each of its
figures exactly.

Beside them stands Trellis with as many multipliers, the same layer compiled alone. *Multiplying* are the cycles in
which its array is busy; *whole layer* is from reset until the last byte is in DRAM, so waits for operands and
weights, loading and storing are part of it, of which SCALE-Sim's compute cycles have only the shifting in of weights.
A tree of adders has no skew to fill and drain, and takes the next weights while it multiplies, so T steps cost T
cycles. Trellis needs more where the rows of a kernel fill its words badly: each of AlexNet's 11 rows of 3 x 11 bytes
takes two words of 32 lanes, the second for one byte, where SCALE-Sim folds all 363 at once. That is a miss. Layers of
a whole network chain on chip and take less than their sum.

On 32x32:

${table(
  [
    'layer and dataflow',
    'published',
    'our formula',
    'difference',
    'Trellis, multiplying',
    'Trellis, whole layer',
  ],
  largeRows(),
)} ResNet8 of MLPerf Tiny layer by layer on 16x16, weight stationary; \`-\` where the published figures have the sum
alone. The 85,943 cycles with memory stalls that SCALE-Sim also prints depend on its memory configuration and are not
modelled.

${table(['layer', 'published', 'our formula', 'difference', 'Trellis, multiplying', 'Trellis, whole layer'], resnetRows())}`
}

function largeRows() {
  const conv1 = onTrellis(ALEXNET_CONV1, TRELLIS_32)
  const gemm = onTrellis(GEMM, TRELLIS_32)
  return [
    row(
      'AlexNet conv1, weight stationary',
      ALEXNET_CONV1.published,
      cyclesOf(ALEXNET_CONV1.product, 32),
      conv1,
    ),
    ...Object.entries(GEMM_CYCLES).map(([dataflow, published]) => {
      const ours = systolicCycles(GEMM.product, { rows: 32, cols: 32 }, dataflow as Dataflow)
      return row(`${GEMM.name}, ${dataflow}`, published, ours, gemm)
    }),
  ]
}

function resnetRows() {
  const layers = RESNET8.map((layer) => {
    return { ...layer, ours: cyclesOf(layer.product, 16), trellis: onTrellis(layer, TRELLIS_16) }
  })
  const total = (of: (layer: (typeof layers)[number]) => number) =>
    layers.reduce((sum, layer) => sum + layer.count * of(layer), 0)
  const all = { multiplying: total((l) => l.trellis.multiplying), cycles: total((l) => l.trellis.cycles) }
  return [
    ...layers.map(({ name, count, published, ours, trellis }) =>
      row(count === 1 ? name : `${name}, ${count} times, each`, published, ours, trellis),
    ),
    row(
      '**all**',
      RESNET8_CYCLES,
      total((l) => l.ours),
      all,
    ),
  ]
}

function cyclesOf(product: Product, side: number): number {
  return systolicCycles(product, { rows: side, cols: side }, 'weight stationary')
}

function row(
  name: string,
  published: number | undefined,
  ours: number,
  trellis: ReturnType<typeof onTrellis>,
) {
  const beside = published === undefined ? ['-', ours, ''] : [published, ours, difference(ours, published)]
  return [name, ...beside, trellis.multiplying, trellis.cycles]
}
