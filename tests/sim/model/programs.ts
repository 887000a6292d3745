/** Random programs whose tokens are consistent: what waits is fed by something before it. */
import { INSTRUCTIONS, type Instruction, type Opcode, UNITS } from '../../../backends/trellis/isa/table.ts'
import type { Target } from '../../../backends/trellis/target.ts'
import { type Draw, GENERATORS } from './instructions.ts'

const OPS = (Object.keys(GENERATORS) as Opcode[]).filter((op) => op !== 'end')

/** `length` instructions and `end`; roughly every third waits for or signals each other unit. */
export function randomProgram(d: Draw, target: Target, length: number): Instruction[] {
  const tokens = UNITS.map(() => UNITS.map(() => 0))
  const program: Instruction[] = []
  for (let n = 0; n < length; n++) {
    const op = d.pick(...OPS)
    const unit = UNITS.indexOf(INSTRUCTIONS[op].unit)
    let wait = 0
    let signal = 0
    UNITS.forEach((_, other) => {
      if (other === unit) return
      const incoming = tokens[other] as number[]
      const outgoing = tokens[unit] as number[]
      if ((incoming[unit] as number) > 0 && d.int(0, 1) === 0) {
        incoming[unit] = (incoming[unit] as number) - 1
        wait |= 1 << other
      }
      if (op !== 'post.setup' && d.int(0, 2) === 0) {
        outgoing[other] = (outgoing[other] as number) + 1
        signal |= 1 << other
      }
    })
    program.push({ ...GENERATORS[op](d, target), wait, signal })
  }
  program.push({ op: 'end', wait: 0, signal: 0 })
  return program
}
