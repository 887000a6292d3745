/**
 * What the combinational cells of Yosys compute, as words of the graph. Operands are extended to the width of the result,
 * or to the wider of the two, by their signs where both are signed. What is undefined is 0.
 */
import { type Bit, type Cell, connection, parameter, wordCount } from './netlist.ts'
import { maskOf, type Signals } from './signals.ts'
import type { Word, WordGraph } from './word-graph.ts'

/** A cell whose output Y gets words. */
export interface Lowering {
  readonly graph: WordGraph
  readonly signals: Signals
  readonly cell: Cell
  readonly a: readonly Bit[]
  readonly b: readonly Bit[]
  readonly s: readonly Bit[]
  /** Bits of the result. */
  readonly width: number
  /** Whether operands are extended by their signs. */
  readonly signed: boolean
}

type Rule = (lowering: Lowering) => readonly Word[]

/** How each type of cell is computed. Words of a result may have more bits than it. */
const RULES: Readonly<Record<string, Rule>> = {
  $pos: (l) => first(l),
  $not: (l) => first(l).map((word, k) => l.graph.xor(word, l.graph.constant(maskOf(l.width - 32 * k)))),
  $neg: (l) => subtract(l.graph, zeros(l.graph, wordCount(l.width)), first(l)),
  $and: (l) => wordwise(l, (a, b) => l.graph.and(a, b)),
  $or: (l) => wordwise(l, (a, b) => l.graph.or(a, b)),
  $xor: (l) => wordwise(l, (a, b) => l.graph.xor(a, b)),
  $xnor: (l) =>
    wordwise(l, (a, b) => l.graph.xor(a, b)).map((word, k) =>
      l.graph.xor(word, l.graph.constant(maskOf(l.width - 32 * k))),
    ),
  $add: (l) => add(l.graph, ...operands(l)),
  $sub: (l) => subtract(l.graph, ...operands(l)),
  $mul: (l) => multiply(l),
  $eq: (l) => [equal(l)],
  $ne: (l) => [not(l.graph, equal(l))],
  $eqx: (l) => [equal(l)],
  $nex: (l) => [not(l.graph, equal(l))],
  $lt: (l) => [less(l, l.a, l.b)],
  $gt: (l) => [less(l, l.b, l.a)],
  $ge: (l) => [not(l.graph, less(l, l.a, l.b))],
  $le: (l) => [not(l.graph, less(l, l.b, l.a))],
  $reduce_or: (l) => [l.signals.any(l.a)],
  $reduce_bool: (l) => [l.signals.any(l.a)],
  $reduce_and: (l) => [all(l)],
  $reduce_xor: (l) => [parity(l)],
  $reduce_xnor: (l) => [not(l.graph, parity(l))],
  $logic_not: (l) => [not(l.graph, l.signals.any(l.a))],
  $logic_and: (l) => [l.graph.and(l.signals.any(l.a), l.signals.any(l.b))],
  $logic_or: (l) => [l.graph.or(l.signals.any(l.a), l.signals.any(l.b))],
  $mux: (l) => select(l, l.signals.bit(l.s[0]), loose(l, l.b), loose(l, l.a)),
  $pmux: (l) =>
    l.s.reduce<readonly Word[]>(
      (no, bit, i) => select(l, l.signals.bit(bit), loose(l, l.b.slice(i * l.width, (i + 1) * l.width)), no),
      loose(l, l.a),
    ),
  $bwmux: (l) => {
    const [no, yes, choice] = [loose(l, l.a), loose(l, l.b), l.signals.read(l.s)]
    return choice.map((word, k) => {
      const [a, b] = [at(l.graph, no, k), at(l.graph, yes, k)]
      return l.graph.xor(a, l.graph.and(l.graph.xor(a, b), word))
    })
  },
  $shl: (l) => left(l.graph, first(l), l.signals.read(l.b)),
  $sshl: (l) => left(l.graph, first(l), l.signals.read(l.b)),
  $shr: (l) => right(l, shiftOperand(l), l.signals.read(l.b), l.graph.zero),
  $sshr: (l) => {
    const sign = isSigned(l) ? l.graph.sub(l.graph.zero, l.signals.bit(l.a.at(-1))) : l.graph.zero
    // The words beyond the operand are its sign, and so must be the bits beyond it.
    const words = l.signals.operand(l.a, 32 * wordCount(Math.max(l.a.length, l.width)), isSigned(l))
    return right(l, words, l.signals.read(l.b), sign)
  },
  $shift: (l) => eitherWay(l, shiftOperand(l)),
  $shiftx: (l) => eitherWay(l, l.signals.read(l.a)),
}

/** The words of a cell's output Y; nothing for a type that there is no rule for. */
export function lowerCell(cell: Cell, signals: Signals): readonly Word[] | undefined {
  const rule = RULES[cell.type]
  if (rule === undefined) return undefined
  const b = connection(cell, 'B')
  return rule({
    graph: signals.graph,
    signals,
    cell,
    a: connection(cell, 'A'),
    b,
    s: connection(cell, 'S'),
    width: connection(cell, 'Y').length,
    signed: parameter(cell, 'A_SIGNED') === 1 && (b.length === 0 || parameter(cell, 'B_SIGNED') === 1),
  })
}

