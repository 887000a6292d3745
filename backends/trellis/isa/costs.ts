/**
 * Cycle costs: the one home of every constant of docs/timing.md, used by the compiler's estimate and by the
 * simulator. Nothing here touches a value.
 */
import { portBytes, type Target } from '../target.ts'
import { INSTRUCTION_BYTES, type Instruction, type InstructionOf } from './table.ts'

/** Depth of each unit's instruction queue. */
export const QUEUE_DEPTH = 16
/** Instructions that the fetch unit buffers, and how many it asks for at once. */
export const FETCH_BUFFER = 32
export const FETCH_BURST = 8
/** Longest DRAM burst of load and store, in beats. */
export const MAX_BURST_BEATS = 32
/** Bursts whose data the load unit has room for between DRAM and memory; bursts that store buffers. */
export const LOAD_BURSTS = 4
export const STORE_BURSTS = 2
/** Load instructions in flight. */
export const LOAD_DESCRIPTORS = 4
/** Cycles from a load's start to its first request, or of a load.fill to its first word. */
export const LOAD_SETUP = 3
/** Cycles from the read of a word in the staging buffer to its write to memory, and from memory to the store's buffer. */
export const LOAD_PIPE = 2
export const STORE_PIPE = 2
/** Columns of weights that weight memory gives, or takes, a cycle: its words are as wide. */
export const WEIGHT_COLUMNS_PER_CYCLE = 2
/** Cycles from a mac instruction's start to its first weight column. */
export const MAC_SETUP = 2
/** Cycles from the last window read to the last accumulator written. */
export const MAC_PIPE = 8
/** Fewest cycles between blocks that touch the same accumulator: read, add, write. */
export const MIN_BLOCK_PERIOD = 4
/** Cycles from a post instruction's start to its first parameter word. */
export const POST_SETUP = 2
/** Cycles from the last operand read to the last byte written. */
export const POST_PIPE = 17
/** Cycles that are added where a result takes several dependent passes through the requantization multiplier. */
export const POST_CHAIN = { add: 9, residual: 16, multiply: 11 } as const
/** Bytes a cycle that one lookup table answers. */
export const TABLE_PORTS = 4
/** Passes through the requantization multiplier for each vector. */
export const REQUANTIZE_PASSES = { requantize: 1, add: 3, residual: 4, multiply: 2 } as const

/**
 * What a streaming unit (mac, post) does for one instruction: `blocks` blocks, each of which needs `setupCycles` to
 * bring its constants (weights, parameters) and then streams for `streamCycles`. Constants of the next block are
 * brought while a block streams.
 */
export interface StreamCost {
  readonly blocks: number
  readonly startCycles: number
  readonly setupCycles: number
  readonly streamCycles: number
  readonly pipeCycles: number
  /** Fewest cycles between the starts of two blocks. */
  readonly minPeriodCycles: number
  /** Cycles between the end of the previous instruction's stream and the beginning of this one's, at least. */
  readonly gapCycles: number
  /** It reads what the unit's previous instruction may have written: its stream waits for that one's last write. */
  readonly drains: boolean
}

/** Bytes of one parameter block. */
export function parameterBlockBytes(target: Target, perChannel: boolean): number {
  return target.array.cols * (perChannel ? 9 : 4)
}

/** Bytes of one block of thresholds: bias, `steps` thresholds and a direction for each column. */
export function thresholdBlockBytes(target: Target, steps: number): number {
  return target.array.cols * (4 + 4 * steps + 1)
}

/** Modes of post.acc: sums through thresholds, as they are, and through a line clamped to a staircase. */
export const MODE_THRESHOLDS = 3
export const MODE_SUMS = 4
export const MODE_LINE = 5

/** Bytes of a line's constants: bias, multiplier, 64-bit offset and shift. */
export const LINE_BYTES = 17

/** Bytes of one block of lines, one for each column. */
export function lineBlockBytes(target: Target): number {
  return target.array.cols * LINE_BYTES
}

/** Bytes of the parameter block that a post.acc reads for each column block. */
export function accBlockBytes(i: InstructionOf<'post.acc'>, target: Target): number {
  if (i.mode === MODE_THRESHOLDS) return thresholdBlockBytes(target, i.steps)
  if (i.mode === MODE_LINE) return lineBlockBytes(target)
  return parameterBlockBytes(target, i.mode !== MODE_SUMS && i.per_channel === 1)
}

/** Bytes of parameters that post takes a cycle: at most one word a column. */
export function parameterPortBytes(target: Target): number {
  return Math.min(portBytes(target), 4 * target.array.cols)
}

/** Bytes that a post.acc writes for `lanes` lanes. */
export function accOutputBytes(i: InstructionOf<'post.acc'>, lanes: number): number {
  return i.mode === MODE_SUMS ? 4 * lanes : Math.ceil(lanes / 2 ** i.precision)
}

/** Cycles that the search for the number of thresholds reached takes, one comparison each. */
export function thresholdPasses(steps: number): number {
  return Math.ceil(Math.log2(steps + 1))
}

/** Input pixels that one pass of a depthwise instruction streams. */
export function depthwisePixels(i: InstructionOf<'mac.depthwise'>): number {
  const rows = i.resume === 1 ? i.my * i.y_stride : (i.my - 1) * i.y_stride + i.lines
  return rows * ((i.mx - 1) * i.x_stride + i.taps)
}

