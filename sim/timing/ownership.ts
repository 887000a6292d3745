/** Asserts that units never share a port of activation memory: section 10 of docs/timing.md. */
import type { Access } from '../../backends/trellis/isa/footprint.ts'
import { UNITS } from '../../backends/trellis/isa/table.ts'
import { capacities, type Target } from '../../backends/trellis/target.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'

/** What the check needs of a timed segment: for each instruction its unit (an index into UNITS), start and done cycle. */
export interface PortUse {
  readonly unitOf: Uint8Array
  readonly startCycles: Float64Array
  readonly doneCycles: Float64Array
}

/** The first few conflicts tell it all. */
const MOST_CONFLICTS = 20

/**
 * `program/port-conflict` for instructions of different units that use the read, or the write, port of one bank at the
 * same time, each from its start to its done cycle. `accesses` are the footprints, by instruction.
 */
export function checkOwnership(
  use: PortUse,
  accesses: readonly (readonly Access[])[],
  target: Target,
): readonly Diagnostic[] {
  const { bankBytes } = capacities(target)
  const ports: number[][] = Array.from({ length: 2 * target.memories.banks }, () => [])
  accesses.forEach((touched, instruction) => {
    for (const { space, write, start, end } of touched) {
      if (space !== 'activation') continue
      for (let bank = Math.floor(start / bankBytes); bank <= Math.floor((end - 1) / bankBytes); bank++) {
        const users = ports[2 * bank + (write ? 1 : 0)]
        if (users && users.at(-1) !== instruction) users.push(instruction)
      }
    }
  })
  return ports.flatMap((users, port) => conflicts(users, port, use)).slice(0, MOST_CONFLICTS)
}

/** Sweeps the users of one port in the order of their starts; each must find every other unit done. */
function conflicts(users: number[], port: number, use: PortUse): Diagnostic[] {
  const found: Diagnostic[] = []
  const start = (i: number): number => use.startCycles[i] as number
  const done = (i: number): number => use.doneCycles[i] as number
  users.sort((a, b) => start(a) - start(b))
  /** For each unit the instruction that leaves the port last. */
  const last: (number | undefined)[] = UNITS.map(() => undefined)
  for (const i of users) {
    const unit = use.unitOf[i] as number
    last.forEach((other, otherUnit) => {
      if (other === undefined || otherUnit === unit || done(other) <= start(i)) return
      found.push({
        code: 'program/port-conflict',
        severity: 'error',
        message:
          `${UNITS[unit]} instruction ${i} starts in cycle ${start(i)} and uses the ${port % 2 ? 'write' : 'read'} port ` +
          `of activation bank ${port >> 1}, which ${UNITS[otherUnit]} instruction ${other} holds until cycle ${done(other)}`,
        hint: 'a token must order the two, or their tensors belong in different banks',
      })
    })
    const before = last[unit]
    if (before === undefined || done(before) < done(i)) last[unit] = i
  }
  return found
}
