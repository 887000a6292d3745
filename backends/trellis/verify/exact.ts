/**
 * What the exact spans of an instruction show beside its enclosing ranges: rows that leave their ring, where order and
 * ports are proven for other bytes, and results that fall onto operands of the same instruction.
 */
import { type Access, overlap } from '../isa/footprint.ts'
import type { Span } from '../isa/spans.ts'
import type { Instruction } from '../isa/table.ts'
import type { Target } from '../target.ts'
import type { OperandError } from './operands.ts'

/** `reads` and `writes` are the exact spans of `i`, `touched` the ranges that enclose them. */
export function exactError(
  i: Instruction,
  reads: readonly Span[],
  writes: readonly Span[],
  touched: readonly Access[],
  target: Target,
): OperandError | undefined {
  const ranges = touched.filter((access) => access.space === 'activation')
  const [from, to] = [reads, writes].map((spans) => spans.filter((s) => s.space === 'activation'))
  for (const [spans, write] of [
    [from ?? [], false],
    [to ?? [], true],
  ] as const) {
    const stray = spans.find(
      (s) => !ranges.some((r) => r.write === write && r.start <= s.start && s.end <= r.end),
    )
    if (stray) {
      return {
        code: 'program/operand',
        message: `${write ? 'writes' : 'reads'} activation ${stray.start}..${stray.end - 1} past the end of its row ring`,
        hint: 'no row is split: a ring holds whole rows, and addresses wrap once',
      }
    }
  }
  // Load, mac and store read and write different memories.
  const mayOverlap = ranges.some((r) => !r.write && ranges.some((w) => w.write && overlap(r, w)))
  const own = mayOverlap ? ownResult(i, from ?? [], to ?? [], target) : undefined
  return (
    own && {
      code: 'program/operand',
      message: `reads activation ${own.start}..${own.end - 1}, where it writes itself, in no order that is promised`,
      hint: 'a result stands apart from all operands, or in place of one, vector for vector',
    }
  )
}

/** An operand that an instruction may have overwritten before it reads it. */
function ownResult(
  i: Instruction,
  reads: readonly Span[],
  writes: readonly Span[],
  target: Target,
): Span | undefined {
  // Of two operands the first comes first and the second last.
  const second = reads.length - writes.length
  return reads.find((r, k) => {
    if (!writes.some((w) => overlap(r, w))) return false
    const inPlace = [writes[k], writes[k - second]].some((w) => w?.start === r.start && w.end === r.end)
    return !inPlace || !vectorsStandApart(i, target)
  })
}

function vectorsStandApart(i: Instruction, target: Target): boolean {
  const { cols } = target.array
  if (i.op === 'post.acc') return i.mx === 1 || i.x_step >= (i.blocks - 1) * cols + i.last_lanes
  return (i.op === 'post.unary' || i.op === 'post.binary') && (i.mx === 1 || i.x_step >= cols)
}
