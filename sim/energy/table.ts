/**
 * Energy constants. Each has a nominal value and an interval that it is believed to lie in, its unit, and where it
 * comes from. docs/energy.md is generated from this table (`scripts/docs/energy-page.ts`).
 */

export interface Constant {
  readonly unit: string
  readonly low: number
  readonly nominal: number
  readonly high: number
  /** What the constant is, as the start of a row of the page. */
  readonly meaning: string
  readonly source: string
}

export interface EnergyTable {
  /** One 8-bit multiplier of a byte lane. */
  readonly multiply8: Constant
  /** A byte lane's share of the adder tree and of the accumulation. */
  readonly laneAdd: Constant
  readonly requantize: Constant
  /** One byte lane of an addition, a comparison or a register move in the post unit. */
  readonly vectorLane: Constant
  /** One byte of a memory of `sramReferenceKib`. */
  readonly sramByte: Constant
  readonly sramReferenceKib: Constant
  /** One byte of a flip-flop buffer: instruction buffer and queues. */
  readonly registerByte: Constant
  readonly dramByte: Constant
  readonly dramBackground: Constant
  readonly sramLeakage: Constant
  readonly logicLeakageShare: Constant
  readonly clockShare: Constant
}

const HOROWITZ = 'Horowitz, Computing’s energy problem, ISSCC 2014, figure 1.1.9 (45 nm, 0.9 V)'
const EYERISS =
  'the 65 nm components of Eyeriss models (Chen et al., ISCA 2016, and Wu et al., Accelergy, ICCAD 2019)'
const ITRS =
  'off currents of the ITRS tables in CACTI 6.5 (Muralimanohar et al., HPL-2009-85) times its cell widths: access 1.31 F, pull-down 2.08 F, half of the pull-up 1.23 F'
const LPDDR =
  'supply currents of a 1 Gb mobile LPDDR (Micron MT46H32M32LG, 1.8 V): active power-down 3.6 mA, standby 18 mA; high: two such devices, one bank open, 20 mA'
const CLOCK =
  'assumption: published accelerators give a tenth to almost a half of what they spend on chip to clock and control'
const LOGIC = 'assumption: logic leaks up to as much as the memories, which take most of the area'

const shared = {
  logicLeakageShare: {
    unit: 'of the leakage of memories',
    low: 0,
    nominal: 0.5,
    high: 1,
    meaning: 'leakage of logic',
    source: LOGIC,
  },
  clockShare: {
    unit: 'of all other dynamic energy on chip',
    low: 0.1,
    nominal: 0.25,
    high: 0.45,
    meaning: 'clock tree and control',
    source: CLOCK,
  },
  dramBackground: {
    unit: 'mW',
    low: 6.5,
    nominal: 32.4,
    high: 72,
    meaning: 'DRAM background power',
    source: LPDDR,
  },
} as const

