/** The order in which what is combinational is evaluated: everything after what it reads. */
import { fail } from '../../../ir/diagnostic.ts'
import type { Bit, Module } from './netlist.ts'

/** Something combinational: nets that it drives from nets that it reads. */
export interface Step {
  readonly reads: readonly Bit[]
  readonly drives: readonly Bit[]
  readonly lower: () => void
}

/** The steps in order; `fail`s where some read what they drive, with the names of the nets. */
export function evaluationOrder(steps: readonly Step[], module: Module): readonly Step[] {
  const drivers = new Map<Bit, Step>()
  for (const step of steps) for (const bit of step.drives) drivers.set(bit, step)

  const ordered: Step[] = []
  const finished = new Set<Step>()
  const open = new Set<Step>()
  for (const root of steps) {
    // Depth first without recursion: chains of cells are longer than the stack is deep.
    const path: { readonly step: Step; readonly before: Iterator<Step> }[] = []
    const enter = (step: Step) => {
      open.add(step)
      path.push({ step, before: sources(step, drivers).values() })
    }
    if (!finished.has(root)) enter(root)
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = last.before.next()
      if (next.done === true) {
        open.delete(last.step)
        finished.add(last.step)
        ordered.push(last.step)
        path.pop()
      } else if (open.has(next.value)) {
        const from = path.findIndex(({ step }) => step === next.value)
        reportLoop(
          path.slice(from).map(({ step }) => step),
          module,
        )
      } else if (!finished.has(next.value)) enter(next.value)
    }
  }
  return ordered
}

function sources(step: Step, drivers: ReadonlyMap<Bit, Step>): readonly Step[] {
  const found = new Set<Step>()
  for (const bit of step.reads) {
    const driver = typeof bit === 'number' ? drivers.get(bit) : undefined
    if (driver !== undefined) found.add(driver)
  }
  return [...found]
}

function reportLoop(loop: readonly Step[], module: Module): never {
  return fail({
    code: 'netlist/combinational-loop',
    message: `a combinational loop goes through ${loop.map(({ drives }) => netName(drives[0], module)).join(' <- ')}`,
    hint: 'put a register into the loop, or write its bits as separate signals if no bit depends on itself',
  })
}

/** The name of a net that the source gave, else one that Yosys made. */
function netName(bit: Bit | undefined, module: Module): string {
  const names = Object.entries(module.netnames).filter(
    ([, { bits }]) => bit !== undefined && bits.includes(bit),
  )
  const own = names.find(([, { hide_name }]) => hide_name !== 1) ?? names[0]
  return own?.[0] ?? `net ${bit}`
}