/** Whether A alone is signed: shifts extend it whatever B is. */
function isSigned(l: Lowering): boolean {
  return parameter(l.cell, 'A_SIGNED') === 1
}

function first(l: Lowering, isLoose = true): readonly Word[] {
  return l.signals.operand(l.a, l.width, isSigned(l), isLoose)
}

function loose(l: Lowering, bits: readonly Bit[]): readonly Word[] {
  return l.signals.operand(bits, l.width, false, true)
}

function operands(l: Lowering): readonly [readonly Word[], readonly Word[]] {
  return [l.signals.operand(l.a, l.width, l.signed, true), l.signals.operand(l.b, l.width, l.signed, true)]
}

function wordwise(l: Lowering, operation: (a: Word, b: Word) => Word): readonly Word[] {
  const [a, b] = operands(l)
  return a.map((word, k) => operation(word, at(l.graph, b, k)))
}

function select(l: Lowering, condition: Word, yes: readonly Word[], no: readonly Word[]): readonly Word[] {
  return no.map((word, k) => l.graph.select(condition, at(l.graph, yes, k), word))
}

function not(graph: WordGraph, condition: Word): Word {
  return graph.xor(condition, graph.one)
}

/** Word k, 0 beyond the last. */
function at(graph: WordGraph, words: readonly Word[], k: number): Word {
  return words[k] ?? graph.zero
}

function zeros(graph: WordGraph, count: number): readonly Word[] {
  return Array.from({ length: count }, () => graph.zero)
}

function add(graph: WordGraph, a: readonly Word[], b: readonly Word[]): readonly Word[] {
  let carry = graph.zero
  return a.map((word, k) => {
    const sum = graph.add(word, at(graph, b, k))
    const total = graph.add(sum, carry)
    // The last carry is never read, and not computed.
    if (k < a.length - 1) carry = graph.or(graph.less(sum, word, false), graph.less(total, carry, false))
    return total
  })
}

function subtract(graph: WordGraph, a: readonly Word[], b: readonly Word[]): readonly Word[] {
  let borrow = graph.zero
  return a.map((word, k) => {
    const second = at(graph, b, k)
    const difference = graph.sub(word, second)
    const total = graph.sub(difference, borrow)
    if (k < a.length - 1)
      borrow = graph.or(graph.less(word, second, false), graph.less(difference, borrow, false))
    return total
  })
}

function multiply(l: Lowering): readonly Word[] {
  const { graph, signals } = l
  const count = wordCount(l.width)
  if (count === 1) {
    const [a, b] = operands(l)
    return [graph.mul(at(graph, a, 0), at(graph, b, 0))]
  }
  if (l.a.length <= 32 && l.b.length <= 32) {
    const [a] = signals.operand(l.a, 32, l.signed)
    const [b] = signals.operand(l.b, 32, l.signed)
    const [x, y] = [a ?? graph.zero, b ?? graph.zero]
    const high = graph.mulhi(x, y, l.signed)
    const sign = l.signed ? graph.shrS(high, 31) : graph.zero
    return [graph.mul(x, y), high, ...Array.from({ length: count - 2 }, () => sign)]
  }
  const width = 32 * count
  const [a, b] = [signals.operand(l.a, width, l.signed), signals.operand(l.b, width, l.signed)]
  // As on paper: one row for each word of b, added where it stands.
  let sum = zeros(graph, count)
  for (let j = 0; j < count; j++) {
    const factor = at(graph, b, j)
    const rows: [Word[], Word[]] = [[...zeros(graph, count)], [...zeros(graph, count)]]
    for (let i = 0; i + j < count; i++) {
      rows[0][i + j] = graph.mul(at(graph, a, i), factor)
      if (i + j + 1 < count) rows[1][i + j + 1] = graph.mulhi(at(graph, a, i), factor, false)
    }
    sum = add(graph, add(graph, sum, rows[0]), rows[1])
  }
  return sum
}

function equal(l: Lowering): Word {
  const { graph } = l
  const width = Math.max(l.a.length, l.b.length)
  const [a, b] = [l.signals.operand(l.a, width, l.signed), l.signals.operand(l.b, width, l.signed)]
  if (a.length === 1) return graph.eq(at(graph, a, 0), at(graph, b, 0))
  const differences = a.map((word, k) => graph.xor(word, at(graph, b, k)))
  return graph.eq(l.signals.join(differences), graph.zero)
}

function less(l: Lowering, smaller: readonly Bit[], greater: readonly Bit[]): Word {
  const { graph, signals } = l
  const width = Math.max(smaller.length, greater.length)
  const whole = 32 * wordCount(width)
  const a = signals.operand(smaller, l.signed ? whole : width, l.signed)
  const b = signals.operand(greater, l.signed ? whole : width, l.signed)
  return a.reduce((below, word, k) => {
    const other = at(graph, b, k)
    const here = graph.less(word, other, l.signed && k === a.length - 1)
    return k === 0 ? here : graph.select(graph.eq(word, other), below, here)
  }, graph.zero)
}

