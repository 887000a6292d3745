/** Targets for random programs: small memories in several banks, so that edges and conflicts are met often, and one with large ones. */
import type { Target } from '../../../backends/trellis/target.ts'

function target(
  rows: number,
  cols: number,
  postLanes: number,
  bus: number,
  latency: number,
  precisions: Target['precisions'],
  memories: Partial<Target['memories']> = {},
): Target {
  return {
    name: `fuzz-${rows}x${cols}`,
    clock_mhz: 100,
    array: { rows, cols, post_lanes: postLanes, line_words: 32 },
    precisions,
    memories: {
      ...{
        activation_kib: 4,
        weight_kib: 8,
        accumulator_kib: 4,
        parameter_kib: 2,
        index_kib: 0.25,
        banks: 4,
      },
      ...memories,
    },
    dram: { bytes_per_cycle: bus, latency_cycles: latency, model: 'fixed' },
    energy: '45nm',
  }
}

/** As large as addresses reach. */
const LARGEST = {
  activation_kib: 256,
  weight_kib: 256,
  accumulator_kib: 256,
  parameter_kib: 64,
  index_kib: 64,
}

export const FUZZ_TARGETS: readonly Target[] = [
  target(4, 4, 4, 4, 5, [8], { activation_kib: 2 }),
  target(8, 8, 4, 8, 30, [8, 4, 2, 1], { banks: 8 }),
  target(16, 16, 16, 16, 40, [8, 4, 2, 1], { activation_kib: 8, weight_kib: 16, banks: 8 }),
  target(8, 16, 8, 2, 3, [8, 4], { banks: 2 }),
  target(16, 8, 8, 32, 17, [8, 1]),
  { ...target(4, 32, 16, 8, 25, [8], { weight_kib: 4, parameter_kib: 4 }), queue_depth: 4 },
  target(4, 4, 2, 16, 12, [8, 2], LARGEST),
  { ...target(4, 4, 1, 16, 1, [8, 2], { activation_kib: 1, banks: 1 }), queue_depth: 2 },
]
