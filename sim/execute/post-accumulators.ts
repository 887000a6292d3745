/** post.acc: from accumulators to activation memory, the only way out of the mac unit. */

import {
  accBlockBytes,
  accOutputBytes,
  MODE_LINE,
  MODE_SUMS,
  MODE_THRESHOLDS,
} from '../../backends/trellis/isa/costs.ts'
import { accRowBytes } from '../../backends/trellis/isa/footprint.ts'
import type { InstructionOf } from '../../backends/trellis/isa/table.ts'
import { clamp } from '../../ir/arith/saturate.ts'
import { addOperands, scaling } from './arithmetic.ts'
import { illegal, within } from './legality.ts'
import type { Machine } from './machine.ts'
import { codeOf } from './packed.ts'
import { ringOf, wrap } from './ring.ts'

/**
 * Modes 3 and 5 count the thresholds that acc + bias reaches, mode 4 takes it as it is. Else
 * v = requantize(acc + bias) + zero point, clamped; mode 2 looks it up. Mode 1 saturates v, whose zero point is then
 * post.setup's `zp_a`, adds the second operand and `zp`, and clamps the sum.
 */
export function postAccumulators(machine: Machine, i: InstructionOf<'post.acc'>): void {
  const { accumulators, activation, parameters, tables } = machine.memories
  const { cols } = machine.target.array
  const vectors = i.mx * i.my
  const blockBytes = accBlockBytes(i, machine.target)
  if (i.zeros === 0) within(i.acc, i.blocks * vectors, accumulators.length / cols, 'accumulator memory')
  within(i.param, i.blocks * blockBytes, parameters.length, 'parameter memory')
  if (i.mode > MODE_LINE || (i.mode >= MODE_THRESHOLDS && i.mode !== MODE_SUMS && i.steps === 0))
    illegal(`mode ${i.mode} has no meaning`)
  if (i.mode !== MODE_SUMS && (cols % (1 << i.precision) !== 0 || i.last_lanes % (1 << i.precision) !== 0))
    illegal('results do not fill whole bytes')
  if (i.last_lanes < 1 || i.last_lanes > cols) illegal(`${i.last_lanes} of ${cols} lanes are not possible`)
  const rowBytes = accRowBytes(i, machine.target)
  const write = writerOf(machine, i)

  const { setup } = machine
  const outRing = ringOf(i.ring_end, i.ring_size)
  const operandRing = ringOf(setup.ring_end, setup.ring_size)
  const operandRowBytes = (i.mx - 1) * setup.x_step + (i.blocks - 1) * cols + i.last_lanes
  const fromZeros = i.zeros === 1
  const scale = scaling(i.rounding)
  const zeroPoint = i.mode === 1 ? setup.zp_a : i.zp
  const [low, high] = i.mode === 1 ? [-128, 127] : [i.min, i.max]
  const multipliers = new Int32Array(cols).fill(i.multiplier)
  const shifts = new Int8Array(cols).fill(i.shift)

  for (let block = 0; block < i.blocks; block++) {
    const at = i.param + block * blockBytes
    const biases = new Int32Array(parameters.buffer, parameters.byteOffset + at, cols)
    const finish =
      i.mode === MODE_THRESHOLDS
        ? stairs(machine, i, at)
        : i.mode === MODE_LINE
          ? lines(machine, i, at)
          : undefined
    if (i.per_channel === 1 && i.mode < MODE_THRESHOLDS) {
      multipliers.set(new Int32Array(parameters.buffer, parameters.byteOffset + at + 4 * cols, cols))
      shifts.set(new Int8Array(parameters.buffer, parameters.byteOffset + at + 8 * cols, cols))
    }
    const lanes = block === i.blocks - 1 ? i.last_lanes : cols
    let acc = (i.acc + block * vectors) * cols
    for (let y = 0; y < i.my; y++) {
      const row = wrap(i.out + y * i.y_step, outRing)
      within(row, rowBytes, activation.length, 'activation memory')
      let to = row + accOutputBytes(i, block * cols)
      let operand = 0
      if (i.mode === 1) {
        const operandRow = wrap(setup.operand + y * setup.y_step, operandRing)
        within(operandRow, operandRowBytes, activation.length, 'activation memory')
        operand = operandRow + block * cols
      }
      for (let x = 0; x < i.mx; x++) {
        for (let lane = 0; lane < lanes; lane++) {
          const sum = ((fromZeros ? 0 : (accumulators[acc + lane] as number)) + (biases[lane] as number)) | 0
          if (i.mode >= MODE_THRESHOLDS) {
            write(to, lane, finish ? finish(sum, lane) : sum)
            continue
          }
          const multiplier = multipliers[lane] as number
          const shift = shifts[lane] as number
          const scaled = scale(sum, multiplier, shift)
          let value = clamp(scaled + zeroPoint, low, high)
          if (i.mode === 1) {
            const other = activation[operand + lane] as number
            value = clamp(addOperands(setup, value, other, 1) + i.zp, i.min, i.max)
          } else if (i.mode === 2) {
            value = tables[i.table * 256 + value + 128] as number
          }
          if (i.precision === 0) activation[to + lane] = value
          else write(to, lane, value)
        }
        acc += cols
        to += i.x_step
        operand += setup.x_step
      }
    }
  }
}

