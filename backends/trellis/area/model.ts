/**
 * The area model: what a target is estimated to occupy, without synthesis. LUTs, flip-flops and multipliers of a unit are
 * linear in terms that its structure suggests, with coefficients fitted to synthesized targets (`npm run fit:area`); block
 * memories follow from the sizes of the arrays. docs/area.md states how far it is off.
 */
import { LOAD_BURSTS, MAX_BURST_BEATS } from '../isa/costs.ts'
import { rtlParameters } from '../rtl/header.ts'
import type { Target } from '../target.ts'
import { COEFFICIENTS, LARGEST } from './coefficients.generated.ts'
import { type Area, type Family, mapArea, sumAreas } from './count.ts'
import type { UnitAreas } from './synthesis.ts'
import { UNIT_NAMES, type UnitName } from './units.ts'

type Shape = ReturnType<typeof rtlParameters>
type Terms = Readonly<Record<string, number>>

/** What is fitted; `bram` is counted. */
export const FITTED = ['logic_lut', 'lut', 'ff', 'dsp'] as const satisfies readonly (keyof Area)[]
export type Fitted = (typeof FITTED)[number]

/** Coefficients by family, unit, metric and term. */
export type Coefficients = Readonly<
  Record<Family, Readonly<Record<UnitName, Readonly<Record<Fitted, Terms>>>>>
>

/** A window of n bytes that starts anywhere passes log2(n) rows of n byte multiplexers. */
const rotation = (bytes: number): number => bytes * Math.log2(bytes)

const has = ({ PRECISIONS }: Shape, bits: number): number => (PRECISIONS >> (3 - Math.log2(bits))) & 1

/** Terms of each unit, beside the constant that every unit has. Bytes and lanes, as the names say. */
const TERMS: Readonly<Record<UnitName, (shape: Shape, family: Family) => Terms>> = {
  fetch: (s) => ({ bus_bytes: s.BUS_BYTES }),
  issue: (s) => ({ queue_depth: s.QUEUE_DEPTH }),
  load: (s) => ({
    port_rotation: rotation(s.PORT_BYTES),
    bus_bytes: s.BUS_BYTES,
    rows: s.ROWS,
  }),
  mac: (s) => ({
    lanes: s.ROWS * s.COLS,
    lanes_4: s.ROWS * s.COLS * has(s, 4),
    lanes_2: s.ROWS * s.COLS * has(s, 2),
    lanes_1: s.ROWS * s.COLS * has(s, 1),
    cols: s.COLS,
    port_rotation: rotation(s.PORT_BYTES),
  }),
  post: (s) => ({ post_lanes: s.POST_LANES, cols: s.COLS, port_rotation: rotation(s.PORT_BYTES) }),
  store: (s) => ({ port_rotation: rotation(s.PORT_BYTES), bus_bytes: s.BUS_BYTES }),
  arbiter: () => ({}),
  activation: (s) => ({
    bank_port_bytes: s.BANKS * s.PORT_BYTES,
    port_rotation: rotation(s.PORT_BYTES),
    banks: s.BANKS,
  }),
  weights: (s) => ({ rows: s.ROWS }),
  accumulators: () => ({}),
  parameters: (s, family) => ({
    port_rotation: rotation(s.PORT_BYTES),
    distributed_bytes: distributedBytes('parameters', s, family),
  }),
  index: (s, family) => ({
    port_rotation: rotation(s.PORT_BYTES),
    distributed_bytes: distributedBytes('index', s, family),
  }),
  tables: (s, family) => ({
    port_rotation: rotation(s.PORT_BYTES),
    distributed_bytes: distributedBytes('tables', s, family),
  }),
}

/** The terms of a unit for a target, with the constant. */
export function termsOf(unit: UnitName, target: Target, family: Family): Terms {
  return { constant: 1, ...TERMS[unit](rtlParameters(target), family) }
}

/** A memory in the RTL, `copies` times: `depth` words of `width` bits, whose bytes are written one by one or not. */
interface MemoryArray {
  readonly depth: number
  readonly width: number
  readonly copies: number
  readonly byByte?: boolean
}

