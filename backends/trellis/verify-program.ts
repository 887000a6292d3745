/**
 * Proves before anything runs that a program keeps the rules of the machine: every field and address is in range, no
 * unit waits forever, and tokens order every two instructions of different units that share data or a memory port.
 * Time plays no part: what holds here holds for any latency.
 */

import type { Diagnostic } from '../../ir/diagnostic.ts'
import { must } from '../../ir/diagnostic.ts'
import { Accesses } from './isa/accesses.ts'
import { QUEUE_DEPTH } from './isa/costs.ts'
import { type Access, overlap, type Space } from './isa/footprint.ts'
import { type Span, writtenSpans } from './isa/spans.ts'
import type { Instruction } from './isa/table.ts'
import { Written } from './isa/written.ts'
import type { DramRegion, Program } from './program.ts'
import { capacities, type Target } from './target.ts'
import { exactError } from './verify/exact.ts'
import { type Checked, Findings } from './verify/findings.ts'
import { Hazards } from './verify/hazards.ts'
import { operandError } from './verify/operands.ts'
import { tokenOrder } from './verify/order.ts'
import { ResumedRows } from './verify/resume.ts'

/** Instructions alone: what follows from the program's constants is then not checked. */
export interface BareProgram {
  readonly instructions: readonly Instruction[]
  readonly target: Target
}

/** What is wrong with a program, `program/...`; empty if nothing is. At most 20 findings. */
export function verifyProgram(program: Program | BareProgram): readonly Diagnostic[] {
  const findings = new Findings()
  if ('instructions' in program) {
    const memory = { accesses: new Accesses(program.target, undefined) }
    const limits = limitsOf(program.target, 2 ** 32)
    verifySegment(
      { segment: 0, instructions: program.instructions, queueDepth: queueDepthOf(program.target) },
      program.target,
      memory,
      limits,
      [],
      findings,
    )
    return findings.list()
  }
  const constants = { bytes: program.weights, address: program.weightsAddress }
  const memory = {
    accesses: new Accesses(program.target, constants),
    written: new Written(program.target),
  }
  const limits = limitsOf(program.target, program.dramBytes)
  const fixed = program.regions.filter((r) => r.kind !== 'activations')
  for (const step of program.steps) {
    if (!('run' in step)) continue
    const { instructions, layerOf } = must(program.segments[step.run], 'segment of a step')
    const queueDepth = queueDepthOf(program.target)
    const checked = { segment: step.run, instructions, queueDepth, layerOf, layers: program.layers }
    verifySegment(checked, program.target, memory, limits, fixed, findings)
  }
  return findings.list()
}

/** What is known of the memories on chip, over all segments. */
interface OnChipMemory {
  readonly accesses: Accesses
  /** Absent for instructions alone: nothing is known of what ran before. */
  readonly written?: Written
}

function verifySegment(
  checked: Checked,
  target: Target,
  { accesses, written }: OnChipMemory,
  limits: Readonly<Record<Space, number>>,
  fixed: readonly DramRegion[],
  findings: Findings,
): void {
  const { instructions } = checked
  const before = findings.count
  instructions.forEach((i, index) => {
    const error = operandError(i, target)
    if (error) findings.add(checked, index, error)
    if (i.op === 'end' && index < instructions.length - 1) {
      findings.add(checked, index, {
        code: 'program/end',
        message: `stops the program, but ${instructions.length - 1 - index} instructions follow`,
      })
    }
  })
  if (instructions.at(-1)?.op !== 'end') {
    findings.add(checked, instructions.length, {
      code: 'program/end',
      message: 'is reached without an `end`: the fetch unit would run on',
      hint: 'the last instruction of every segment is `end`',
    })
  }
  // Without operands that mean something nothing can be said of order and memory.
  if (findings.count > before) return

  const order = tokenOrder(checked, findings)
  const hazards = order && new Hazards(checked, order, target, findings)
  const resumed = new ResumedRows(target)
  for (const index of order?.sequence ?? Array.from({ length: instructions.length - 1 }, (_, k) => k)) {
    const i = must(instructions[index], 'instruction')
    const windows = accesses.windows(i)
    const reads = accesses.reads(i, windows)
    const missing = accesses.missing(i) ?? neverWritten(written, reads)
    const writes = writtenSpans(i, target)
    const cannotResume = resumed.next(i, writes, windows)
    const touched = accesses.next(i)
    for (const span of writes) written?.add(span)
    const outside = touched.find((access) => access.start < 0 || access.end > limits[access.space])
    if (outside) {
      findings.add(checked, index, {
        code: 'program/address',
        message: `${verbOf(outside)} ${outside.space} ${outside.start}..${outside.end - 1}, but ${outside.space} memory ends at ${limits[outside.space] - 1}`,
      })
      continue
    }
    const error = exactError(i, reads, writes, touched, target)
    if (error) findings.add(checked, index, error)
    if (cannotResume !== undefined)
      findings.add(checked, index, { code: 'program/operand', message: cannotResume })
    if (missing !== undefined) findings.add(checked, index, { code: 'program/not-ready', message: missing })
    for (const access of touched) {
      const region = access.space === 'dram' && access.write && fixed.find((r) => overlap(access, r))
      if (region) {
        findings.add(checked, index, {
          code: 'program/overwrites',
          message: `writes dram ${access.start}..${access.end - 1}, where ${region.kind} stand (${region.start}..${region.end - 1})`,
        })
      }
    }
    hazards?.next(index, touched)
  }
}

function neverWritten(written: Written | undefined, reads: readonly Span[]): string | undefined {
  const gap = written?.firstGap(reads)
  return gap && `reads ${gap.space} ${gap.start}..${gap.end - 1}, which nothing has written`
}

function queueDepthOf(target: Target): number {
  return target.queue_depth ?? QUEUE_DEPTH
}

function limitsOf(target: Target, dramBytes: number): Readonly<Record<Space, number>> {
  const sizes = capacities(target)
  return {
    dram: dramBytes,
    activation: sizes.activationBytes,
    weight: sizes.weightColumns,
    index: sizes.indexEntries,
    parameter: sizes.parameterBytes,
    accumulator: sizes.accumulatorVectors,
    table: TABLES,
  }
}

/** Lookup tables that the 2-bit field of an instruction can name. */
const TABLES = 4

function verbOf(access: Access): string {
  return access.write ? 'writes' : 'reads'
}
