/**
 * How the weights of a stage become list entries and blocks. An entry is an input byte offset with the lanes of its
 * window that carry weights; walking the list of a column block computes its dot products.
 */
import type { ListExtent } from '../isa/footprint.ts'
import type { ConvStage, DepthwiseStage, Phase } from '../lower/stage.ts'
import type { Target } from '../target.ts'

export interface Entry {
  /** Byte offset of the window from the window origin, in an input of the given pitch. */
  readonly offset: number
  /** Lanes that carry weights. */
  readonly lanes: bigint
  /** For each such lane, in order: where its weight stands in one output channel's weights. */
  readonly sources: readonly number[]
}

export interface BlockList {
  /** Entries with the same lanes stand together, so that one load writes them. */
  readonly entries: readonly Entry[]
}

function blockList(entries: Entry[]): BlockList {
  const order = new Map<bigint, number>()
  for (const e of entries) if (!order.has(e.lanes)) order.set(e.lanes, order.size)
  const sorted = entries
    .map((entry, index) => ({ entry, index }))
    .sort(
      (a, b) =>
        (order.get(a.entry.lanes) as number) - (order.get(b.entry.lanes) as number) || a.index - b.index,
    )
    .map(({ entry }) => entry)
  return { entries: sorted }
}

/** What list entries reach: the useful bytes of their windows. */
export function extentOf(entries: readonly Entry[]): ListExtent {
  const highest = Math.max(...entries.map((e) => e.offset))
  return {
    lowest: Math.min(...entries.map((e) => e.offset)),
    highest,
    windowBytes: Math.max(...entries.map((e) => e.offset + width(e.lanes))) - highest,
  }
}

/** Lanes up to the highest set. */
function width(lanes: bigint): number {
  return lanes.toString(2).length
}

/**
 * The list of a dense phase: byte positions of all taps and channels, covered from the lowest up by windows of `rows`
 * bytes. Kernel columns that are neighbours in memory share windows, and so do whole kernel rows of a narrow map, unless
 * its rows stand in a ring, where only a window's start wraps.
 */
export function denseList(
  stage: ConvStage,
  phase: Phase,
  pitch: number,
  ring: boolean,
  target: Target,
): BlockList {
  const positions = phase.taps.flatMap((tap) =>
    Array.from({ length: stage.cin }, (_, c) => ({
      at: tap.dy * pitch + tap.dx * stage.cin + c,
      dy: tap.dy,
      source: tap.kernelIndex * stage.cin + c,
    })),
  )
  positions.sort((a, b) => a.at - b.at)
  const entries: Entry[] = []
  for (let i = 0; i < positions.length; ) {
    const first = positions[i] as (typeof positions)[number]
    const offset = first.at
    let lanes = 0n
    const sources: number[] = []
    for (; i < positions.length; i++) {
      const { at, dy, source } = positions[i] as (typeof positions)[number]
      if (at - offset >= target.array.rows || (ring && dy !== first.dy)) break
      lanes |= 1n << BigInt(at - offset)
      sources.push(source)
    }
    entries.push({ offset, lanes, sources })
  }
  return blockList(entries)
}

/** Entries of a dense phase, remembered: estimates ask often. */
export function denseEntryCount(stage: ConvStage, phase: Phase, pitch: number, target: Target): number {
  let byPitch = counts.get(phase)
  if (!byPitch) {
    byPitch = new Map()
    counts.set(phase, byPitch)
  }
  const key = `${pitch} ${target.array.rows}`
  const known = byPitch.get(key)
  if (known !== undefined) return known
  const count = denseList(stage, phase, pitch, false, target).entries.length
  byPitch.set(key, count)
  return count
}
const counts = new WeakMap<Phase, Map<string, number>>()

/** Kernel rows that one depthwise pass covers on this target; 0 where its array is too small for any. */
function depthwiseLines(target: Target): number {
  return Math.min(3, Math.floor(target.array.rows / 3))
}

export interface DepthwiseGeometry {
  readonly lines: number
  readonly taps: number
  /** Kernel row and column at which each pass starts. */
  readonly passes: readonly { readonly ky: number; readonly kx: number }[]
}

/** Passes that cover a kernel: where it is no multiple of a pass, the last one starts earlier and has zeros in front. */
export function depthwiseGeometry(kernelH: number, kernelW: number, target: Target): DepthwiseGeometry {
  const lines = Math.min(kernelH, depthwiseLines(target))
  const taps = Math.min(kernelW, 3)
  const passes = starts(kernelH, lines).flatMap((ky) => starts(kernelW, taps).map((kx) => ({ ky, kx })))
  return { lines, taps, passes }
}

function starts(size: number, step: number): number[] {
  const list: number[] = []
  for (let at = 0; at < size; at += step) list.push(Math.min(at, size - step))
  return list
}

/** The list of a depthwise stage; padding shifts it to the window origin. Lane 3 * line + tap holds kernel (ky + line, kx + tap). */
export function depthwiseList(
  stage: DepthwiseStage,
  geometry: DepthwiseGeometry,
  pitch: number,
  pixelBytes: number,
): BlockList {
  const covered = new Set<number>()
  const entries = geometry.passes.map(({ ky, kx }): Entry => {
    let lanes = 0n
    const sources: number[] = []
    for (let line = 0; line < geometry.lines; line++) {
      for (let tap = 0; tap < geometry.taps; tap++) {
        const kernel = (ky + line) * stage.kernelW + kx + tap
        if (covered.has(kernel)) continue
        covered.add(kernel)
        lanes |= 1n << BigInt(3 * line + tap)
        sources.push(kernel)
      }
    }
    return { offset: ky * pitch + kx * pixelBytes, lanes, sources }
  })
  return blockList(entries)
}
