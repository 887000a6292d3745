/**
 * The instructions of Trellis once more, written for clarity from the table's words alone: memories of plain arrays,
 * one element at a time, requantization in BigInt. The simulated machine is tested against it.
 */
import type { Instruction, InstructionOf } from '../../../backends/trellis/isa/table.ts'
import { capacities, type Target } from '../../../backends/trellis/target.ts'
import { elements, largest } from './packed.ts'

export class Illegal extends Error {}

const at = <T>(memory: ArrayLike<T>, index: number): T => {
  if (!Number.isInteger(index) || index < 0 || index >= memory.length) throw new Illegal(`address ${index}`)
  return memory[index] as T
}
const put = (memory: { [i: number]: number; length: number }, index: number, value: number): void => {
  at(memory, index)
  memory[index] = value
}

/** floor(x / 2^n + 1/2) for the doubling high multiply, then halves away from zero for the right shift. */
function requantize(x: number, multiplier: number, shift: number): number {
  const left = Math.max(shift, 0)
  const shifted = BigInt.asIntN(32, BigInt(x) << BigInt(left))
  const product = shifted * BigInt(multiplier)
  let high = (product + (1n << 30n)) >> 31n
  if (high > 2n ** 31n - 1n) high = 2n ** 31n - 1n
  const right = BigInt(shift > 0 ? 0 : -shift)
  if (right === 0n) return Number(high)
  const half = 1n << (right - 1n)
  return Number(high < 0n ? -((-high + half) >> right) : (high + half) >> right)
}

/** The exact product, rounded once, halves to even, saturated to int32. */
function requantizeHalfEven(x: number, multiplier: number, shift: number): number {
  const product = BigInt(x) * BigInt(multiplier)
  const right = BigInt(31 - shift)
  const floor = product >> right
  const twice = 2n * (product - (floor << right))
  const unit = 1n << right
  const rounded = twice > unit || (twice === unit && floor % 2n !== 0n) ? floor + 1n : floor
  return clampTo(Number(rounded), -(2 ** 31), 2 ** 31 - 1)
}

/** Everything in float32, the product rounded to the nearest integer, halves to even. */
function requantizeFloat32(x: number, multiplier: number, shift: number): number {
  const product = Math.fround(Math.fround(x) * Math.fround(multiplier * 2 ** (shift - 31)))
  const floor = Math.floor(product)
  const rest = product - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
}

/** By the number of the rule. */
const RULES = [requantize, requantizeHalfEven, requantizeFloat32] as const

const clampTo = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x))
const wrap = (address: number, end: number, size: number): number =>
  size > 0 && address >= end ? address - size : address

type Vectors = Pick<InstructionOf<'post.binary'>, 'mx' | 'my' | 'last_lanes' | 'every'>

export class NaiveMachine {
  readonly target: Target
  readonly dram: Int8Array
  readonly activation: Int8Array
  readonly weights: Int8Array[]
  /** Lanes that hold weights. */
  private readonly filled: boolean[][]
  readonly index: Int32Array
  readonly parameters: Uint8Array
  readonly accumulators: Int32Array[]
  readonly tables: Int8Array[]
  setup: InstructionOf<'post.setup'> | undefined

  constructor(target: Target, dramBytes: number) {
    const size = capacities(target)
    const { rows, cols } = target.array
    this.target = target
    this.dram = new Int8Array(dramBytes)
    this.activation = new Int8Array(size.activationBytes)
    this.weights = Array.from({ length: size.weightColumns }, () => new Int8Array(rows))
    this.filled = this.weights.map(() => new Array<boolean>(rows).fill(false))
    this.index = new Int32Array(size.indexEntries)
    this.parameters = new Uint8Array(size.parameterBytes)
    this.accumulators = Array.from({ length: size.accumulatorVectors }, () => new Int32Array(cols))
    this.tables = Array.from({ length: 4 }, () => new Int8Array(256))
  }

