/** What the mac unit's instructions do. Sums are int32 and wrap around. */
import type { InstructionOf } from '../../backends/trellis/isa/table.ts'
import { illegal, within } from './legality.ts'
import type { Machine } from './machine.ts'
import { weightIndex } from './memories.ts'
import { unpackTable } from './packed.ts'
import { ringOf, wrap } from './ring.ts'

type Mac = InstructionOf<'mac.dense'> | InstructionOf<'mac.depthwise'>

export function macDense(machine: Machine, i: InstructionOf<'mac.dense'>): void {
  const { weights, windows, index } = machine.memories
  const { cols, rows } = machine.target.array
  const kernel = machine.kernel()
  const count = i.mx * i.my
  checkMemories(machine, i, count)
  fillWindows(windows, i, i.x_step, i.y_step)
  checkWindows(machine, i, { last: count - 1, reach: 0, bytes: rows })
  if (i.precision > 0) {
    macPacked(machine, i, count)
    return
  }

  const firstAcc = machine.memories.accumulators.byteOffset + i.acc * cols * 4
  let column = i.weight
  for (let block = 0; block < i.blocks; block++) {
    for (let entry = 0; entry < i.entries; entry++) {
      kernel.dense(
        windows.byteOffset,
        count,
        index[i.list + entry] as number,
        i.in_ring_end,
        i.in_ring_size,
        weights.address + 2 * column,
        weights.planeBytes,
        weights.lanes,
        firstAcc + block * count * cols * 4,
        cols,
        entry === 0 && i.accumulate === 0 ? 1 : 0,
      )
      column += cols
    }
  }
}

/** Operands below 8 bits: windows and weights with a byte for each operand, for the same kernel. */
function macPacked(machine: Machine, i: InstructionOf<'mac.dense'>, count: number): void {
  const { activation, weights, windows, index } = machine.memories
  const { cols, rows } = machine.target.array
  const kernel = machine.kernel()
  const wide = machine.memories.wide()
  const each = 1 << i.precision
  const lanes = rows * each
  const inputs = unpackTable(i.precision, i.unsigned === 1)
  const values = unpackTable(i.precision, false)
  const ring = ringOf(i.in_ring_end, i.in_ring_size)
  const firstAcc = machine.memories.accumulators.byteOffset + i.acc * cols * 4
  for (let v = 0; v < count; v++) wide.windows[v] = wide.address + v * lanes
  for (let entry = 0; entry < i.entries; entry++) {
    for (let v = 0, to = 0; v < count; v++) {
      const from = wrap((windows[v] as number) + (index[i.list + entry] as number), ring)
      for (let lane = 0; lane < rows; lane++) {
        const byte = ((activation[from + lane] ?? 0) & 255) * each
        for (let k = 0; k < each; k++) wide.bytes[to++] = inputs[byte + k] as number
      }
    }
    for (let block = 0; block < i.blocks; block++) {
      const first = i.weight + (block * i.entries + entry) * cols
      for (let column = 0; column < cols; column++) {
        for (let lane = 0; lane < rows; lane++) {
          const byte = ((weights.bytes[weightIndex(weights, first + column, lane)] as number) & 255) * each
          const isEmpty = i.precision === 3 && weights.filled[(first + column) * rows + lane] === 0
          for (let k = 0; k < each; k++) {
            const at = weightIndex(wide.weights, column, lane * each + k)
            wide.weights.bytes[at] = isEmpty ? 0 : (values[byte + k] as number)
          }
        }
      }
      kernel.dense(
        wide.windows.byteOffset,
        count,
        0,
        0,
        0,
        wide.weights.address,
        wide.weights.planeBytes,
        lanes,
        firstAcc + block * count * cols * 4,
        cols,
        entry === 0 && i.accumulate === 0 ? 1 : 0,
      )
    }
  }
}

