/**
 * Two instructions of different units that touch the same bytes, one of them writing, or that use the same port of a
 * bank of activation memory, must be ordered by tokens: one done before the other starts (docs/timing.md, section 10).
 * The exception is a post.acc that reads the accumulators of one mac instruction as they come (section 6).
 *
 * Instructions come in an order in which they can run. It is enough to compare each with the newest one of every other
 * unit that touched the same place: a unit's instructions are done in order, so the older ones are done too.
 */
import { must } from '../../../ir/diagnostic.ts'
import { type Access, followsClosely, SPACES, type Space } from '../isa/footprint.ts'
import { UNITS } from '../isa/table.ts'
import { capacities, type Target } from '../target.ts'
import { type Checked, type Findings, nameOf } from './findings.ts'
import { LastTouch } from './last-touch.ts'
import type { Order } from './order.ts'

const NONE = -1

interface UnitTouches {
  readonly reads: LastTouch
  readonly writes: LastTouch
}

export class Hazards {
  readonly #checked: Checked
  readonly #order: Order
  readonly #findings: Findings
  readonly #bankBytes: number
  readonly #touches: { readonly [S in Space]: readonly UnitTouches[] }
  /** For each bank, port (0 read, 1 write) and unit the newest instruction that used it. */
  readonly #ports: Int32Array

  constructor(checked: Checked, order: Order, target: Target, findings: Findings) {
    this.#checked = checked
    this.#order = order
    this.#findings = findings
    this.#bankBytes = capacities(target).bankBytes
    this.#touches = Object.fromEntries(
      SPACES.map((space) => [space, UNITS.map(() => ({ reads: new LastTouch(), writes: new LastTouch() }))]),
    ) as { [S in Space]: UnitTouches[] }
    this.#ports = new Int32Array(target.memories.banks * 2 * UNITS.length).fill(NONE)
  }

  /** Compares the accesses of instruction `index` with all before it, then remembers them. */
  next(index: number, accesses: readonly Access[]): void {
    const unit = must(this.#order.unit[index], 'unit')
    // One finding a pair of instructions is enough.
    const reported = new Set<number>()
    for (const access of accesses) this.#checkData(index, unit, access, reported)
    for (const access of accesses)
      if (access.space === 'activation') this.#usePorts(index, unit, access, reported)
    for (const { space, write, start, end } of accesses) {
      const touches = must(this.#touches[space][unit], 'unit')
      ;(write ? touches.writes : touches.reads).touch(start, end, index)
    }
  }

  #checkData(index: number, unit: number, access: Access, reported: Set<number>): void {
    const { space, write, start, end } = access
    this.#touches[space].forEach(({ reads, writes }, other) => {
      if (other === unit) return
      const writer = writes.latest(start, end)
      if (space === 'accumulator' && !write && this.#follows(writer, index)) return
      this.#demandOrder(writer, index, reported, () => ({
        code: 'program/data-hazard',
        message: `${write ? 'writes' : 'reads'} ${space} ${start}..${end - 1}, where ${nameOf(this.#checked, writer)} may still be writing`,
      }))
      if (!write) return
      const reader = reads.latest(start, end)
      this.#demandOrder(reader, index, reported, () => ({
        code: 'program/data-hazard',
        message: `writes ${space} ${start}..${end - 1}, which ${nameOf(this.#checked, reader)} may still be reading`,
      }))
    })
  }

  /** Whether post.acc `index` reads the accumulators of mac instruction `writer` as they come: an early token covers that. */
  #follows(writer: number, index: number): boolean {
    if (writer === NONE || !this.#order.isChainedBefore(writer, index)) return false
    const { instructions } = this.#checked
    return followsClosely(must(instructions[index], 'instruction'), must(instructions[writer], 'instruction'))
  }

  #usePorts(index: number, unit: number, { write, start, end }: Access, reported: Set<number>): void {
    const last = Math.floor((end - 1) / this.#bankBytes)
    for (let bank = Math.floor(start / this.#bankBytes); bank <= last; bank++) {
      const first = (bank * 2 + (write ? 1 : 0)) * UNITS.length
      for (let other = 0; other < UNITS.length; other++) {
        if (other === unit) continue
        const user = must(this.#ports[first + other], 'port')
        this.#demandOrder(user, index, reported, () => ({
          code: 'program/port-conflict',
          message: `uses the ${write ? 'write' : 'read'} port of activation bank ${bank}, which ${nameOf(this.#checked, user)} may still be using`,
        }))
      }
      this.#ports[first + unit] = index
    }
  }

  #demandOrder(
    before: number,
    index: number,
    reported: Set<number>,
    finding: () => { readonly code: string; readonly message: string },
  ): void {
    if (before === NONE || reported.has(before) || this.#order.isDoneBefore(before, index)) return
    reported.add(before)
    const giver = UNITS[must(this.#order.unit[before], 'unit')]
    const taker = UNITS[must(this.#order.unit[index], 'unit')]
    this.#findings.add(this.#checked, index, {
      ...finding(),
      hint: `a token from ${giver} to ${taker} must order the two`,
    })
  }
}
