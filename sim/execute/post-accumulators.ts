/** post.acc: from accumulators to activation memory, the only way out of the mac unit. */

import { parameterBlockBytes } from '../../backends/trellis/isa/costs.ts'
import type { InstructionOf } from '../../backends/trellis/isa/table.ts'
import { clamp } from '../../ir/arith/saturate.ts'
import { addOperands, scaling } from './arithmetic.ts'
import { illegal, within } from './legality.ts'
import type { Machine } from './machine.ts'
import { ringOf, wrap } from './ring.ts'

/**
 * v = requantize(acc + bias) + zero point, clamped; mode 2 looks it up. Mode 1 saturates v, whose zero point is then
 * post.setup's `zp_a`, adds the second operand and `zp`, and clamps the sum.
 */
export function postAccumulators(machine: Machine, i: InstructionOf<'post.acc'>): void {
  const { accumulators, activation, parameters, tables } = machine.memories
  const { cols } = machine.target.array
  const vectors = i.mx * i.my
  const blockBytes = parameterBlockBytes(machine.target, i.per_channel === 1)
  if (i.zeros === 0) within(i.acc, i.blocks * vectors, accumulators.length / cols, 'accumulator memory')
  within(i.param, i.blocks * blockBytes, parameters.length, 'parameter memory')
  if (i.last_lanes < 1 || i.last_lanes > cols) illegal(`${i.last_lanes} of ${cols} lanes are not possible`)
  const rowBytes = (i.mx - 1) * i.x_step + (i.blocks - 1) * cols + i.last_lanes

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
    if (i.per_channel === 1) {
      multipliers.set(new Int32Array(parameters.buffer, parameters.byteOffset + at + 4 * cols, cols))
      shifts.set(new Int8Array(parameters.buffer, parameters.byteOffset + at + 8 * cols, cols))
    }
    const lanes = block === i.blocks - 1 ? i.last_lanes : cols
    let acc = (i.acc + block * vectors) * cols
    for (let y = 0; y < i.my; y++) {
      const row = wrap(i.out + y * i.y_step, outRing)
      within(row, rowBytes, activation.length, 'activation memory')
      let to = row + block * cols
      let operand = 0
      if (i.mode === 1) {
        const operandRow = wrap(setup.operand + y * setup.y_step, operandRing)
        within(operandRow, operandRowBytes, activation.length, 'activation memory')
        operand = operandRow + block * cols
      }
      for (let x = 0; x < i.mx; x++) {
        for (let lane = 0; lane < lanes; lane++) {
          const sum = ((fromZeros ? 0 : (accumulators[acc + lane] as number)) + (biases[lane] as number)) | 0
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
          activation[to + lane] = value
        }
        acc += cols
        to += i.x_step
        operand += setup.x_step
      }
    }
  }
}
