/** Collects what the checks of a program find, each with its place. */
import type { Diagnostic } from '../../../ir/diagnostic.ts'
import type { Instruction } from '../isa/table.ts'
import type { Layer } from '../program.ts'

/** One run of instructions under check, with what is known of where it came from. */
export interface Checked {
  readonly segment: number
  readonly instructions: readonly Instruction[]
  /** Instructions that the queue of each unit holds. */
  readonly queueDepth: number
  readonly layerOf?: Uint16Array
  readonly layers?: readonly Layer[]
}

/** A broken compiler breaks every tile the same way: the first few findings say it all. */
const MOST_FINDINGS = 20

export class Findings {
  readonly #found: Diagnostic[] = []
  #more = 0

  add(
    checked: Checked,
    index: number,
    finding: { readonly code: string; readonly message: string; readonly hint?: string },
    severity: Diagnostic['severity'] = 'error',
  ): void {
    if (this.#found.length >= MOST_FINDINGS) {
      this.#more++
      return
    }
    const layer = checked.layers?.[checked.layerOf?.[index] ?? -1]
    this.#found.push({
      ...finding,
      severity,
      message: `${nameOf(checked, index)} ${finding.message}`,
      span: { path: `segments[${checked.segment}].instructions[${index}]` },
      ...(layer ? { notes: [`it works for layer ${layer.op} "${layer.name}"`] } : {}),
    })
  }

  get count(): number {
    return this.#found.length + this.#more
  }

  /** All findings; the last says how many more there were. */
  list(): readonly Diagnostic[] {
    const last = this.#found.at(-1)
    if (last === undefined || this.#more === 0) return this.#found
    const notes = [...(last.notes ?? []), `and ${this.#more} more findings like these`]
    return [...this.#found.slice(0, -1), { ...last, notes }]
  }
}

/** How messages call an instruction. */
export function nameOf(checked: Checked, index: number): string {
  const instruction = checked.instructions[index]
  return instruction ? `instruction ${index} (${instruction.op})` : 'the end of the program'
}