  execute(i: Instruction): void {
    const { cols } = this.target.array
    switch (i.op) {
      case 'load.act':
        for (let row = 0; row < i.rows; row++) {
          const start = wrap(i.act + row * i.y_step, i.ring_end, i.ring_size)
          for (let b = 0; b < i.pad_left + i.bytes + i.pad_right; b++) {
            const inside = b >= i.pad_left && b < i.pad_left + i.bytes
            const value = inside ? at(this.dram, i.dram + row * i.dram_pitch + b - i.pad_left) : i.value
            put(this.activation, start + b, value)
          }
        }
        return
      case 'load.fill':
      case 'post.fill':
        for (let row = 0; row < i.rows; row++) {
          const first = i.op === 'load.fill' ? i.act : i.out
          const start = wrap(first + row * i.y_step, i.ring_end, i.ring_size)
          for (let b = 0; b < i.bytes; b++) put(this.activation, start + b, i.value)
        }
        return
      case 'load.weight': {
        const width = 8 >> i.stream
        let bit = 8 * i.dram
        const next = (): number => {
          const code = ((at(this.dram, bit >> 3) & 0xff) >> (bit & 7)) & ((1 << width) - 1)
          bit += width
          return width === 1 ? 2 * code - 1 : code >= 1 << (width - 1) ? code - (1 << width) : code
        }
        for (let group = 0; group < i.groups; group++) {
          for (let column = 0; column < i.columns; column++) {
            const c = i.column + group * i.group_step + column
            const to = at(this.weights, c)
            for (let lane = 0; lane < this.target.array.rows; lane++) {
              const takes = ((i.lanes >> BigInt(lane)) & 1n) === 1n
              at(this.filled, c)[lane] = takes
              const each = 8 >> i.precision
              let byte = 0
              for (let low = 0; takes && low < 8; low += each) {
                const weight = next()
                byte |= (each === 1 ? Number(weight > 0) : weight & ((1 << each) - 1)) << low
              }
              to[lane] = byte
            }
          }
        }
        return
      }
      case 'load.index':
        for (let e = 0; e < i.entries; e++) {
          const byte = (k: number): number => at(this.dram, i.dram + 4 * e + k) & 0xff
          put(this.index, i.list + e, byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24))
        }
        return
      case 'load.param':
        for (let b = 0; b < i.bytes; b++) put(this.parameters, i.param + b, at(this.dram, i.dram + b) & 0xff)
        return
      case 'load.table':
        for (let b = 0; b < 256; b++) put(at(this.tables, i.table), b, at(this.dram, i.dram + b))
        return
      case 'mac.dense':
        this.walk(i, (window, weights, acc, c, _block, filled) => {
          for (let lane = 0; lane < this.target.array.rows; lane++) {
            const inputs = elements(this.windowByte(window, i, lane), i.precision, i.unsigned === 1)
            if (i.precision === 3 && !at(filled, lane)) continue
            const products = elements(at(weights, lane), i.precision, false).map((w, k) => w * at(inputs, k))
            acc[c] = products.reduce((sum, product) => (sum + product) | 0, acc[c] as number)
          }
        })
        return
      case 'mac.depthwise':
        this.walk(i, (pixel, weights, acc, c, block) => {
          for (let line = 0; line < i.lines; line++) {
            for (let tap = 0; tap < i.taps; tap++) {
              const word = pixel + line * i.y_step + tap * i.x_step + block * cols
              const weight = at(weights, 3 * (i.lines - 1 - line) + (i.taps - 1 - tap))
              acc[c] = ((acc[c] as number) + this.windowByte(word, i, c) * weight) | 0
            }
          }
        })
        return
      case 'post.setup':
        this.setup = i
        return
      case 'post.acc':
        this.postAccumulators(i)
        return
      case 'post.binary': {
        const s = this.setup as InstructionOf<'post.setup'>
        this.vectors(i, (y, x, lane) => {
          const a = this.inputAt(i, y, x, lane)
          const b = at(
            this.activation,
            wrap(s.operand + y * s.y_step, s.ring_end, s.ring_size) + x * s.x_step + lane,
          )
          const result =
            i.kind === 2
              ? requantize((a - s.zp_a) * (b - s.zp_b), s.m_out, s.s_out)
              : this.sum(a, b, i.kind === 0 ? 1 : -1)
          this.output(i, y, x, lane, clampTo(result + i.zp, i.min, i.max))
        })
        return
      }
      case 'post.unary':
        this.vectors(i, (y, x, lane) => {
          const a = this.inputAt(i, y, x, lane)
          if (i.mode === 2) return this.output(i, y, x, lane, at(at(this.tables, i.table), a + 128))
          const s = this.setup as InstructionOf<'post.setup'>
          const v = i.mode === 0 ? a : requantize(a - s.zp_a, s.m_out, s.s_out) + i.zp
          this.output(i, y, x, lane, clampTo(v, i.min, i.max))
        })
        return
      case 'post.pool': {
        const s = this.setup as InstructionOf<'post.setup'>
        const rule = at(RULES, i.rounding)
        this.vectors(i, (y, x, lane) => {
          const window: number[] = []
          for (let ky = 0; ky < i.ky; ky++) {
            for (let kx = 0; kx < i.kx; kx++) {
              const row = wrap(i.input + y * i.in_y_step + ky * i.ky_step, i.in_ring_end, i.in_ring_size)
              window.push(at(this.activation, row + x * i.in_x_step + kx * i.kx_step + lane))
            }
          }
          const sum = window.reduce((total, v) => total + v - s.zp_a, 0)
          const value =
            i.kind === 0
              ? largest(window, i.precision, i.unsigned === 1)
              : clampTo(rule(sum, s.m_out, s.s_out) + s.zp_b, -128, 127)
          this.output(i, y, x, lane, value)
        })
        return
      }
      case 'store':
        for (let row = 0; row < i.rows; row++) {
          const start = wrap(i.act + row * i.y_step, i.ring_end, i.ring_size)
          for (let b = 0; b < i.bytes; b++)
            put(this.dram, i.dram + row * i.dram_pitch + b, at(this.activation, start + b))
        }
        return
      case 'end':
        return
    }
  }

  /** For every block, entry, output and column: the window's first address, the column of weights, the accumulators. */
  private walk(
    i: InstructionOf<'mac.dense'> | InstructionOf<'mac.depthwise'>,
    add: (
      window: number,
      weights: Int8Array,
      acc: Int32Array,
      column: number,
      block: number,
      filled: readonly boolean[],
    ) => void,
  ): void {
    const { cols } = this.target.array
    const [xStride, yStride] = i.op === 'mac.dense' ? [1, 1] : [i.x_stride, i.y_stride]
    let weight = i.weight
    for (let block = 0; block < i.blocks; block++) {
      for (let e = 0; e < i.entries; e++) {
        for (let y = 0; y < i.my; y++) {
          for (let x = 0; x < i.mx; x++) {
            const window =
              i.input + y * yStride * i.y_step + x * xStride * i.x_step + at(this.index, i.list + e)
            const acc = at(this.accumulators, i.acc + (block * i.my + y) * i.mx + x)
            for (let c = 0; c < cols; c++) {
              if (e === 0 && i.accumulate === 0) acc[c] = 0
              add(window, at(this.weights, weight + c), acc, c, block, at(this.filled, weight + c))
            }
          }
        }
        weight += cols
      }
    }
  }

  private windowByte(
    window: number,
    i: { readonly in_ring_end: number; readonly in_ring_size: number },
    lane: number,
  ): number {
    const start = wrap(window, i.in_ring_end, i.in_ring_size)
    at(this.activation, start)
    return start + lane < this.activation.length ? at(this.activation, start + lane) : 0
  }

  private sum(a: number, b: number, sign: number): number {
    const s = this.setup as InstructionOf<'post.setup'>
    const scaledA = requantize((a - s.zp_a) * 2 ** 20, s.m_a, s.s_a)
    const scaledB = requantize((b - s.zp_b) * 2 ** 20, s.m_b, s.s_b)
    return requantize((scaledA + sign * scaledB) | 0, s.m_out, s.s_out)
  }

  private vectors(i: Vectors, each: (y: number, x: number, lane: number) => void): void {
    for (let y = 0; y < i.my; y++) {
      for (let x = 0; x < i.mx; x++) {
        const lanes = i.every === 1 || i.every === 1 || x === i.mx - 1 ? i.last_lanes : this.target.array.cols
        for (let lane = 0; lane < lanes; lane++) each(y, x, lane)
      }
    }
  }

  private inputAt(
    i: InstructionOf<'post.binary'> | InstructionOf<'post.unary'>,
    y: number,
    x: number,
    lane: number,
  ): number {
    const row = wrap(i.input + y * i.in_y_step, i.in_ring_end, i.in_ring_size)
    return at(this.activation, row + x * i.in_x_step + lane)
  }

  private output(
    i: Pick<InstructionOf<'post.unary'>, 'out' | 'x_step' | 'y_step' | 'ring_end' | 'ring_size'>,
    y: number,
    x: number,
    lane: number,
    value: number,
  ): void {
    const row = wrap(i.out + y * i.y_step, i.ring_end, i.ring_size)
    put(this.activation, row + x * i.x_step + lane, value)
  }

  private postAccumulators(i: InstructionOf<'post.acc'>): void {
    const { cols } = this.target.array
    const rule = at(RULES, i.rounding)
    const word = (address: number): number =>
      [0, 1, 2, 3].reduce((v, k) => v | (at(this.parameters, address + k) << (8 * k)), 0)
    for (let block = 0; block < i.blocks; block++) {
      const perColumn =
        i.mode === 5 ? 17 : i.mode === 3 ? 5 + 4 * i.steps : i.mode < 3 && i.per_channel === 1 ? 9 : 4
      const block0 = i.param + block * cols * perColumn
      for (let y = 0; y < i.my; y++) {
        for (let x = 0; x < i.mx; x++) {
          const acc = at(this.accumulators, i.acc + (block * i.my + y) * i.mx + x)
          for (let c = 0; c < (block === i.blocks - 1 ? i.last_lanes : cols); c++) {
            const perChannel = i.per_channel === 1 && i.mode < 3
            const multiplier = perChannel ? word(block0 + 4 * (cols + c)) : i.multiplier
            const shift = perChannel ? (at(this.parameters, block0 + 8 * cols + c) << 24) >> 24 : i.shift
            const sum = ((i.zeros === 1 ? 0 : (acc[c] as number)) + word(block0 + 4 * c)) | 0
            if (i.mode === 4) {
              for (let k = 0; k < 4; k++) this.output(i, y, x, 4 * (block * cols + c) + k, sum >> (8 * k))
              continue
            }
            if (i.mode === 3) {
              const direction = (at(this.parameters, block0 + cols * (4 + 4 * i.steps) + c) << 24) >> 24
              const reached = Array.from({ length: i.steps }, (_, k) =>
                word(block0 + 4 * (cols * (k + 1) + c)),
              )
              const count = reached.filter((t) => sum * direction >= t).length
              this.packed(i, y, x, block * cols + c, i.zp + count * i.multiplier)
              continue
            }
            if (i.mode === 5) {
              const k = (n: number) => BigInt(word(block0 + 4 * (n * cols + c)))
              const offset = k(3) * 2n ** 32n + BigInt.asUintN(32, k(2))
              const divisor = 2n ** BigInt(at(this.parameters, block0 + 16 * cols + c) & 63)
              const value = BigInt.asIntN(64, BigInt(sum) * k(1) + offset)
              const floor = value / divisor - (value % divisor < 0n ? 1n : 0n)
              const count = clampTo(Number(floor), 0, i.steps)
              this.packed(i, y, x, block * cols + c, i.zp + count * i.multiplier)
              continue
            }
            const scaled = rule(sum, multiplier, shift)
            this.packed(i, y, x, block * cols + c, this.finish(i, scaled, y, x, block * cols + c))
          }
        }
      }
    }
  }

  /** Writes a result of `8 >> precision` bits and leaves the others of its byte alone. */
  private packed(i: InstructionOf<'post.acc'>, y: number, x: number, lane: number, value: number): void {
    const width = 8 >> i.precision
    const row = wrap(i.out + y * i.y_step, i.ring_end, i.ring_size)
    const address = row + x * i.x_step + Math.floor((lane * width) / 8)
    const low = (lane * width) % 8
    const mask = ((1 << width) - 1) << low
    const code = (width === 1 ? Number(value > 0) : value) << low
    put(this.activation, address, (at(this.activation, address) & ~mask) | (code & mask))
  }

  private finish(i: InstructionOf<'post.acc'>, scaled: number, y: number, x: number, byte: number): number {
    if (i.mode === 1) {
      const s = this.setup as InstructionOf<'post.setup'>
      const first = clampTo(scaled + s.zp_a, -128, 127)
      const row = wrap(s.operand + y * s.y_step, s.ring_end, s.ring_size)
      const second = at(this.activation, row + x * s.x_step + byte)
      return clampTo(this.sum(first, second, 1) + i.zp, i.min, i.max)
    }
    const value = clampTo(scaled + i.zp, i.min, i.max)
    return i.mode === 2 ? at(at(this.tables, i.table), value + 128) : value
  }
}
