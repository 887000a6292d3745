/**
 * The functional machine: what the instructions do to the memories, in program order. It knows no cycles; final
 * memory is the same under any legal timing, because the compiler's tokens order every conflicting pair.
 */

import { NO_SETUP } from '../../backends/trellis/isa/no-setup.ts'
import type { Instruction, InstructionOf, Opcode } from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { Diagnosed } from '../../ir/diagnostic.ts'
import { instantiateMacKernel, type MacKernel } from './kernel.ts'
import { loadActivation, loadFill, loadIndex, loadParameters, loadTable, loadWeight } from './load.ts'
import { macDense, macDepthwise } from './mac.ts'
import { createMemories, type Memories } from './memories.ts'
import { postAccumulators } from './post-accumulators.ts'
import { postBinary, postFill, postPool, postUnary } from './post-vectors.ts'
import { store } from './store.ts'

export interface Machine {
  readonly target: Target
  /** Written by the caller before a run (constants, inputs), read after it (outputs). */
  readonly dram: Uint8Array<ArrayBuffer>
  /** On-chip memories; they keep their contents from run to run. */
  readonly memories: Memories
  /** What the last post.setup said; zeros before the first. */
  setup: InstructionOf<'post.setup'>
  /** The mac unit's inner loops, compiled when first asked for. */
  kernel(): MacKernel
  /**
   * Executes one segment in program order; stops after `end`. An instruction that leaves a memory or contradicts
   * itself stops it with the diagnostic `program/illegal` (`fail`: call it inside `attempt`).
   */
  run(instructions: readonly Instruction[]): void
}

/** A machine with `dramBytes` of DRAM, all memories zero. */
export function createMachine(target: Target, dramBytes: number): Machine {
  const memories = createMemories(target)
  let kernel: MacKernel | undefined
  const machine: Machine = {
    target,
    dram: new Uint8Array(dramBytes),
    memories,
    setup: NO_SETUP,
    kernel() {
      kernel ??= instantiateMacKernel(memories.memory)
      return kernel
    },
    run(instructions) {
      for (let at = 0; at < instructions.length; at++) {
        const instruction = instructions[at] as Instruction
        if (instruction.op === 'end') return
        try {
          const handle = HANDLERS[instruction.op] as (machine: Machine, instruction: Instruction) => void
          handle(machine, instruction)
        } catch (error) {
          throw located(error, at, instruction)
        }
      }
    },
  }
  return machine
}

type Handlers = { readonly [O in Opcode]: (machine: Machine, instruction: InstructionOf<O>) => void }

const HANDLERS: Handlers = {
  'load.act': loadActivation,
  'load.fill': loadFill,
  'load.weight': loadWeight,
  'load.index': loadIndex,
  'load.param': loadParameters,
  'load.table': loadTable,
  'mac.dense': macDense,
  'mac.depthwise': macDepthwise,
  'post.setup': (machine, i) => {
    machine.setup = i
  },
  'post.acc': postAccumulators,
  'post.binary': postBinary,
  'post.unary': postUnary,
  'post.pool': postPool,
  'post.fill': postFill,
  store,
  end: () => {},
}

/** The same error, with which instruction it was. */
function located(error: unknown, at: number, instruction: Instruction): unknown {
  if (!(error instanceof Diagnosed)) return error
  return new Diagnosed(
    error.diagnostics.map((d) => ({
      ...d,
      message: `${instruction.op} ${d.message}`,
      span: { path: `instruction ${at}` },
      hint: 'espalier disasm shows the program; a compiled program is legal, so look at what changed it',
    })),
  )
}
