/**
 * The two headers of the RTL that follow from TypeScript: positions of instruction fields and timing constants
 * (`trellis_isa.svh`, the same for every target), and the parameters of one target (`trellis_target.svh`). Neither is
 * written a second time anywhere in the RTL.
 */
import {
  FETCH_BUFFER,
  FETCH_BURST,
  LOAD_BURSTS,
  LOAD_DESCRIPTORS,
  LOAD_PIPE,
  LOAD_SETUP,
  MAC_PIPE,
  MAC_SETUP,
  MAX_BURST_BEATS,
  MIN_BLOCK_PERIOD,
  POST_CHAIN,
  POST_PIPE,
  POST_SETUP,
  QUEUE_DEPTH,
  REQUANTIZE_PASSES,
  STORE_BURSTS,
  STORE_PIPE,
  TABLE_PORTS,
  WEIGHT_COLUMNS_PER_CYCLE,
} from '../isa/costs.ts'
import { layoutOf, OPCODES } from '../isa/layout.ts'
import { HEADER, INSTRUCTION_BITS, INSTRUCTIONS } from '../isa/table.ts'
import { capacities, portBytes, type Target } from '../target.ts'

const macro = (name: string, value: string | number): string => `\`define ${name} ${value}`
const upper = (name: string): string => name.replaceAll('.', '_').toUpperCase()

/** Constants of docs/timing.md that the RTL needs, under the names of isa/costs.ts. */
export const CONSTANTS = {
  FETCH_BUFFER,
  FETCH_BURST,
  MAX_BURST_BEATS,
  LOAD_BURSTS,
  STORE_BURSTS,
  LOAD_DESCRIPTORS,
  LOAD_SETUP,
  LOAD_PIPE,
  STORE_PIPE,
  WEIGHT_COLUMNS_PER_CYCLE,
  MAC_SETUP,
  MAC_PIPE,
  MIN_BLOCK_PERIOD,
  POST_SETUP,
  POST_PIPE,
  TABLE_PORTS,
} as const

/**
 * `OP_<INSTRUCTION>`: opcode. `F_<INSTRUCTION>_<FIELD>`: the field's bits, as a range `high:low` of an instruction word;
 * the header's are `F_OPCODE`, `F_WAIT` and `F_SIGNAL`.
 */
export function isaHeader(): string {
  const lines = [
    '// Generated from the instruction table and the cycle costs. Not to be edited.',
    '`ifndef TRELLIS_ISA_SVH',
    macro('TRELLIS_ISA_SVH', ''),
    macro('INSTRUCTION_BITS', INSTRUCTION_BITS),
    ...Object.entries(CONSTANTS).map(([name, value]) => macro(name, value)),
    ...Object.entries(POST_CHAIN).map(([kind, cycles]) => macro(`POST_CHAIN_${upper(kind)}`, cycles)),
    ...Object.entries(REQUANTIZE_PASSES).map(([kind, passes]) => macro(`PASSES_${upper(kind)}`, passes)),
  ]
  let low = 0
  for (const [name, { bits }] of Object.entries(HEADER)) {
    lines.push(macro(`F_${upper(name)}`, `${low + bits - 1}:${low}`))
    low += bits
  }
  for (const op of OPCODES) {
    lines.push(macro(`OP_${upper(op)}`, `5'd${INSTRUCTIONS[op].opcode}`))
    for (const { name, field, lowBit } of layoutOf(op).fields) {
      if (name in HEADER) continue
      lines.push(macro(`F_${upper(op)}_${upper(name)}`, `${lowBit + field.bits - 1}:${lowBit}`))
    }
  }
  lines.push('`endif', '')
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** Parameters of the module `trellis`, by name: what the RTL knows of a target. */
export function rtlParameters(target: Target) {
  const { rows, cols, post_lanes, line_words } = target.array
  const size = capacities(target)
  const precisions = [8, 4, 2, 1].reduce(
    (mask, bits, k) => mask | (target.precisions.some((p) => p === bits) ? 1 << k : 0),
    0,
  )
  return {
    ROWS: rows,
    COLS: cols,
    POST_LANES: post_lanes,
    LINE_WORDS: line_words,
    PRECISIONS: precisions,
    BUS_BYTES: target.dram.bytes_per_cycle,
    PORT_BYTES: portBytes(target),
    QUEUE_DEPTH: target.queue_depth ?? QUEUE_DEPTH,
    BANKS: target.memories.banks,
    ACTIVATION_BYTES: size.activationBytes,
    WEIGHT_COLUMNS: size.weightColumns,
    ACCUMULATOR_VECTORS: size.accumulatorVectors,
    PARAMETER_BYTES: size.parameterBytes,
    INDEX_ENTRIES: size.indexEntries,
  }
}

/** Default values of the parameters of the module `trellis`. */
export function targetHeader(target: Target): string {
  return [
    `// Generated from the target ${JSON.stringify(target.name)}. Not to be edited.`,
    ...Object.entries(rtlParameters(target)).map(([name, value]) => macro(`TRELLIS_${name}`, value)),
    '',
  ].join('\n')
}