/** Puts the result of a lane where its vector starts at `to`: as a byte, packed, or as 4 bytes. */
function writerOf(
  machine: Machine,
  i: InstructionOf<'post.acc'>,
): (to: number, lane: number, value: number) => void {
  const { activation } = machine.memories
  if (i.mode === MODE_SUMS) {
    return (to, lane, value) => {
      for (let k = 0; k < 4; k++) activation[to + 4 * lane + k] = value >> (8 * k)
    }
  }
  if (i.precision === 0) {
    return (to, lane, value) => {
      activation[to + lane] = value
    }
  }
  const bits = 8 >> i.precision
  return (to, lane, value) => {
    const at = to + (lane >> i.precision)
    const low = (lane & ((1 << i.precision) - 1)) * bits
    const others = (activation[at] as number) & ~(((1 << bits) - 1) << low)
    activation[at] = others | (codeOf(value, i.precision) << low)
  }
}

/** The staircase of each column, from the parameter block at `at`. */
function stairs(
  machine: Machine,
  i: InstructionOf<'post.acc'>,
  at: number,
): (sum: number, lane: number) => number {
  const { parameters } = machine.memories
  const { cols } = machine.target.array
  const start = parameters.byteOffset + at + 4 * cols
  const thresholds = new Int32Array(parameters.buffer, start, i.steps * cols)
  const directions = new Int8Array(parameters.buffer, start + 4 * i.steps * cols, cols)
  return (sum, lane) => {
    // Negated in more than 32 bits.
    const value = sum * (directions[lane] as number)
    let reached = 0
    for (let t = lane; t < thresholds.length; t += cols) if (value >= (thresholds[t] as number)) reached++
    return i.zp + reached * i.multiplier
  }
}

/** The line of each column, clamped to a staircase. Products and sums have 64 bits. */
function lines(
  machine: Machine,
  i: InstructionOf<'post.acc'>,
  at: number,
): (sum: number, lane: number) => number {
  const { parameters } = machine.memories
  const { cols } = machine.target.array
  const words = new Int32Array(parameters.buffer, parameters.byteOffset + at, 4 * cols)
  const shifts = new Int8Array(parameters.buffer, parameters.byteOffset + at + 16 * cols, cols)
  const wide = (lane: number) =>
    (BigInt(words[3 * cols + lane] as number) << 32n) | BigInt((words[2 * cols + lane] as number) >>> 0)
  const columns = Array.from({ length: cols }, (_, lane) => ({
    multiplier: BigInt(words[cols + lane] as number),
    offset: wide(lane),
    shift: BigInt((shifts[lane] as number) & 63),
  }))
  return (sum, lane) => {
    const { multiplier, offset, shift } = columns[lane] as (typeof columns)[number]
    const count = Number(BigInt.asIntN(64, BigInt(sum) * multiplier + offset) >> shift)
    return i.zp + clamp(count, 0, i.steps) * i.multiplier
  }
}
