/**
 * Collects the instructions of a random program in the order of their meaning. Whatever an instruction reads that no
 * instruction before it has written is loaded first, so any selection of jobs is a program. Tokens come from what each
 * instruction touches, by the compiler's own rules.
 */
import type { Emitted } from '../../../backends/trellis/emit/emitter.ts'
import { Accesses } from '../../../backends/trellis/isa/accesses.ts'
import type { Span } from '../../../backends/trellis/isa/spans.ts'
import { writtenSpans } from '../../../backends/trellis/isa/spans.ts'
import type { Instruction, InstructionOf, Opcode } from '../../../backends/trellis/isa/table.ts'
import { Written } from '../../../backends/trellis/isa/written.ts'
import { capacities, type Target } from '../../../backends/trellis/target.ts'
import { must } from '../../../ir/diagnostic.ts'
import { type Draw, drawFromSeed } from '../../sim/model/instructions.ts'

type Fields<O extends Opcode> = Omit<InstructionOf<O>, 'op' | 'wait' | 'signal'>

/** Random bytes that loads read and stores write, at the start of DRAM. */
const DATA_BYTES = 8192
/** Room for what jobs make up: lists, parameters, tables. */
const CONSTANT_BYTES = 1 << 17

/** Where things stand in DRAM. */
export interface Layout {
  readonly dataBytes: number
  /** Where the last stores show activation memory. */
  readonly shown: number
  readonly constants: number
}

export class ProgramBuilder {
  readonly target: Target
  readonly layout: Layout
  readonly emitted: Emitted[] = []
  /** Starts with random bytes: any of them may be weights. */
  readonly constants: Uint8Array
  #constantBytes: number
  readonly #accesses: Accesses
  readonly #written: Written

  constructor(target: Target) {
    this.target = target
    const shown = DATA_BYTES
    this.layout = {
      dataBytes: DATA_BYTES,
      shown,
      constants: shown + capacities(target).activationBytes + 64,
    }
    this.constants = new Uint8Array(CONSTANT_BYTES)
    this.#constantBytes = 4096
    this.constants.set(randomBytes(drawFromSeed(7), this.#constantBytes))
    this.#accesses = new Accesses(target, { bytes: this.constants, address: this.layout.constants })
    this.#written = new Written(target)
  }

  /** Bytes of `constants` in use. */
  get constantBytes(): number {
    return this.#constantBytes
  }

  /** Puts bytes among the constants, at any alignment; returns their DRAM address. */
  constant(d: Draw, bytes: Uint8Array): number {
    const at = this.#constantBytes + d.int(0, 9)
    if (at + bytes.length > CONSTANT_BYTES) throw new Error('too many constants for one program')
    this.constants.set(bytes, at)
    this.#constantBytes = at + bytes.length
    return this.layout.constants + at
  }

  /** DRAM address of `bytes` random bytes, which may have been stored there by this very program. */
  data(d: Draw, bytes: number): number {
    return d.int(0, this.layout.dataBytes - bytes)
  }

  /** Appends an instruction, and before it what it needs; `d` chooses how that is loaded. */
  emit<O extends Opcode>(d: Draw, op: O, fields: Fields<O>): void {
    const instruction = { op, wait: 0, signal: 0, ...fields } as unknown as Instruction
    for (let gap = this.#gap(instruction); gap; gap = this.#gap(instruction)) this.#load(d, gap)
    this.#append(instruction)
  }

  /** What the program has written of activation memory. */
  activations(): Span[] {
    return this.#written.spans('activation')
  }

  /**
   * The first place that an instruction needs and nothing has written. Between the rows and vectors that it writes there should be
   * something too: it makes the parts of memory that are shown in the end fewer. A gap in activation memory comes with what
   * is unwritten behind it: few loads instead of many.
   */
  #gap(i: Instruction): Span | undefined {
    const written = writtenSpans(i, this.target)
    const between = written
      .slice(1)
      .map(({ space, start }, k): Span => ({ space, start: must(written[k], 'span').end, end: start }))
    const gap = this.#written.firstGap([...this.#accesses.reads(i), ...between])
    if (gap?.space !== 'activation') return gap
    const end = Math.min(gap.end + 128, capacities(this.target).activationBytes)
    return this.#written.gaps({ ...gap, end })[0]
  }

  #append(instruction: Instruction): void {
    const accesses = this.#accesses.next(instruction)
    for (const span of writtenSpans(instruction, this.target)) this.#written.add(span)
    this.emitted.push({ instruction, layer: 0, accesses })
  }

  #load(d: Draw, { space, start, end }: Span): void {
    const n = end - start
    const { rows } = this.target.array
    if (space === 'accumulator') throw new Error('a job computes the accumulators that it reads')
    if (space === 'activation') this.#loadActivations(d, start, n)
    if (space === 'index') {
      const dram = this.constant(d, new Uint8Array(4 * n))
      this.emit(d, 'load.index', { dram, list: start, entries: n })
    }
    if (space === 'parameter') this.emit(d, 'load.param', { dram: this.data(d, n), param: start, bytes: n })
    if (space === 'table') this.emit(d, 'load.table', { dram: this.data(d, 256), table: start })
    if (space === 'weight') {
      const shape = { column: start, groups: 1, columns: n, group_step: n }
      const lanes = { lanes: (1n << BigInt(rows)) - 1n, precision: 0, stream: 0 }
      this.emit(d, 'load.weight', { dram: this.data(d, n * rows), ...shape, ...lanes })
    }
  }

  #loadActivations(d: Draw, start: number, bytes: number): void {
    const row = { rows: 1, bytes, y_step: 0, ring_end: 0, ring_size: 0 }
    const kind = d.int(0, 7)
    if (kind === 0) this.emit(d, 'load.fill', { ...row, act: start, value: d.int(-128, 127) })
    else if (kind === 1) this.emit(d, 'post.fill', { ...row, out: start, value: d.int(-128, 127) })
    else {
      const padding = { dram_pitch: 0, pad_left: 0, pad_right: 0, value: 0 }
      this.emit(d, 'load.act', { ...row, ...padding, dram: this.data(d, bytes), act: start })
    }
  }
}

/** A place from 0 to `last`, the first and the last more often. */
export function anyPlace(d: Draw, last: number): number {
  return d.pick(d.int(0, last), d.int(0, last), d.int(0, last), d.pick(0, Math.max(0, last)))
}

export function randomBytes(d: Draw, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => d.int(0, 255))
}

/** Any int32, small ones and extremes more often. */
export function randomInt32(d: Draw): number {
  return d.pick(
    d.int(-1000, 1000),
    d.int(-(2 ** 31), 2 ** 31 - 1),
    d.int(-100000, 100000),
    d.pick(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)),
  )
}

export function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer)
}
