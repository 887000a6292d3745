/**
 * The targets that are synthesized for the area model: `fit` ones give its coefficients, `check` ones only tell its
 * error. Each of the check's arrays has a combination of shape, lanes and precisions that no fitted one has; the last is that of the
 * preset trellis-16, which is larger in everything than any fitted one.
 */
import { readFileSync } from 'node:fs'

const KEYS = ['rows', 'cols', 'post_lanes', 'precisions', 'bus', 'memories', 'banks']

/** KiB of activation, weight, accumulator, parameter and index memory. */
const MEMORIES = {
  small: [16, 8, 4, 1, 1],
  medium: [32, 16, 16, 2, 2],
  large: [64, 16, 16, 2, 2],
  larger: [128, 64, 32, 4, 4],
}

const FIT = [
  [4, 4, 4, [8], 4, 'small', 4],
  [4, 4, 2, [8, 1], 8, 'small', 2],
  [8, 4, 2, [8, 1], 8, 'small', 2],
  [4, 8, 2, [8], 8, 'medium', 4],
  [8, 8, 2, [8], 8, 'medium', 4],
  [8, 8, 4, [8, 1], 8, 'medium', 4],
  [4, 8, 4, [8, 1], 8, 'medium', 2],
  [4, 4, 1, [8], 8, 'small', 4],
  [8, 4, 1, [8], 8, 'small', 4],
  [8, 8, 2, [8, 4, 2, 1], 8, 'large', 8],
  [16, 4, 1, [8, 4], 16, 'small', 2],
  [16, 8, 2, [8], 16, 'medium', 4],
  [8, 16, 2, [8], 8, 'medium', 4],
]

const CHECK = [
  [16, 8, 4, [8], 8, 'medium', 4],
  [8, 8, 4, [8, 4, 2, 1], 8, 'large', 8],
  [4, 8, 1, [8, 1], 8, 'medium', 2],
  [8, 4, 2, [8, 4], 4, 'small', 4],
  [16, 16, 16, [8, 4, 2, 1], 16, 'larger', 8],
]

export const SWEEP = [...FIT.map((row) => point(row, 'fit')), ...CHECK.map((row) => point(row, 'check'))]

/** The target that docs/area.md looks into: 8x8 with binary and depthwise. */
export const BAR_TARGET = '8x8 8,1 post 4 bus 8 medium banks 4'

/** What was measured, and written to a file beside this one. */
const measured = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))

/**
 * Areas of units, by the name of their target, of RTL that is later than that of the fit: of the target that measure-features.mjs
 * synthesized, where it ran on another commit.
 */
export function presentUnits(family) {
  const { commit, units, xc7 } = measured('features.json')
  const later = commit !== measured('points.json').commits[family]
  return later ? { [BAR_TARGET]: family === 'ecp5' ? units.base : xc7 } : {}
}

/** A point: what it is for, and the target as a target file has it. */
function point(row, use) {
  const { rows, cols, post_lanes, precisions, bus, memories, banks } = Object.fromEntries(
    KEYS.map((key, i) => [key, row[i]]),
  )
  const [activation_kib, weight_kib, accumulator_kib, parameter_kib, index_kib] = MEMORIES[memories]
  return {
    use,
    target: {
      name: `${rows}x${cols} ${precisions.join(',')} post ${post_lanes} bus ${bus} ${memories} banks ${banks}`,
      clock_mhz: 100,
      array: { rows, cols, post_lanes },
      precisions,
      memories: { activation_kib, weight_kib, accumulator_kib, parameter_kib, index_kib, banks },
      dram: { bytes_per_cycle: bus, latency_cycles: 30 },
    },
  }
}
