/**
 * Arithmetic on 32-bit words as a graph without duplicates. A node is made once for each operation and operands, and
 * simplified when it is made: constants are computed, and masks that change nothing are dropped, for which every node
 * knows which of its bits can be 1.
 */

/** A node: its index in the graph. */
export type Word = number

/**
 * - `constant`: a. `load`: the word at byte address a of the state. `fetch`: the word at byte address a + the value of b.
 * - `mulhi_u`, `mulhi_s`: the upper 32 bits of the product of 64.
 * - Shifts have amounts 0 to 31. Comparisons give 0 or 1. `select`: a where c is not 0, else b.
 */
export type Operation =
  | 'constant'
  | 'load'
  | 'fetch'
  | 'and'
  | 'or'
  | 'xor'
  | 'add'
  | 'sub'
  | 'mul'
  | 'mulhi_u'
  | 'mulhi_s'
  | 'shl'
  | 'shr_u'
  | 'shr_s'
  | 'eq'
  | 'ne'
  | 'lt_u'
  | 'lt_s'
  | 'popcnt'
  | 'select'

/** Operands that are nodes: of `a`, `b`, `c`, in this order. */
const NODE_OPERANDS: Readonly<Record<Operation, readonly ('a' | 'b' | 'c')[]>> = {
  constant: [],
  load: [],
  fetch: ['b'],
  and: ['a', 'b'],
  or: ['a', 'b'],
  xor: ['a', 'b'],
  add: ['a', 'b'],
  sub: ['a', 'b'],
  mul: ['a', 'b'],
  mulhi_u: ['a', 'b'],
  mulhi_s: ['a', 'b'],
  shl: ['a', 'b'],
  shr_u: ['a', 'b'],
  shr_s: ['a', 'b'],
  eq: ['a', 'b'],
  ne: ['a', 'b'],
  lt_u: ['a', 'b'],
  lt_s: ['a', 'b'],
  popcnt: ['a'],
  select: ['a', 'b', 'c'],
}

export interface Node {
  readonly operation: Operation
  readonly a: number
  readonly b: number
  readonly c: number
  /** The bits that can be 1, as a signed 32-bit integer. */
  readonly mask: number
}

const ALL = -1

export class WordGraph {
  readonly nodes: Node[] = []
  private readonly known = new Map<string, Word>()
  readonly zero: Word = this.constant(0)
  readonly one: Word = this.constant(1)

  node(word: Word): Node {
    // biome-ignore lint/style/noNonNullAssertion: a word is the index of a node
    return this.nodes[word]!
  }

  /** The nodes that `word` is computed from. */
  operands(word: Word): readonly Word[] {
    const node = this.node(word)
    return NODE_OPERANDS[node.operation].map((name) => node[name])
  }

  constant(value: number): Word {
    return this.make('constant', value | 0, 0, 0, value | 0)
  }

  /** The word at a byte address of the state, of which the bits of `mask` can be 1. */
  load(address: number, mask: number): Word {
    return this.make('load', address, 0, 0, mask)
  }

  /** The word at byte address base + offset. */
  fetch(base: number, offset: Word): Word {
    return this.make('fetch', base, offset, 0, ALL)
  }

  and(a: Word, b: Word): Word {
    const mask = this.mask(a) & this.mask(b)
    if (mask === 0) return this.zero
    const [x, y] = this.constantLast(a, b)
    const constant = this.value(y)
    if (constant !== undefined) {
      const value = this.value(x)
      if (value !== undefined) return this.constant(value & constant)
      if ((this.mask(x) & ~constant) === 0) return x
      const inner = this.node(x)
      const within = inner.operation === 'and' ? this.value(inner.b) : undefined
      if (within !== undefined) return this.and(inner.a, this.constant(within & constant))
    }
    if (x === y) return x
    return this.make('and', x, y, 0, mask)
  }

  or(a: Word, b: Word): Word {
    const [x, y] = this.constantLast(a, b)
    const constant = this.value(y)
    if (constant === 0 || x === y) return x
    const value = this.value(x)
    if (constant !== undefined && value !== undefined) return this.constant(value | constant)
    return this.make('or', x, y, 0, this.mask(x) | this.mask(y))
  }

