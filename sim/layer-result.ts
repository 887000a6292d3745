/** What one layer took and cost, as `espalier simulate --json` prints it. */
import type { Layer, Program } from '../backends/trellis/program.ts'
import { must } from '../ir/diagnostic.ts'
import { type DramTraffic, TrafficCount } from './dram-traffic.ts'
import { addActions, noActions } from './energy/actions.ts'
import { type Energy, energyOf } from './energy/energy.ts'
import { type BoundBy, layerCycles, layerDemand, limitOf } from './layer-cycles.ts'
import { layerUnits } from './layer-units.ts'
import { runOrder } from './run-order.ts'
import { scaledEnergy, scaledTraffic, scaledUnits } from './scaled.ts'
import type { TimedSegment } from './timed-segments.ts'
import type { TimedUnit, UnitCycles } from './timing/ledger.ts'

/** Everything is for the whole batch. Whatever is counted or spent sums over layers to the figure of the program. */
export interface LayerResult {
  readonly name: string
  readonly op: string
  /** Of the layer's result in the model. */
  readonly output_shape: readonly number[]
  /** Place among all layers and host ops in the order in which they run, from 0. */
  readonly order: number
  /** Names of tensors, constants aside: edges of the network's graph. Views go by the name of the tensor that they show. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly precision: string
  /** Share of weights in blocks that are not all 0, the array's own blocks; 1 without sparsity. */
  readonly density: number
  /** Those of the dense layer. */
  readonly macs: number
  /** Of these the ones whose weights stand in kept blocks: the array does them. */
  readonly kept_macs: number
  /** What the array can do a cycle at the layer's precision; 0 for a layer without MACs. */
  readonly peak_macs_per_cycle: number
  readonly cycles: number
  readonly mac_utilization: number
  /** Where the cycles of each unit went within the layer's own: busy + stalls + idle = `cycles`. */
  readonly units: Readonly<Record<TimedUnit, UnitCycles>>
  /** Read and written. */
  readonly dram_bytes: number
  readonly dram: DramTraffic
  /** Nominal. */
  readonly energy_uj: number
  /** In microjoules, with its interval and components; its `nominal` is `energy_uj`. */
  readonly energy: Energy
  readonly bound_by: BoundBy
  /** MAC roofline alone: a layer's constants may come while others run. */
  readonly lower_bound_cycles: number
  /** How the layer was scheduled, for people. */
  readonly schedule: string
}

/** By layer of `program`, in its order. */
export function layerResults(program: Program, timed: readonly TimedSegment[]): LayerResult[] {
  const { target, batch, layers, regions } = program
  const count = layers.length
  const actions = layers.map(noActions)
  const traffic = layers.map(() => new TrafficCount())
  /** Logarithm of the operands that a lane multiplies at once. */
  const narrowest = layers.map(() => 0)
  for (const { segment } of timed) {
    segment.instructions.forEach((i, index) => {
      const layer = segment.layerOf[index] as number
      addActions(must(actions[layer], `layer ${layer}`), i, target)
      traffic[layer]?.add(i, regions)
      if (i.op === 'mac.dense' || i.op === 'mac.depthwise')
        narrowest[layer] = Math.max(narrowest[layer] as number, i.precision)
    })
  }
  const cycles = layerCycles(timed, count)
  const demand = layerDemand(timed, count, target)
  const units = layerUnits(timed, count)
  const lanes = target.array.rows * target.array.cols

  const order = runOrder(program)
  return layers.map((layer, index): LayerResult => {
    const spent = must(cycles[index], 'layer cycles')
    const dram = scaledTraffic(must(traffic[index], 'layer traffic').traffic, batch)
    const energy = scaledEnergy(energyOf(must(actions[index], 'layer actions'), spent, target), batch)
    const peak = lanes * 2 ** must(narrowest[index], 'layer precision')
    const macCycles = layer.usefulMacs / peak
    return {
      ...identity(layer),
      order: must(order.layers[index], 'order of a layer'),
      macs: layer.macs * batch,
      kept_macs: layer.usefulMacs * batch,
      peak_macs_per_cycle: layer.macs === 0 ? 0 : peak,
      cycles: spent * batch,
      mac_utilization: spent === 0 ? 0 : macCycles / spent,
      units: scaledUnits(must(units[index], 'layer units'), batch),
      dram_bytes: dram.read_bytes + dram.write_bytes,
      dram,
      energy_uj: energy.nominal,
      energy,
      bound_by: limitOf(must(demand[index], 'layer demand'), spent),
      lower_bound_cycles: Math.ceil(macCycles) * batch,
      schedule: layer.schedule,
    }
  })
}

function identity({ name, op, shape, inputs, outputs, precision, density }: Layer) {
  return { name, op, output_shape: shape, inputs, outputs, precision, density }
}
