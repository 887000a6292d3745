/** post.binary, post.unary, post.pool, post.fill: from activation memory to activation memory, vectors of `cols` bytes. */

import { rowOfVectors } from '../../backends/trellis/isa/footprint.ts'
import type { InstructionOf } from '../../backends/trellis/isa/table.ts'
import { multiplyByQuantizedMultiplier } from '../../ir/arith/rounding.ts'
import { clamp } from '../../ir/arith/saturate.ts'
import { addOperands, multiplyOperands, scaling } from './arithmetic.ts'
import { fillRows } from './fill.ts'
import { illegal, within } from './legality.ts'
import type { Machine } from './machine.ts'
import { codeOf, element } from './packed.ts'
import { type Ring, ringOf, wrap } from './ring.ts'

/** An operand or result: where its rows start, and how its vectors follow one another. */
interface Walk {
  readonly start: number
  readonly xStep: number
  readonly yStep: number
  readonly ring: Ring
}

function inputWalk(i: InstructionOf<'post.binary'> | InstructionOf<'post.unary'>): Walk {
  return {
    start: i.input,
    xStep: i.in_x_step,
    yStep: i.in_y_step,
    ring: ringOf(i.in_ring_end, i.in_ring_size),
  }
}

function outputWalk(i: InstructionOf<'post.binary' | 'post.unary' | 'post.pool'>): Walk {
  return { start: i.out, xStep: i.x_step, yStep: i.y_step, ring: ringOf(i.ring_end, i.ring_size) }
}

function operandWalk(s: InstructionOf<'post.setup'>): Walk {
  return { start: s.operand, xStep: s.x_step, yStep: s.y_step, ring: ringOf(s.ring_end, s.ring_size) }
}

type Vectors = Pick<InstructionOf<'post.unary'>, 'mx' | 'last_lanes' | 'every'>

/** The address of row y, after a check that its vectors stand in activation memory. */
function rowOf(machine: Machine, walk: Walk, y: number, i: Vectors): number {
  const row = wrap(walk.start + y * walk.yStep, walk.ring)
  within(
    row,
    rowOfVectors(i, walk.xStep, machine.target),
    machine.memories.activation.length,
    'activation memory',
  )
  return row
}

/** Lanes of vector x: all, but `last_lanes` in the last vector of a row, or in every one. */
function lanesOf(machine: Machine, i: Vectors, x: number): number {
  return i.every === 1 || x === i.mx - 1 ? i.last_lanes : machine.target.array.cols
}

function checkLanes(machine: Machine, lanes: number): void {
  const { cols } = machine.target.array
  if (lanes < 1 || lanes > cols) illegal(`${lanes} of ${cols} lanes are not possible`)
}

export function postBinary(machine: Machine, i: InstructionOf<'post.binary'>): void {
  const { activation } = machine.memories
  const { setup } = machine
  checkLanes(machine, i.last_lanes)
  const [first, second, result] = [inputWalk(i), operandWalk(setup), outputWalk(i)]
  for (let y = 0; y < i.my; y++) {
    let a = rowOf(machine, first, y, i)
    let b = rowOf(machine, second, y, i)
    let to = rowOf(machine, result, y, i)
    for (let x = 0; x < i.mx; x++) {
      const lanes = lanesOf(machine, i, x)
      for (let lane = 0; lane < lanes; lane++) {
        const left = activation[a + lane] as number
        const right = activation[b + lane] as number
        const scaled =
          (i.kind === 2
            ? multiplyOperands(setup, left, right)
            : addOperands(setup, left, right, i.kind === 0 ? 1 : -1)) + i.zp
        activation[to + lane] = clamp(scaled, i.min, i.max)
      }
      a += first.xStep
      b += second.xStep
      to += result.xStep
    }
  }
}

export function postUnary(machine: Machine, i: InstructionOf<'post.unary'>): void {
  const { activation, tables } = machine.memories
  const { setup } = machine
  checkLanes(machine, i.last_lanes)
  const [input, result] = [inputWalk(i), outputWalk(i)]
  for (let y = 0; y < i.my; y++) {
    let from = rowOf(machine, input, y, i)
    let to = rowOf(machine, result, y, i)
    for (let x = 0; x < i.mx; x++) {
      const lanes = lanesOf(machine, i, x)
      for (let lane = 0; lane < lanes; lane++) {
        const value = activation[from + lane] as number
        if (i.mode === 2) {
          activation[to + lane] = tables[i.table * 256 + value + 128] as number
          continue
        }
        const scaled =
          i.mode === 0
            ? value
            : multiplyByQuantizedMultiplier(value - setup.zp_a, setup.m_out, setup.s_out) + i.zp
        activation[to + lane] = clamp(scaled, i.min, i.max)
      }
      from += input.xStep
      to += result.xStep
    }
  }
}

export function postPool(machine: Machine, i: InstructionOf<'post.pool'>): void {
  const { activation } = machine.memories
  const { setup } = machine
  checkLanes(machine, i.last_lanes)
  if (i.kx < 1 || i.ky < 1) illegal('a window has at least one row and column')
  const ring = ringOf(i.in_ring_end, i.in_ring_size)
  const result = outputWalk(i)
  const scale = scaling(i.rounding)
  const rows = new Int32Array(i.ky)
  const rowBytes = (i.kx - 1) * i.kx_step + rowOfVectors(i, i.in_x_step, machine.target)
  for (let y = 0; y < i.my; y++) {
    for (let ky = 0; ky < i.ky; ky++) {
      const row = wrap(i.input + y * i.in_y_step + ky * i.ky_step, ring)
      within(row, rowBytes, activation.length, 'activation memory')
      rows[ky] = row
    }
    let to = rowOf(machine, result, y, i)
    for (let x = 0; x < i.mx; x++) {
      const lanes = lanesOf(machine, i, x)
      for (let lane = 0; lane < lanes; lane++) {
        let largest = -128
        let packed = 0
        let sum = 0
        for (let ky = 0; ky < i.ky; ky++) {
          let from = (rows[ky] as number) + x * i.in_x_step + lane
          for (let kx = 0; kx < i.kx; kx++) {
            const value = activation[from] as number
            if (i.precision > 0) packed = kx + ky === 0 ? value : largestOfEach(packed, value, i)
            if (value > largest) largest = value
            sum += value - setup.zp_a
            from += i.kx_step
          }
        }
        const mean = scale(sum, setup.m_out, setup.s_out) + setup.zp_b
        activation[to + lane] = i.kind === 0 ? (i.precision > 0 ? packed : largest) : clamp(mean, -128, 127)
      }
      to += result.xStep
    }
  }
}

/** The larger ones of the elements of two bytes. */
function largestOfEach(a: number, b: number, i: InstructionOf<'post.pool'>): number {
  const bits = 8 >> i.precision
  let result = 0
  for (let low = 0; low < 8; low += bits) {
    const [x, y] = [a, b].map((v) => element(v >> low, i.precision, i.unsigned === 1)) as [number, number]
    result |= codeOf(Math.max(x, y), i.precision) << low
  }
  return result
}

export function postFill(machine: Machine, i: InstructionOf<'post.fill'>): void {
  fillRows(machine, { ...i, start: i.out })
}