  xor(a: Word, b: Word): Word {
    if (a === b) return this.zero
    const [x, y] = this.constantLast(a, b)
    const constant = this.value(y)
    if (constant !== undefined) {
      if (constant === 0) return x
      const inner = this.node(x)
      const value = this.value(x)
      if (value !== undefined) return this.constant(value ^ constant)
      if (constant === 1 && inner.operation === 'eq') return this.ne(inner.a, inner.b)
      if (constant === 1 && inner.operation === 'ne') return this.eq(inner.a, inner.b)
      const within = inner.operation === 'xor' ? this.value(inner.b) : undefined
      if (within !== undefined) return this.xor(inner.a, this.constant(within ^ constant))
    }
    return this.make('xor', x, y, 0, this.mask(x) | this.mask(y))
  }

  add(a: Word, b: Word): Word {
    const [x, y] = this.constantLast(a, b)
    const constant = this.value(y)
    if (constant === 0) return x
    const value = this.value(x)
    if (constant !== undefined && value !== undefined) return this.constant(value + constant)
    return this.make('add', x, y, 0, upTo((this.mask(x) >>> 0) + (this.mask(y) >>> 0)))
  }

  sub(a: Word, b: Word): Word {
    if (a === b) return this.zero
    const y = this.value(b)
    if (y !== undefined) return this.add(a, this.constant(-y))
    return this.make('sub', a, b, 0, ALL)
  }

  mul(a: Word, b: Word): Word {
    const [x, y] = this.constantLast(a, b)
    const constant = this.value(y)
    if (constant !== undefined) {
      const value = this.value(x)
      if (value !== undefined) return this.constant(Math.imul(value, constant))
      if (constant === 0) return y
      const bits = 31 - Math.clz32(constant)
      if (constant === 1 << bits) return this.shl(x, bits)
    }
    return this.make('mul', x, y, 0, upTo((this.mask(x) >>> 0) * (this.mask(y) >>> 0)))
  }

  /** The upper 32 bits of the product of 64. */
  mulhi(a: Word, b: Word, signed: boolean): Word {
    if (a === this.zero || b === this.zero) return this.zero
    if (signed) return this.make('mulhi_s', a, b, 0, ALL)
    const most = BigInt(this.mask(a) >>> 0) * BigInt(this.mask(b) >>> 0)
    const mask = upTo(Number(most >> 32n))
    return mask === 0 ? this.zero : this.make('mulhi_u', a, b, 0, mask)
  }

  /** Shifts by a number of bits, 0 to 31, or by the lowest 5 bits of a word. */
  shl(a: Word, bits: number): Word {
    if (bits === 0) return a
    const value = this.value(a)
    if (value !== undefined) return this.constant(value << bits)
    const mask = this.mask(a) << bits
    return mask === 0 ? this.zero : this.make('shl', a, this.constant(bits), 0, mask)
  }

  shrU(a: Word, bits: number): Word {
    if (bits === 0) return a
    const value = this.value(a)
    if (value !== undefined) return this.constant(value >>> bits)
    const mask = this.mask(a) >>> bits
    return mask === 0 ? this.zero : this.make('shr_u', a, this.constant(bits), 0, mask)
  }

  shrS(a: Word, bits: number): Word {
    if (bits === 0) return a
    if (this.mask(a) >= 0) return this.shrU(a, bits)
    const value = this.value(a)
    if (value !== undefined) return this.constant(value >> bits)
    return this.make('shr_s', a, this.constant(bits), 0, this.mask(a) >> bits)
  }

  /** Shifts by a word, of which the lowest 5 bits count. */
  shift(operation: 'shl' | 'shr_u', a: Word, amount: Word): Word {
    if (a === this.zero) return a
    if ((this.mask(amount) & 31) === 0) return a
    const bits = this.value(amount)
    if (bits !== undefined) return operation === 'shl' ? this.shl(a, bits & 31) : this.shrU(a, bits & 31)
    // Every bit may move: down to the lowest, or up to the highest.
    const lowest = this.mask(a) & -this.mask(a)
    const mask = operation === 'shl' ? -lowest : upTo(this.mask(a) >>> 0)
    return this.make(operation, a, amount, 0, mask)
  }