/** The arrays of every unit that become block memories. Windows stand in even and odd lines. */
const ARRAYS: Readonly<Partial<Record<UnitName, (shape: Shape) => readonly MemoryArray[]>>> = {
  load: (s) => {
    const banks = (2 * s.PORT_BYTES) / s.BUS_BYTES
    return [{ depth: (2 * LOAD_BURSTS * MAX_BURST_BEATS) / banks, width: 8 * s.BUS_BYTES, copies: banks }]
  },
  // Three lanes for each row of a filter, of which there are three at most; the one that streams is not kept.
  mac: (s) => {
    const linesKept = Math.min(Math.floor(s.ROWS / 3), 3) - 1
    return [{ depth: s.LINE_WORDS, width: 8 * s.COLS * linesKept, copies: 1 }]
  },
  // Thresholds: as many banks as are read, or written, at once.
  post: (s) => {
    const banks = Math.max(s.POST_LANES, Math.min(s.PORT_BYTES / 4, s.COLS))
    const entries = Math.min(256, s.PARAMETER_BYTES / (4 * s.COLS))
    return [{ depth: ((2 * s.COLS) / banks) * entries, width: 32, copies: banks }]
  },
  activation: (s) => [window(s, s.ACTIVATION_BYTES / s.BANKS, s.BANKS)],
  weights: (s) => [{ depth: s.WEIGHT_COLUMNS / 2, width: 9 * s.ROWS, copies: 2 }],
  accumulators: (s) => [{ depth: s.ACCUMULATOR_VECTORS, width: 32 * s.COLS, copies: 2 }],
  parameters: (s) => [window(s, s.PARAMETER_BYTES, 1)],
  index: (s) => [window(s, 4 * s.INDEX_ENTRIES, 1)],
  tables: (s) => [window(s, 1024, 4)],
}

function window({ PORT_BYTES }: Shape, bytes: number, copies: number): MemoryArray {
  return { depth: bytes / PORT_BYTES / 2, width: 8 * PORT_BYTES, copies: 2 * copies, byByte: true }
}

/** Shapes of a block memory of 18 Kbit: words and bits. Both families have them. */
const BLOCK_SHAPES = [
  [512, 36],
  [1024, 18],
  [2048, 9],
  [4096, 4],
  [8192, 2],
  [16384, 1],
] as const

/** Arrays of no more words are made of LUTs instead: two of ECP5's memories of 16 words, or one of 7-series. */
const MOST_DISTRIBUTED: Readonly<Record<Family, number>> = { ecp5: 32, xc7: 64 }

function distributedBytes(unit: UnitName, shape: Shape, family: Family): number {
  const arrays = (ARRAYS[unit]?.(shape) ?? []).filter(({ depth }) => depth <= MOST_DISTRIBUTED[family])
  return sum(arrays.map(({ depth, width, copies }) => (copies * depth * width) / 8))
}

/** Block memories of one array: none if it is small, else the fewest of any one shape. Lanes that are written alone are 9 bits, of which 8 are used. */
function blocksOf({ depth, width, copies, byByte = false }: MemoryArray, family: Family): number {
  if (depth <= MOST_DISTRIBUTED[family]) return 0
  const counts = BLOCK_SHAPES.filter(([, bits]) => !byByte || bits >= 9).map(
    ([words, bits]) => Math.ceil(depth / words) * Math.ceil(width / (byByte ? (bits / 9) * 8 : bits)),
  )
  return copies * Math.min(...counts)
}

/** Estimated area of every unit. */
export function modelledUnits(
  target: Target,
  family: Family,
  coefficients: Coefficients = COEFFICIENTS,
): UnitAreas {
  const fitted = coefficients[family]
  const shape = rtlParameters(target)
  return Object.fromEntries(
    UNIT_NAMES.map((unit) => {
      const terms = termsOf(unit, target, family)
      const area = mapArea((metric) => {
        if (metric === 'bram')
          return sum((ARRAYS[unit]?.(shape) ?? []).map((array) => blocksOf(array, family)))
        const weights = fitted[unit][metric]
        return Math.max(
          0,
          Math.round(sum(Object.entries(terms).map(([term, x]) => x * (weights[term] ?? 0)))),
        )
      })
      return [unit, area]
    }),
  ) as UnitAreas
}

/** What the model depends on most, by the names of the RTL's parameters. */
export function sizesOf(target: Target): Readonly<Record<string, number>> {
  const { ROWS, COLS, POST_LANES, PORT_BYTES, BANKS } = rtlParameters(target)
  return { ROWS, COLS, LANES: ROWS * COLS, POST_LANES, PORT_BYTES, BANKS }
}

/** Whether a target is larger, in any way, than all that the model was fitted to or checked on. */
export function isExtrapolated(target: Target, family: Family): boolean {
  return Object.entries(sizesOf(target)).some(([name, size]) => size > (LARGEST[family][name] ?? 0))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export function totalArea(units: UnitAreas): Area {
  return sumAreas(Object.values(units))
}