export const ENERGY_TABLES: Readonly<Record<'45nm' | '65nm', EnergyTable>> = {
  '45nm': {
    ...shared,
    multiply8: {
      unit: 'pJ',
      low: 0.15,
      nominal: 0.2,
      high: 0.25,
      meaning: '8-bit multiply',
      source: HOROWITZ,
    },
    laneAdd: {
      unit: 'pJ',
      low: 0.03,
      nominal: 0.06,
      high: 0.1,
      meaning: 'add of one lane’s product to a sum',
      source: `${HOROWITZ}: low 8-bit, high 32-bit add; nominal the 18 bits of a tree, by width`,
    },
    requantize: {
      unit: 'pJ',
      low: 3.1,
      nominal: 3.4,
      high: 6.8,
      meaning: 'pass of one lane through the requantizer',
      source: `${HOROWITZ}: low the 32-bit multiply, nominal with three 32-bit adds, high twice that`,
    },
    vectorLane: {
      unit: 'pJ',
      low: 0.03,
      nominal: 0.06,
      high: 0.1,
      meaning: 'add or comparison of one byte lane',
      source: `${HOROWITZ}: low 8-bit, high 32-bit add`,
    },
    sramReferenceKib: {
      unit: 'KiB',
      low: 8,
      nominal: 8,
      high: 8,
      meaning: 'memory that the next constant is of',
      source: HOROWITZ,
    },
    sramByte: {
      unit: 'pJ/byte',
      low: 0.625,
      nominal: 1.25,
      high: 1.9,
      meaning: 'read or write of that memory',
      source: `${HOROWITZ}: 10 pJ for 64 bits of an 8 KiB cache; low: half, for a scratchpad has no tags`,
    },
    registerByte: {
      unit: 'pJ/byte',
      low: 0.03,
      nominal: 0.07,
      high: 0.15,
      meaning: 'write or read of a flip-flop buffer',
      source: 'registers of 9 fJ a bit in the 40 nm library of Aladdin (Shao et al., ISCA 2014)',
    },
    dramByte: {
      unit: 'pJ/byte',
      low: 64,
      nominal: 160,
      high: 325,
      meaning: 'DRAM transfer',
      source: `low: LPDDR4 at 8 pJ/bit; nominal and high: ${HOROWITZ}, 1.3 and 2.6 nJ for 64 bits`,
    },
    sramLeakage: {
      unit: 'pW/bit',
      low: 2,
      nominal: 18,
      high: 1400,
      meaning: 'leakage of memories',
      source: `${ITRS}; low: low-standby-power cells at 300 K, nominal at 350 K, high: low-operating-power cells at 350 K`,
    },
  },
  '65nm': {
    ...shared,
    multiply8: {
      unit: 'pJ',
      low: 0.1,
      nominal: 0.16,
      high: 0.29,
      meaning: '8-bit multiply',
      source: `${EYERISS}: a multiply-accumulate takes 0.208 pJ, of which the next constant is a part; high: 45 nm scaled by feature size`,
    },
    laneAdd: {
      unit: 'pJ',
      low: 0.03,
      nominal: 0.048,
      high: 0.14,
      meaning: 'add of one lane’s product to a sum',
      source: `${EYERISS}: 0.208 pJ in the proportion of 45 nm; high: 45 nm scaled by feature size`,
    },
    requantize: {
      unit: 'pJ',
      low: 2.6,
      nominal: 4.9,
      high: 9.8,
      meaning: 'pass of one lane through the requantizer',
      source: `45 nm scaled by feature size, 65/45; low: by the multiply of this table`,
    },
    vectorLane: {
      unit: 'pJ',
      low: 0.03,
      nominal: 0.087,
      high: 0.14,
      meaning: 'add or comparison of one byte lane',
      source: '45 nm scaled by feature size, 65/45',
    },
    sramReferenceKib: {
      unit: 'KiB',
      low: 128,
      nominal: 128,
      high: 128,
      meaning: 'memory that the next constant is of',
      source: EYERISS,
    },
    sramByte: {
      unit: 'pJ/byte',
      low: 1.6,
      nominal: 2.27,
      high: 4.5,
      meaning: 'read or write of that memory',
      source: `${EYERISS}: 18.18 pJ for 64 bits; CACTI errs by up to 30 %; high: twice`,
    },
    registerByte: {
      unit: 'pJ/byte',
      low: 0.04,
      nominal: 0.1,
      high: 0.22,
      meaning: 'write or read of a flip-flop buffer',
      source: '45 nm scaled by feature size, 65/45',
    },
    dramByte: {
      unit: 'pJ/byte',
      low: 51,
      nominal: 64,
      high: 160,
      meaning: 'DRAM transfer',
      source: `${EYERISS}: LPDDR4, 512 pJ for 64 bits; low: 20 % less; high: 1.3 nJ for 64 bits`,
    },
    sramLeakage: {
      unit: 'pW/bit',
      low: 3,
      nominal: 25,
      high: 3500,
      meaning: 'leakage of memories',
      source: `${ITRS}; low: low-standby-power cells at 300 K, nominal at 350 K, high: low-operating-power cells at 350 K`,
    },
  },
}
