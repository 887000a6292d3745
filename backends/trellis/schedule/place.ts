/**
 * Places buffers in activation memory. Two buffers that live at the same time do not overlap; buffers that two units
 * may use through the same kind of port at once are kept in different banks where there is room, since sharing one
 * costs waiting.
 */
import type { BufferShape, Placed } from './buffer.ts'

export interface Request {
  readonly key: string
  readonly shape: BufferShape
  /** Groups in which it lives, inclusive. */
  readonly from: number
  readonly to: number
}

export interface PlacementRules {
  readonly bytes: number
  readonly bankBytes: number
  /** Whether two requests should not share a bank. */
  readonly apart: (a: Request, b: Request) => boolean
}

/** An address for every request, or undefined where they do not fit. */
export function place(requests: readonly Request[], rules: PlacementRules): Map<string, Placed> | undefined {
  for (const separate of [true, false]) {
    for (const order of ORDERS) {
      const placed = attemptOrder([...requests].sort(order), rules, separate)
      if (placed) return placed
    }
  }
  return undefined
}

const span = (r: Request) => r.to - r.from
const ORDERS: readonly ((a: Request, b: Request) => number)[] = [
  (a, b) => a.from - b.from || b.shape.bytes - a.shape.bytes,
  (a, b) => b.shape.bytes - a.shape.bytes || a.from - b.from,
  (a, b) => span(b) - span(a) || b.shape.bytes - a.shape.bytes,
  (a, b) => b.shape.bytes * (1 + span(b)) - a.shape.bytes * (1 + span(a)),
]

function attemptOrder(
  requests: readonly Request[],
  rules: PlacementRules,
  separate: boolean,
): Map<string, Placed> | undefined {
  const done: { readonly request: Request; readonly base: number }[] = []
  for (const request of requests) {
    const together = done.filter((d) => d.request.from <= request.to && request.from <= d.request.to)
    const base =
      (separate ? lowest(request, together, rules, true) : undefined) ??
      lowest(request, together, rules, false)
    if (base === undefined) return undefined
    done.push({ request, base })
  }
  return new Map(done.map(({ request, base }) => [request.key, { ...request.shape, base }]))
}

/** Lowest address free of the others; with `banks`, also out of the banks of those to be kept apart. */
function lowest(
  request: Request,
  others: readonly { readonly request: Request; readonly base: number }[],
  rules: PlacementRules,
  banks: boolean,
): number | undefined {
  const blocked = others.map(({ request: other, base }) => {
    const end = base + other.shape.bytes
    if (!banks || !rules.apart(request, other)) return { start: base, end }
    return {
      start: Math.floor(base / rules.bankBytes) * rules.bankBytes,
      end: Math.ceil(end / rules.bankBytes) * rules.bankBytes,
    }
  })
  blocked.sort((a, b) => a.start - b.start)
  const size = request.shape.bytes
  let at = 0
  for (const { start, end } of blocked) {
    if (at + size <= start) break
    at = Math.max(at, end)
  }
  const base = Math.ceil(at / 16) * 16
  return base + size <= rules.bytes ? base : undefined
}
