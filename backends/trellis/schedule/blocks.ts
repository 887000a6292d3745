/**
 * How the weights of a stage become list entries and blocks. An entry is an input byte offset with the lanes of its
 * window that carry weights; walking the list of a column block computes its dot products.
 */
import { keptBlocks } from '../../../ir/sparsity.ts'
import { lineBlockBytes, parameterBlockBytes, thresholdBlockBytes } from '../isa/costs.ts'
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

/** Blocks of `rows` input bytes x `cols` outputs at one kernel position: those that are not all 0 are kept. */
export interface WeightBlocks {
  /** Whether column block `column` has a weight at this kernel position, in the block of this input byte. */
  readonly isKept: (column: number, kernelIndex: number, channel: number) => boolean
  /** Column blocks. */
  readonly columns: number
  readonly allKept: boolean
}

/** The zero blocks of a convolution's weights, found once for each shape of the array. */
export function weightBlocks(stage: Weighted, target: Target): WeightBlocks {
  const { rows, cols } = target.array
  let byShape = foundBlocks.get(stage.weights)
  if (!byShape) {
    byShape = new Map()
    foundBlocks.set(stage.weights, byShape)
  }
  const key = `${rows} ${cols}`
  const known = byShape.get(key)
  if (known) return known
  const channels = stage.weights.length / (stage.kernelSize * stage.cin)
  const shape = [channels, stage.kernelSize, stage.cin]
  const columns = Math.ceil(channels / cols)
  const perTap = Math.ceil(stage.cin / rows)
  const kept = new Uint8Array(columns * stage.kernelSize * perTap)
  // At 1 bit a byte of zeros is eight weights of -1.
  const indices =
    stage.bits === 1 ? kept.keys() : keptBlocks(shape, stage.weights, { outputs: cols, inputs: rows })
  for (const index of indices) kept[index] = 1
  const found: WeightBlocks = {
    isKept: (column, kernelIndex, channel) =>
      kept[(column * stage.kernelSize + kernelIndex) * perTap + Math.floor(channel / rows)] === 1,
    columns,
    allKept: kept.every((k) => k === 1),
  }
  byShape.set(key, found)
  return found
}
type Weighted = Pick<ConvStage, 'weights' | 'kernelSize' | 'cin' | 'bits'>
const foundBlocks = new WeakMap<Int8Array, Map<string, WeightBlocks>>()

/**
 * The list of a dense phase: byte positions of all taps and channels in kept blocks, covered from the lowest up by windows
 * of `rows` bytes. Kernel columns that are neighbours in memory share windows, and so do whole kernel rows of a narrow map,
 * unless its rows stand in a ring, where only a window's start wraps. The list of one column block has what that block keeps, the
 * list of all has what any of them does.
 */
export function denseList(
  stage: ConvStage,
  phase: Phase,
  pitch: number,
  ring: boolean,
  target: Target,
  column: number | 'all' = 'all',
): BlockList {
  const blocks = weightBlocks(stage, target)
  const columns = column === 'all' ? Array.from({ length: blocks.columns }, (_, b) => b) : [column]
  const isKept = (kernelIndex: number, c: number): boolean =>
    blocks.allKept || columns.some((b) => blocks.isKept(b, kernelIndex, c))
  const positions: { readonly at: number; readonly dy: number; readonly source: number }[] = []
  for (const tap of phase.taps) {
    for (let c = 0; c < stage.cin; c++) {
      if (!isKept(tap.kernelIndex, c)) continue
      positions.push({
        at: tap.dy * pitch + tap.dx * stage.cin + c,
        dy: tap.dy,
        source: tap.kernelIndex * stage.cin + c,
      })
    }
  }
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

/** How long a list is, and how many bytes of one output's weights stand in its blocks. */
export interface ListSize {
  readonly entries: number
  readonly sources: number
}

export interface PhaseSizes {
  readonly all: ListSize
  /** For each column block. */
  readonly columns: readonly ListSize[]
}

/** Sizes of the lists of a dense phase, remembered: estimates ask often. */
export function listSizes(stage: ConvStage, phase: Phase, pitch: number, target: Target): PhaseSizes {
  let byPitch = sizes.get(phase)
  if (!byPitch) {
    byPitch = new Map()
    sizes.set(phase, byPitch)
  }
  const key = `${pitch} ${target.array.rows}`
  const known = byPitch.get(key)
  if (known !== undefined) return known
  const sizeOf = (column: number | 'all'): ListSize => {
    const { entries } = denseList(stage, phase, pitch, false, target, column)
    return { entries: entries.length, sources: entries.reduce((n, e) => n + e.sources.length, 0) }
  }
  const all = sizeOf('all')
  const { allKept, columns } = weightBlocks(stage, target)
  const size = { all, columns: Array.from({ length: columns }, (_, b) => (allKept ? all : sizeOf(b))) }
  byPitch.set(key, size)
  return size
}
const sizes = new WeakMap<Phase, Map<string, PhaseSizes>>()

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

/**
 * The list of a depthwise stage; padding shifts it to the window origin. Lanes begin with the window's last row and
 * column: lane 3 * (lines - 1 - line) + taps - 1 - tap holds kernel (ky + line, kx + tap).
 */
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
    for (let above = 0; above < geometry.lines; above++) {
      for (let left = 0; left < geometry.taps; left++) {
        const kernel = (ky + geometry.lines - 1 - above) * stage.kernelW + kx + geometry.taps - 1 - left
        if (covered.has(kernel)) continue
        covered.add(kernel)
        lanes |= 1n << BigInt(3 * above + left)
        sources.push(kernel)
      }
    }
    return { offset: ky * pitch + kx * pixelBytes, lanes, sources }
  })
  return blockList(entries)
}

/** Bytes of the parameter block of a column block. */
export function stageBlockBytes(stage: ConvStage | DepthwiseStage, target: Target): number {
  if (typeof stage.finish === 'object')
    return stage.finish.line ? lineBlockBytes(target) : thresholdBlockBytes(target, stage.finish.steps)
  return parameterBlockBytes(target, stage.requant.multiplier.length > 1)
}
