/** What the cells of a synthesized circuit occupy of an FPGA. The rules are stated in docs/area.md. */
import { must } from '../../../ir/diagnostic.ts'

/** FPGA families: Lattice ECP5 and Xilinx 7-series. */
export const FAMILIES = ['ecp5', 'xc7'] as const
export type Family = (typeof FAMILIES)[number]

export interface Area {
  /** Cells that compute a function: LUT4 of ECP5, LUT1 to LUT6 of 7-series. */
  readonly logic_lut: number
  /** Places of LUTs in all: logic, and those that carry chains and distributed memories take. */
  readonly lut: number
  readonly ff: number
  /** Multipliers: MULT18X18D of ECP5, DSP48E1 of 7-series. */
  readonly dsp: number
  /** Block memories of 18 Kbit: DP16KD of ECP5, RAMB18E1 of 7-series, whose RAMB36E1 are two. */
  readonly bram: number
}

const METRICS = ['logic_lut', 'lut', 'ff', 'dsp', 'bram'] as const satisfies readonly (keyof Area)[]

const NO_AREA: Area = { logic_lut: 0, lut: 0, ff: 0, dsp: 0, bram: 0 }

type Rule = Partial<Area>

const LOGIC: Rule = { logic_lut: 1, lut: 1 }
const FLIP_FLOP: Rule = { ff: 1 }
/** Multiplexers and carry logic that stand beside the LUTs, constants and buffers of the clock. */
const NOTHING: Rule = {}

/** Cells of synth_ecp5 and synth_xilinx, and what each occupies. */
export const CELL_RULES: Readonly<Record<Family, Readonly<Record<string, Rule>>>> = {
  ecp5: {
    LUT4: LOGIC,
    CCU2C: { lut: 2 },
    TRELLIS_DPR16X4: { lut: 4 },
    TRELLIS_FF: FLIP_FLOP,
    MULT18X18D: { dsp: 1 },
    DP16KD: { bram: 1 },
    PDPW16KD: { bram: 1 },
  },
  xc7: {
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((inputs) => [`LUT${inputs}`, LOGIC])),
    INV: LOGIC,
    CARRY4: NOTHING,
    MUXF7: NOTHING,
    MUXF8: NOTHING,
    RAM32X1D: { lut: 2 },
    RAM64X1D: { lut: 2 },
    RAM128X1D: { lut: 4 },
    RAM32M: { lut: 4 },
    RAM64M: { lut: 4 },
    SRL16E: { lut: 1 },
    SRLC32E: { lut: 1 },
    ...Object.fromEntries(['FDRE', 'FDSE', 'FDCE', 'FDPE'].map((cell) => [cell, FLIP_FLOP])),
    DSP48E1: { dsp: 1 },
    RAMB18E1: { bram: 1 },
    RAMB36E1: { bram: 2 },
  },
}

/** The area of what `stat -json` of Yosys counts; its `$scopeinfo` are names only. */
export function countArea(family: Family, stat: string): Area {
  const { design } = JSON.parse(stat) as {
    readonly design: { readonly num_cells_by_type: Readonly<Record<string, number>> }
  }
  const cells = Object.entries(design.num_cells_by_type).filter(([type]) => type !== '$scopeinfo')
  return sumAreas(
    cells.map(([type, count]) => {
      const rule = must(CELL_RULES[family][type], `no rule for the cell ${type} of ${family}`)
      return scaleArea({ ...NO_AREA, ...rule }, count)
    }),
  )
}

export function sumAreas(areas: readonly Area[]): Area {
  return mapArea((metric) => areas.reduce((sum, area) => sum + area[metric], 0))
}

export function scaleArea(area: Area, factor: number): Area {
  return mapArea((metric) => area[metric] * factor)
}

export function mapArea(value: (metric: keyof Area) => number): Area {
  return Object.fromEntries(METRICS.map((metric) => [metric, value(metric)])) as unknown as Area
}