  eq(a: Word, b: Word): Word {
    if (a === b) return this.one
    const [x, y] = this.constantLast(a, b)
    const constant = this.value(y)
    if (constant !== undefined) {
      const value = this.value(x)
      if (value !== undefined) return this.constant(value === constant ? 1 : 0)
      if ((constant & ~this.mask(x)) !== 0) return this.zero
      if (this.mask(x) === 1) return constant === 1 ? x : this.xor(x, this.one)
    }
    return this.make('eq', x, y, 0, 1)
  }

  ne(a: Word, b: Word): Word {
    if (a === b) return this.zero
    const [x, y] = this.constantLast(a, b)
    const constant = this.value(y)
    if (constant !== undefined) {
      const value = this.value(x)
      if (value !== undefined) return this.constant(value === constant ? 0 : 1)
      if ((constant & ~this.mask(x)) !== 0) return this.one
      if (this.mask(x) === 1) return constant === 0 ? x : this.xor(x, this.one)
    }
    return this.make('ne', x, y, 0, 1)
  }

  less(a: Word, b: Word, signed: boolean): Word {
    if (a === b) return this.zero
    const [x, y] = [this.value(a), this.value(b)]
    if (x !== undefined && y !== undefined)
      return this.constant(signed ? Number(x < y) : Number(x >>> 0 < y >>> 0))
    if (!signed && y === 0) return this.zero
    return this.make(signed ? 'lt_s' : 'lt_u', a, b, 0, 1)
  }

  popcnt(a: Word): Word {
    if (this.mask(a) === 1) return a
    return this.value(a) === undefined ? this.make('popcnt', a, 0, 0, 63) : this.constant(ones(this.mask(a)))
  }

  /** `yes` where `condition` is not 0, else `no`. */
  select(condition: Word, yes: Word, no: Word): Word {
    const value = this.value(condition)
    if (value !== undefined) return value === 0 ? no : yes
    if (yes === no) return yes
    const inverted = this.inverse(condition)
    if (inverted !== undefined) return this.select(inverted, no, yes)
    if (this.mask(condition) === 1) {
      if (yes === this.one && no === this.zero) return condition
      if (no === this.zero && this.mask(yes) === 1) return this.and(condition, yes)
      if (yes === this.one && this.mask(no) === 1) return this.or(condition, no)
      if (yes === this.zero && no === this.one) return this.xor(condition, this.one)
    }
    return this.make('select', yes, no, condition, this.mask(yes) | this.mask(no))
  }

  mask(word: Word): number {
    return this.node(word).mask
  }

  /** Of a constant. */
  value(word: Word): number | undefined {
    const node = this.node(word)
    return node.operation === 'constant' ? node.a : undefined
  }

  /** A word that is 0 where `condition` is not, where that costs nothing. */
  private inverse(condition: Word): Word | undefined {
    const { operation, a, b, mask } = this.node(condition)
    if (operation === 'eq' && b === this.zero) return a
    return operation === 'xor' && b === this.one && mask === 1 ? a : undefined
  }

  private constantLast(a: Word, b: Word): readonly [Word, Word] {
    const swap = this.value(a) !== undefined || (this.value(b) === undefined && a > b)
    return swap ? [b, a] : [a, b]
  }

  private make(operation: Operation, a: number, b: number, c: number, mask: number): Word {
    const key = `${operation} ${a} ${b} ${c}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const word = this.nodes.length
    this.nodes.push({ operation, a, b, c, mask })
    this.known.set(key, word)
    return word
  }
}

/** The bits that numbers from 0 to `most` have. */
function upTo(most: number): number {
  return most >= 2 ** 31 ? ALL : ((1 << (32 - Math.clz32(most))) - 1) | 0
}

function ones(value: number): number {
  let count = 0
  for (let rest = value; rest !== 0; rest &= rest - 1) count++
  return count
}
