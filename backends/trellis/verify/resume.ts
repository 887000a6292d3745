/**
 * A depthwise instruction that resumes takes its first rows from the line buffers: the mac instruction before it must have left
 * them there, and memory must still hold the same.
 */
import { overlap } from '../isa/footprint.ts'
import { readSpans, type Span, type Window } from '../isa/spans.ts'
import type { Instruction, InstructionOf } from '../isa/table.ts'
import type { Target } from '../target.ts'

type Mac = InstructionOf<'mac.dense'> | InstructionOf<'mac.depthwise'>

/** What two instructions must share for the rows of one to serve the other. */
const SHARED = [
  ...['x_step', 'y_step', 'mx', 'lines', 'taps', 'x_stride', 'y_stride', 'in_ring_end', 'in_ring_size'],
] as const satisfies readonly (keyof InstructionOf<'mac.depthwise'>)[]

export class ResumedRows {
  readonly #target: Target
  #before: { readonly mac: Mac; readonly windows: readonly Window[] | undefined } | undefined
  /** Activations written since that instruction. */
  #written: Span[] = []

  constructor(target: Target) {
    this.#target = target
  }

  /** Why `i` cannot resume; undefined if it can or does not. To be asked for each instruction, in an order in which they can run. */
  next(i: Instruction, writes: readonly Span[], windows: readonly Window[] | undefined): string | undefined {
    if (i.op !== 'mac.dense' && i.op !== 'mac.depthwise') {
      this.#written.push(...writes.filter((span) => span.space === 'activation'))
      return undefined
    }
    const error = i.op === 'mac.depthwise' && i.resume === 1 ? this.#error(i, windows) : undefined
    this.#before = { mac: i, windows }
    this.#written = []
    return error
  }

  #error(i: InstructionOf<'mac.depthwise'>, windows: readonly Window[] | undefined): string | undefined {
    const mac = this.#before?.mac
    if (mac?.op !== 'mac.depthwise' || SHARED.some((name) => mac[name] !== i[name]) || mac.entries !== 1)
      return 'resumes the rows of the mac instruction before it, which has none of the same shape'
    const [earlier, own] = [this.#before?.windows?.[0], windows?.[0]]
    if (!earlier || !own) return undefined
    const next = mac.input + earlier.offset + mac.my * mac.y_stride * mac.y_step
    const distance = i.input + own.offset - next
    if (i.in_ring_size > 0 ? distance % i.in_ring_size !== 0 : distance !== 0)
      return `resumes at activation ${i.input + own.offset}, but the rows of the mac instruction before it go on at ${next}`
    const kept = { ...i, my: 1, lines: i.lines - i.y_stride }
    const changed = readSpans(kept, this.#target, { setup: undefined, windows }).find((row) =>
      this.#written.some((w) => row.space === 'activation' && overlap(row, w)),
    )
    return (
      changed &&
      `resumes rows that stand in activation ${changed.start}..${changed.end - 1}, which was written since they were streamed`
    )
  }
}
