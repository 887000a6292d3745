/** Eyeriss on AlexNet's convolutions, and Trellis with an array, memories and a link of about its size. */
import { parseTarget } from '../../../backends/trellis/target.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import type { Graph } from '../../../ir/graph.ts'
import type { Interval } from '../../../sim/energy/energy.ts'
import type { SimulationResult } from '../../../sim/result.ts'
import { difference, simulated, table } from './figures.ts'
import { type ConvolutionShape, LayerChain } from './networks.ts'

/**
 * Chen et al., Eyeriss, IEEE JSSC 52(1), 2017: 12 x 14 elements of 16 bits at 200 MHz in 65 nm, batches of 4. Power is the
 * chip's without DRAM; an access to DRAM is a word of 16 bits, compressed.
 */
const EYERISS = { framesPerSecond: 35, milliwatts: 278, dramAccessesPerMac: 0.0029 }

const TARGET = `name: trellis-12
clock_mhz: 200
array: { rows: 12, cols: 12 }
precisions: [8]
memories: { activation_kib: 108, weight_kib: 40, accumulator_kib: 24, parameter_kib: 4, index_kib: 4, banks: 8 }
dram: { bytes_per_cycle: 2, latency_cycles: 40, model: fixed }
energy: 65nm
`

interface AlexNetLayer {
  /** Height and width of the input. */
  readonly side: number
  /** Channels of one group. */
  readonly inputs: number
  readonly groups: 1 | 2
  /** Of one group. */
  readonly shape: ConvolutionShape
}

/** Krizhevsky et al., NIPS 2012; 666 M products. */
export const ALEXNET: readonly AlexNetLayer[] = [
  { side: 227, inputs: 3, groups: 1, shape: { name: 'conv1', outputs: 96, kernel: 11, stride: 4 } },
  { side: 27, inputs: 48, groups: 2, shape: { name: 'conv2', outputs: 128, kernel: 5, pads: [2, 2, 2, 2] } },
  { side: 13, inputs: 256, groups: 1, shape: { name: 'conv3', outputs: 384, kernel: 3, pads: [1, 1, 1, 1] } },
  { side: 13, inputs: 192, groups: 2, shape: { name: 'conv4', outputs: 192, kernel: 3, pads: [1, 1, 1, 1] } },
  { side: 13, inputs: 192, groups: 2, shape: { name: 'conv5', outputs: 128, kernel: 3, pads: [1, 1, 1, 1] } },
]

/** One group of the layer as a network of its own, int8. */
export function groupGraph({ side, inputs, shape }: AlexNetLayer): Graph {
  return new LayerChain('i8', side, side, inputs).convolution(shape).graph(shape.name)
}

/** One frame, a layer or a sum of layers. */
interface Work {
  readonly cycles: number
  readonly macs: number
  readonly dramBytes: number
  /** Without DRAM; microjoules. */
  readonly chip: Interval
}

function workOf({ cycles, macs, dram, energy_uj }: SimulationResult, times: number): Work {
  const { dram: transfers, dram_background: background } = energy_uj.by
  const chip = (bound: keyof Interval) => times * (energy_uj[bound] - transfers[bound] - background[bound])
  return {
    cycles: times * cycles,
    macs: times * macs,
    dramBytes: times * (dram.read_bytes + dram.write_bytes),
    chip: { low: chip('low'), nominal: chip('nominal'), high: chip('high') },
  }
}

function sum(parts: readonly Work[]): Work {
  const of = (pick: (work: Work) => number) => parts.reduce((total, work) => total + pick(work), 0)
  return {
    cycles: of((w) => w.cycles),
    macs: of((w) => w.macs),
    dramBytes: of((w) => w.dramBytes),
    chip: { low: of((w) => w.chip.low), nominal: of((w) => w.chip.nominal), high: of((w) => w.chip.high) },
  }
}

export function eyerissSection(): string {
  const target = unwrap(parseTarget(TARGET, 'trellis-12.yaml'))
  const layers = ALEXNET.map((layer) => {
    return { name: layer.shape.name, work: workOf(simulated(groupGraph(layer), target), layer.groups) }
  })
  const all = sum(layers.map(({ work }) => work))
  const seconds = all.cycles / (target.clock_mhz * 1e6)
  const milliwatts = (bound: keyof Interval) => all.chip[bound] / 1e3 / seconds
  const framesPerSecond = 1 / seconds
  const perMac = all.dramBytes / all.macs
  const utilization = ({ macs, cycles }: Work) =>
    `${((100 * macs) / (cycles * target.array.rows * target.array.cols)).toFixed(1)} %`
  return `## AlexNet's convolutions: Eyeriss

Eyeriss (Chen et al., JSSC 2017) has 12 x 14 elements of 16 bits at 200 MHz in 65 nm and 181.5 KiB on chip. Sides of a
Trellis are multiples of 4: 12 x 12 and 12 x 16 are equally near, and this is the smaller, with 180 KiB on chip and
DRAM of 2 bytes a cycle, which is less than Eyeriss's link moves. Trellis multiplies 8 bits, Eyeriss 16. A layer is
compiled alone, from DRAM to DRAM, as Eyeriss runs it; the groups of conv2, conv4 and conv5 are layers of their own.
Power is that of the chip without DRAM, with the interval of the [65 nm table](energy.md).

\`\`\`yaml
${TARGET}\`\`\`

${table(
  ['AlexNet, one frame', 'Eyeriss', 'Trellis 12x12', 'difference'],
  [
    [
      'frames/s',
      `${EYERISS.framesPerSecond}`,
      framesPerSecond.toFixed(1),
      difference(framesPerSecond, EYERISS.framesPerSecond),
    ],
    [
      'mW',
      `${EYERISS.milliwatts}`,
      `${milliwatts('nominal').toFixed(0)} (${milliwatts('low').toFixed(0)} to ${milliwatts('high').toFixed(0)})`,
      difference(milliwatts('nominal'), EYERISS.milliwatts),
    ],
    [
      'DRAM accesses a MAC, of one element each',
      `${EYERISS.dramAccessesPerMac}`,
      perMac.toFixed(4),
      difference(perMac, EYERISS.dramAccessesPerMac),
    ],
  ],
)}
${table(
  ['layer', 'MACs', 'cycles', 'utilization', 'DRAM bytes'],
  [...layers, { name: '**all**', work: all }].map(({ name, work }) => [
    name,
    work.macs,
    work.cycles,
    utilization(work),
    work.dramBytes,
  ]),
)}
Frames are a near miss with 144 multipliers beside 168: conv3 to conv5 wait for weights on the narrow link. Power
is no like-for-like comparison: by the table's own rule a multiplier of 8 bits takes a quarter of the energy of one of
16, and the table leaves out wires between units, pads, and the memories that each of Eyeriss's elements has. DRAM
accesses are a miss: Eyeriss compresses activations and reads weights once for four images; Trellis reads them again
for each image, and those of conv2 and conv3 again for each stripe, as their inputs and outputs do not fit into
activation memory together.
`
}
