/** What each instruction touches where that depends on those before it: list contents and the second operand. */

import type { Target } from '../target.ts'
import { ConstantMemories, type Constants } from './constant-memories.ts'
import { type Access, footprint, operandFootprint } from './footprint.ts'
import { readSpans, type Span, type Window } from './spans.ts'
import type { Instruction, InstructionOf } from './table.ts'

export class Accesses {
  readonly #target: Target
  readonly #memories: ConstantMemories | undefined
  #setup: InstructionOf<'post.setup'> | undefined

  /** Without the constants of the program nothing is known of lists, and windows of mac instructions are left out. */
  constructor(target: Target, constants: Constants | undefined) {
    this.#target = target
    this.#memories = constants && new ConstantMemories(constants, target)
  }

  /** What `i` touches. To be asked once for each instruction, in an order in which they can run. */
  next(i: Instruction): readonly Access[] {
    switch (i.op) {
      case 'load.index':
        this.#memories?.loadIndex(i)
        break
      case 'load.param':
        this.#memories?.loadParameters(i)
        break
      case 'load.weight':
        this.#memories?.loadWeight(i)
        break
      case 'post.setup':
        this.#setup = i
        break
      case 'mac.dense':
      case 'mac.depthwise': {
        const extent = this.#memories?.extentOf(i)
        const all = footprint(i, this.#target, extent)
        return extent ? all : all.filter((access) => access.space !== 'activation')
      }
      case 'post.acc':
      case 'post.binary':
        if (this.#setup)
          return [...footprint(i, this.#target), ...operandFootprint(i, this.#setup, this.#target)]
        break
    }
    return footprint(i, this.#target)
  }

  /** Why `i` cannot work after the instructions before it; undefined if it can. To be asked before `next`. */
  missing(i: Instruction): string | undefined {
    if (this.#setup === undefined && needsSetup(i))
      return 'needs constants, but no post.setup comes before it'
    const column = i.op === 'post.acc' ? this.#memories?.unsortedColumn(i) : undefined
    if (column !== undefined) return `searches the thresholds of column ${column}, which do not ascend`
    return undefined
  }

  /** Exactly what `i` reads on chip, as far as it is known. To be asked before `next`. */
  reads(i: Instruction, windows = this.windows(i)): readonly Span[] {
    return readSpans(i, this.#target, { setup: this.#setup, windows })
  }

  /** The windows that a mac instruction walks; undefined if they are not known. To be asked before `next`. */
  windows(i: Instruction): readonly Window[] | undefined {
    return i.op === 'mac.dense' || i.op === 'mac.depthwise' ? this.#memories?.windowsOf(i) : undefined
  }
}

function needsSetup(i: Instruction): boolean {
  switch (i.op) {
    case 'post.acc':
      return i.mode === 1
    case 'post.binary':
      return true
    case 'post.unary':
      return i.mode === 1
    case 'post.pool':
      return i.kind === 1
    default:
      return false
  }
}
