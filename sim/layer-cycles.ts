/**
 * Cycles of each layer, and what limits it.
 *
 * A cycle in which mac streams belongs to the layer that streams. Any other cycle belongs to the layer whose instruction
 * is the next to be done among those that compute: mac and post, and for a layer without either its loads and stores.
 * What remains after the last belongs to the layer of the last. So cycles sum to the total even where layers overlap, a
 * layer has at least the cycles that its MACs take, and a load that runs ahead costs its layer nothing.
 */
import { loadBursts, storeBursts } from '../backends/trellis/isa/bursts.ts'
import {
  blockPeriod,
  instructionBeats,
  macCost,
  type PostInstruction,
  postCost,
} from '../backends/trellis/isa/costs.ts'
import { type Instruction, type Unit, unitOf } from '../backends/trellis/isa/table.ts'
import type { Segment } from '../backends/trellis/program.ts'
import type { Target } from '../backends/trellis/target.ts'
import type { Timing } from './timing/simulate.ts'

interface Timed {
  readonly segment: Segment
  readonly timing: Pick<Timing, 'cycles' | 'doneCycles' | 'streamCycles'>
}

/** Cycles [from, to) of a segment that belong to one layer. */
export interface LayerSlice {
  readonly layer: number
  readonly from: number
  readonly to: number
}

/** The whole of a segment's cycles, in order; neighbouring slices are of different layers. */
export function layerSlices({ segment, timing }: Timed, target: Target): LayerSlice[] {
  const { instructions, layerOf } = segment
  const layerAt = (index: number): number => layerOf[index] as number
  const done = (index: number): number => timing.doneCycles[index] as number
  const computing = new Set<number>()
  instructions.forEach((i, index) => {
    if (isCompute(i)) computing.add(layerAt(index))
  })
  const frontier = [...instructions.keys()]
    .filter((index) => {
      const i = instructions[index] as Instruction
      return i.op !== 'end' && (isCompute(i) || !computing.has(layerAt(index)))
    })
    .sort((a, b) => done(a) - done(b))

  const slices: LayerSlice[] = []
  let at = 0
  const extend = (layer: number, to: number): void => {
    if (to <= at) return
    const last = slices.at(-1)
    if (last?.layer === layer) slices[slices.length - 1] = { ...last, to }
    else slices.push({ layer, from: at, to })
    at = to
  }
  let next = 0
  /** Gives the cycles until `to` to the instructions that are done next. */
  const wait = (to: number): void => {
    while (at < to) {
      while (next < frontier.length - 1 && done(frontier[next] as number) <= at) next++
      const index = frontier[next] ?? instructions.length - 1
      extend(layerAt(index), done(index) > at ? Math.min(to, done(index)) : to)
    }
  }
  instructions.forEach((i, index) => {
    if (i.op !== 'mac.dense' && i.op !== 'mac.depthwise') return
    const cost = macCost(i, target)
    const from = timing.streamCycles[index] as number
    wait(from)
    extend(layerAt(index), from + (cost.blocks - 1) * blockPeriod(cost) + cost.streamCycles)
  })
  wait(timing.cycles)
  return slices
}

export function layerCycles(
  timed: readonly { readonly slices: readonly LayerSlice[] }[],
  layers: number,
): number[] {
  const cycles = new Array<number>(layers).fill(0)
  for (const { slices } of timed)
    for (const { layer, from, to } of slices) cycles[layer] = (cycles[layer] ?? 0) + to - from
  return cycles
}

function isCompute(i: Instruction): boolean {
  const unit = i.op === 'end' ? undefined : unitOf(i)
  return unit === 'mac' || unit === 'post'
}

/** Cycles for which a layer's instructions keep each resource, if nothing ever waits. */
export interface Demand {
  mac: number
  post: number
  dram: number
}

export function layerDemand(timed: readonly Timed[], layers: number, target: Target): Demand[] {
  const demand = Array.from({ length: layers }, (): Demand => ({ mac: 0, post: 0, dram: 0 }))
  for (const { segment } of timed) {
    segment.instructions.forEach((i, index) => {
      const of = demand[segment.layerOf[index] as number] as Demand
      of.dram += instructionBeats(target)
      const unit: Unit | undefined = i.op === 'end' ? undefined : unitOf(i)
      if (unit === 'mac' || unit === 'post') of[unit] += streamCycles(i, target)
      else if (i.op === 'store') of.dram += beats(storeBursts(i, target))
      else if (unit === 'load') of.dram += beats(loadBursts(i, target))
    })
  }
  return demand
}

function streamCycles(i: Instruction, target: Target): number {
  const cost =
    i.op === 'mac.dense' || i.op === 'mac.depthwise'
      ? macCost(i, target)
      : postCost(i as PostInstruction, target)
  return cost.blocks * Math.max(cost.streamCycles, cost.setupCycles, cost.minPeriodCycles)
}

function beats(bursts: readonly { readonly beats: number }[]): number {
  return bursts.reduce((sum, burst) => sum + burst.beats, 0)
}

export type BoundBy = keyof Demand | 'latency' | 'none'

/** Share of a layer's cycles that a resource must be needed for to be called its bound. */
const BOUND_SHARE = 0.6

/**
 * The resource that a layer needs longest, if that is most of its cycles; else `latency`: it waits for results,
 * constants or DRAM one after another. `none` for a layer without cycles.
 */
export function limitOf(demand: Demand, cycles: number): BoundBy {
  if (cycles === 0) return 'none'
  const [resource, needed] = (['mac', 'post', 'dram'] as const)
    .map((r) => [r, demand[r]] as const)
    .reduce((most, next) => (next[1] > most[1] ? next : most))
  return needed >= BOUND_SHARE * cycles ? resource : 'latency'
}
