/** What each instruction touches where that depends on those before it: list contents and the second operand. */

import type { Target } from '../target.ts'
import { ConstantMemories, type Constants } from './constant-memories.ts'
import { type Access, footprint, operandFootprint } from './footprint.ts'
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
    if ((i.op === 'mac.dense' || i.op === 'mac.depthwise') && this.#memories && !this.#memories.isLoaded(i))
      return `walks list entries ${i.list}..${i.list + i.entries - 1}, of which some were never loaded`
    if (this.#setup === undefined && needsSetup(i))
      return 'needs constants, but no post.setup comes before it'
    return undefined
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