export function macCost(i: InstructionOf<'mac.dense' | 'mac.depthwise'>, target: Target): StreamCost {
  return {
    blocks: i.entries * i.blocks,
    startCycles: MAC_SETUP,
    setupCycles: Math.ceil(target.array.cols / WEIGHT_COLUMNS_PER_CYCLE),
    streamCycles: i.op === 'mac.dense' ? i.mx * i.my : depthwisePixels(i as InstructionOf<'mac.depthwise'>),
    pipeCycles: MAC_PIPE,
    minPeriodCycles: MIN_BLOCK_PERIOD,
    // Its first accumulator may be the last one of the instruction before.
    gapCycles: i.accumulate === 1 ? MIN_BLOCK_PERIOD - 1 : 0,
    drains: false,
  }
}

/**
 * Cycles by which the token for post comes before done. From then on mac writes the accumulators of its last block at least one a
 * cycle, and post, which starts later, reads them at most one a cycle.
 */
export function earlyCycles(i: InstructionOf<'mac.dense' | 'mac.depthwise'>): number {
  return i.early === 1 ? i.mx * i.my : 0
}

export type PostInstruction = Extract<Instruction, { readonly op: `post.${string}` }>

export function postCost(i: PostInstruction, target: Target): StreamCost {
  const { cols, post_lanes } = target.array
  const pass = cols / post_lanes
  const lookup = Math.ceil(cols / TABLE_PORTS)
  const one = {
    blocks: 1,
    startCycles: POST_SETUP,
    setupCycles: 0,
    pipeCycles: POST_PIPE,
    minPeriodCycles: 1,
    gapCycles: 0,
    drains: true,
  }
  switch (i.op) {
    case 'post.setup':
      return { ...one, startCycles: 0, streamCycles: 1, pipeCycles: 0 }
    case 'post.acc':
      return {
        blocks: i.blocks,
        startCycles: POST_SETUP,
        setupCycles: accSetupCycles(i, target),
        streamCycles: i.mx * i.my * accInterval(i, target),
        pipeCycles: POST_PIPE + (i.mode === 1 ? POST_CHAIN.residual : 0),
        minPeriodCycles: 1,
        gapCycles: 0,
        drains: i.mode === 1,
      }
    case 'post.binary': {
      const kind = i.kind === 2 ? 'multiply' : 'add'
      return {
        ...one,
        pipeCycles: POST_PIPE + POST_CHAIN[kind],
        streamCycles: i.mx * i.my * Math.max(2, pass * REQUANTIZE_PASSES[kind]),
      }
    }
    case 'post.unary':
      return { ...one, streamCycles: i.mx * i.my * (i.mode === 0 ? 1 : i.mode === 1 ? pass : lookup) }
    case 'post.pool':
      // Sums enter the multiplier when their window has been read.
      return {
        ...one,
        pipeCycles: POST_PIPE + (i.kind === 1 ? pass : 0),
        streamCycles: i.mx * i.my * Math.max(i.kx * i.ky, i.kind === 1 ? pass : 1),
      }
    case 'post.fill':
      return { ...one, streamCycles: i.rows * Math.ceil(i.bytes / portBytes(target)), drains: false }
  }
}

/** Cycles that bring a block of parameters. Blocks of residual sums begin a whole number of their turns apart. */
function accSetupCycles(i: InstructionOf<'post.acc'>, target: Target): number {
  const words = Math.ceil(accBlockBytes(i, target) / parameterPortBytes(target))
  const turn = REQUANTIZE_PASSES.residual
  return i.mode === 1 ? turn * Math.ceil(words / turn) : words
}

/** Cycles that a post.acc takes for each vector. */
export function accInterval(i: Pick<InstructionOf<'post.acc'>, 'mode' | 'steps'>, target: Target): number {
  const { cols, post_lanes } = target.array
  const pass = cols / post_lanes
  switch (i.mode) {
    case 1:
      return pass * REQUANTIZE_PASSES.residual
    case 2:
      return Math.max(pass, Math.ceil(cols / TABLE_PORTS))
    case MODE_THRESHOLDS:
      return pass * thresholdPasses(i.steps)
    case MODE_SUMS:
      return Math.max(pass, Math.ceil((4 * cols) / portBytes(target)))
    default:
      return pass * REQUANTIZE_PASSES.requantize
  }
}

/** Cycles from the start of one block to the start of the next. */
export function blockPeriod(cost: StreamCost): number {
  return Math.max(cost.streamCycles, cost.setupCycles, cost.minPeriodCycles)
}

/** Cycles from a streaming instruction's start to its end when nothing else holds it up. */
export function streamLatency(cost: StreamCost): number {
  return (
    cost.startCycles +
    cost.setupCycles +
    (cost.blocks - 1) * blockPeriod(cost) +
    cost.streamCycles +
    cost.pipeCycles
  )
}

/** DRAM beats of one instruction. */
export function instructionBeats(target: Target): number {
  return Math.ceil(INSTRUCTION_BYTES / target.dram.bytes_per_cycle)
}

export function popcount(mask: bigint): number {
  let n = 0
  for (let m = mask; m > 0n; m >>= 1n) if (m & 1n) n++
  return n
}