/** Each column multiplies its byte of the input pixel at (line, tap) of the window in lane 3 * (lines - 1 - line) + taps - 1 - tap. */
export function macDepthwise(machine: Machine, i: InstructionOf<'mac.depthwise'>): void {
  const { weights, windows, index } = machine.memories
  const { cols, rows } = machine.target.array
  const kernel = machine.kernel()
  const count = i.mx * i.my
  if (i.precision !== 0) illegal('columns of depthwise are bytes')
  if (i.lines < 1 || i.taps < 1 || i.x_stride < 1 || i.y_stride < 1)
    illegal('lines, taps and strides begin at 1')
  if (3 * i.lines > rows) illegal(`${i.lines} lines of up to 3 taps need more than ${rows} lanes`)
  checkMemories(machine, i, count)
  fillWindows(windows, i, i.x_step * i.x_stride, i.y_step * i.y_stride)
  checkWindows(machine, i, {
    last: count - 1,
    reach: (i.lines - 1) * i.y_step + (i.taps - 1) * i.x_step + (i.blocks - 1) * cols,
    bytes: cols,
  })

  const firstAcc = machine.memories.accumulators.byteOffset + i.acc * cols * 4
  let column = i.weight
  for (let block = 0; block < i.blocks; block++) {
    for (let entry = 0; entry < i.entries; entry++) {
      for (let line = 0; line < i.lines; line++) {
        for (let tap = 0; tap < i.taps; tap++) {
          const lane = 3 * (i.lines - 1 - line) + i.taps - 1 - tap
          kernel.depthwise_lane(
            windows.byteOffset,
            count,
            (index[i.list + entry] as number) + line * i.y_step + tap * i.x_step + block * cols,
            i.in_ring_end,
            i.in_ring_size,
            weights.address + (lane >> 1) * weights.planeBytes + 2 * column,
            lane & 1,
            firstAcc + block * count * cols * 4,
            cols,
            entry === 0 && line === 0 && tap === 0 && i.accumulate === 0 ? 1 : 0,
          )
        }
      }
      column += cols
    }
  }
}

function checkMemories(machine: Machine, i: Mac, count: number): void {
  const { index, weights, accumulators } = machine.memories
  const { cols } = machine.target.array
  within(i.list, i.entries, index.length, 'index memory')
  within(i.weight, i.entries * i.blocks * cols, weights.columns, 'weight memory')
  within(i.acc, i.blocks * count, accumulators.length / cols, 'accumulator memory')
}

/** The address of each output's window before the list offset, row by row. */
function fillWindows(windows: Int32Array, i: Mac, xStep: number, yStep: number): void {
  let at = 0
  for (let y = 0; y < i.my; y++) {
    let address = i.input + y * yStep
    for (let x = 0; x < i.mx; x++) {
      windows[at++] = address
      address += xStep
    }
  }
}

/**
 * Windows must start in activation memory; what one reads past its end is 0. Addresses grow with x and y, so the first
 * window at the lowest offset and the last at the highest, `reach` further, are the extremes.
 */
function checkWindows(
  machine: Machine,
  i: Mac,
  { last, reach, bytes }: { readonly last: number; readonly reach: number; readonly bytes: number },
): void {
  const { activation, index, windows } = machine.memories
  let lowest = Infinity
  let highest = -Infinity
  for (let entry = i.list; entry < i.list + i.entries; entry++) {
    const offset = index[entry] as number
    if (offset < lowest) lowest = offset
    if (offset > highest) highest = offset
  }
  const ring = ringOf(i.in_ring_end, i.in_ring_size)
  const first = i.input + lowest
  const end = (windows[last] as number) + highest + reach
  const farthest = ring.size !== 0 && end >= ring.end ? Math.max(ring.end - 1, wrap(end, ring)) : end
  if (first < 0 || farthest >= activation.length) {
    illegal(
      `windows of ${bytes} bytes start at ${first} to ${farthest}, but activation memory has ${activation.length} bytes`,
    )
  }
}