function all(l: Lowering): Word {
  const { graph } = l
  return l.signals
    .read(l.a)
    .map((word, k) => graph.eq(word, graph.constant(maskOf(l.a.length - 32 * k))))
    .reduce((both, word) => graph.and(both, word), graph.one)
}

function parity(l: Lowering): Word {
  const { graph } = l
  const folded = l.signals.read(l.a).reduce((both, word) => graph.xor(both, word), graph.zero)
  return graph.and(graph.popcnt(folded), graph.one)
}

/** A as `$shr` and `$shift` read it: extended to the width of the result, zeros beyond. */
function shiftOperand(l: Lowering): readonly Word[] {
  return l.signals.operand(l.a, Math.max(l.a.length, l.width), isSigned(l))
}

/** An amount to shift by: first whole words, then the bits that are left. */
interface Amount {
  /** From the greatest distance to the least, in words: 1 where the shift includes it. */
  readonly steps: readonly { readonly distance: number; readonly taken: Word }[]
  /** 0 to 31. */
  readonly bits: Word
  /** Not 0 where the amount is above all steps. */
  readonly overflow: Word
}

function splitAmount(graph: WordGraph, amount: readonly Word[], words: number): Amount {
  const [lowest = graph.zero, ...others] = amount
  const count = Math.ceil(Math.log2(Math.max(1, words)))
  const steps = Array.from({ length: count }, (_, j) => ({
    distance: 2 ** j,
    taken: graph.and(graph.shrU(lowest, 5 + j), graph.one),
  }))
  const beyond = others.reduce((any, word) => graph.or(any, word), graph.shrU(lowest, 5 + count))
  return { steps: steps.reverse(), bits: graph.and(lowest, graph.constant(31)), overflow: beyond }
}

/** `words` shifted to higher bits. */
function left(graph: WordGraph, words: readonly Word[], by: readonly Word[]): readonly Word[] {
  const { steps, bits, overflow } = splitAmount(graph, by, words.length)
  let moved = words
  for (const { distance, taken } of steps) {
    const before = moved
    moved = before.map((word, k) => graph.select(taken, at(graph, before, k - distance), word))
  }
  const inverse = graph.xor(bits, graph.constant(31))
  return moved.map((word, k) => {
    const own = graph.shift('shl', word, bits)
    // 32 - bits is 31 - bits and one more, so that no shift is by 32.
    const below = graph.shift('shr_u', graph.shrU(at(graph, moved, k - 1), 1), inverse)
    const shifted = graph.mask(bits) === 0 ? own : graph.or(own, below)
    return graph.select(overflow, graph.zero, shifted)
  })
}

/** `words` shifted to lower bits, with `fill` beyond them; as many words as the result has. */
function right(l: Lowering, words: readonly Word[], by: readonly Word[], fill: Word): readonly Word[] {
  const { graph } = l
  const count = wordCount(l.width)
  const { steps, bits, overflow } = splitAmount(graph, by, words.length)
  let moved = words
  let rest = steps.reduce((sum, { distance }) => sum + distance, 0)
  for (const { distance, taken } of steps) {
    rest -= distance
    const before = moved
    // Later steps reach `rest` words further, and the bits one.
    moved = Array.from({ length: count + rest + 1 }, (_, k) =>
      graph.select(taken, before[k + distance] ?? fill, before[k] ?? fill),
    )
  }
  const inverse = graph.xor(bits, graph.constant(31))
  return Array.from({ length: count }, (_, k) => {
    const own = graph.shift('shr_u', moved[k] ?? fill, bits)
    const above = graph.shift('shl', graph.shl(moved[k + 1] ?? fill, 1), inverse)
    const shifted = graph.mask(bits) === 0 ? own : graph.or(own, above)
    return graph.select(overflow, fill, shifted)
  })
}

/** To lower bits by a positive amount, to higher ones by a negative. */
function eitherWay(l: Lowering, words: readonly Word[]): readonly Word[] {
  const { graph, signals } = l
  const sign = l.b.at(-1)
  if (parameter(l.cell, 'B_SIGNED') === 0 || sign === undefined || sign === '0')
    return right(l, words, signals.read(l.b), graph.zero)
  const amount = signals.operand(l.b, 32 * wordCount(l.b.length), true)
  const negated = subtract(graph, zeros(graph, amount.length), amount)
  const result = zeros(graph, wordCount(l.width)).map((_, k) => at(graph, words, k))
  const upward = left(graph, result, negated)
  const downward = right(l, words, signals.read(l.b.slice(0, -1)), graph.zero)
  const negative = signals.bit(sign)
  return downward.map((word, k) => graph.select(negative, at(graph, upward, k), word))
}
