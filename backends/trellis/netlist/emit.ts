/**
 * A lowered module as WebAssembly: `evaluate` computes the output ports and all that the clock edge will change,
 * `clock` makes the change. The graph is cut into functions of a size that engines optimize well; values that cross
 * from one to another go through memory.
 */
import binaryen from 'binaryen'
import { must } from '../../../ir/diagnostic.ts'
import type { LoweredModule } from './lower-module.ts'
import type { MemoryWrite } from './memories.ts'
import type { Word, WordGraph } from './word-graph.ts'

type Expression = number

/** Operations of a function: with more, engines move values between registers and stack; with fewer, we do through memory. */
const FUNCTION_NODES = 200
/** Nested operations of an expression: parsers of WebAssembly recurse. */
const MAX_DEPTH = 100
const PAGE_BYTES = 65536

export function emitModule(lowered: LoweredModule): Uint8Array {
  const module = new binaryen.Module()
  module.setFeatures(binaryen.Features.BulkMemory | binaryen.Features.BulkMemoryOpt)
  const plan = planFunctions(lowered)
  const pages = Math.ceil(lowered.state.bytes / PAGE_BYTES) + 1
  module.setMemory(pages, pages, 'memory', [], false, false, '0')
  const names = plan.functions.map((nodes, index) => {
    const name = `evaluate${index}`
    new FunctionEmitter(module, lowered, plan, index).emit(name, nodes)
    return name
  })
  const calls = names.map((name) => module.call(name, [], binaryen.none))
  addExport(module, 'evaluate', module.block(null, calls))
  emitClock(module, lowered, plan)
  if (!module.validate()) throw new Error('internal error: binaryen finds the module invalid')
  const binary = module.emitBinary()
  module.dispose()
  return binary
}

interface Plan {
  /** The nodes of each function, in the order of evaluation. */
  readonly functions: readonly (readonly Word[])[]
  /** The function that computes a node. */
  readonly home: ReadonlyMap<Word, number>
  /** The address of a node that others than its function read. */
  readonly slots: ReadonlyMap<Word, number>
  /** Addresses that take a node's value. */
  readonly stores: ReadonlyMap<Word, readonly number[]>
}

function planFunctions({ graph, updates, writes, state }: LoweredModule): Plan {
  const written = writes.flatMap(({ condition, offset, words }) => [
    condition,
    offset,
    ...words.flatMap(({ data, mask }) => [data, mask]),
  ])
  const order = evaluated(graph, [...updates.map(({ word }) => word), ...written])
  const home = new Map(order.map((word, i) => [word, Math.floor(i / FUNCTION_NODES)]))
  const functions = Array.from({ length: Math.max(1, Math.ceil(order.length / FUNCTION_NODES)) }, (_, i) =>
    order.slice(i * FUNCTION_NODES, (i + 1) * FUNCTION_NODES),
  )
  const slots = new Map<Word, number>()
  const share = (word: Word) => {
    if (home.has(word) && !slots.has(word)) slots.set(word, state.reserve(1))
  }
  for (const word of order)
    for (const operand of graph.operands(word)) if (home.get(operand) !== home.get(word)) share(operand)
  for (const word of written) share(word)

  const stores = new Map<Word, number[]>()
  for (const { word, address } of updates) stores.set(word, [...(stores.get(word) ?? []), address])
  return { functions, home, slots, stores }
}

/** What has to be computed for `roots`, operands first. Neighbours in the order depend on each other. */
function evaluated(graph: WordGraph, roots: readonly Word[]): readonly Word[] {
  const order: Word[] = []
  const seen = new Set<Word>()
  for (const root of roots) {
    const path: { readonly word: Word; readonly operands: Iterator<Word> }[] = []
    const enter = (word: Word) => {
      if (seen.has(word) || isAtHand(graph, word)) return
      seen.add(word)
      path.push({ word, operands: graph.operands(word).values() })
    }
    enter(root)
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = last.operands.next()
      if (next.done !== true) enter(next.value)
      else {
        order.push(last.word)
        path.pop()
      }
    }
  }
  return order
}

/** Constants and words of the state need no evaluation. */
function isAtHand(graph: WordGraph, word: Word): boolean {
  const { operation } = graph.node(word)
  return operation === 'constant' || operation === 'load'
}

class FunctionEmitter {
  private readonly module: binaryen.Module
  private readonly lowered: LoweredModule
  private readonly plan: Plan
  private readonly index: number
  private readonly uses = new Map<Word, number>()
  private readonly locals = new Map<Word, number>()
  /** Expressions of nodes that one place uses, with their depth. */
  private readonly pending = new Map<Word, { readonly expression: Expression; readonly depth: number }>()
  private readonly statements: Expression[] = []

  constructor(module: binaryen.Module, lowered: LoweredModule, plan: Plan, index: number) {
    this.module = module
    this.lowered = lowered
    this.plan = plan
    this.index = index
  }

  emit(name: string, nodes: readonly Word[]): void {
    const { graph } = this.lowered
    for (const word of nodes)
      for (const operand of graph.operands(word)) this.uses.set(operand, (this.uses.get(operand) ?? 0) + 1)
    for (const word of nodes) this.define(word)
    // Ports and registers that take a constant, or a word of the state as it is.
    if (this.index === 0)
      for (const { word, address } of this.lowered.updates)
        if (isAtHand(graph, word)) this.store(address, this.read(word).expression)
    const types = Array.from({ length: this.locals.size }, () => binaryen.i32)
    this.module.addFunction(
      name,
      binaryen.none,
      binaryen.none,
      types,
      this.module.block(null, this.statements),
    )
  }

  /** Computes a node: for its only use, or into a local, and into the memory that wants it. */
  private define(word: Word): void {
    const computed = this.compute(word)
    const slot = this.plan.slots.get(word)
    const addresses = [...(this.plan.stores.get(word) ?? []), ...(slot === undefined ? [] : [slot])]
    const uses = (this.uses.get(word) ?? 0) + addresses.length
    const [only] = addresses
    if (uses === 1 && only !== undefined) this.store(only, computed.expression)
    else if (uses === 1 && computed.depth < MAX_DEPTH) this.pending.set(word, computed)
    else {
      this.setLocal(word, computed.expression)
      for (const address of addresses) this.store(address, this.read(word).expression)
    }
  }

  private compute(word: Word): { readonly expression: Expression; readonly depth: number } {
    const { graph } = this.lowered
    const { operation, a, b } = graph.node(word)
    const { i32, i64 } = this.module
    const parts = graph.operands(word).map((operand) => this.read(operand))
    const depth = 1 + Math.max(0, ...parts.map((part) => part.depth))
    const [x = 0, y = 0, z = 0] = parts.map(({ expression }) => expression)
    const whole = (value: Expression, signed: boolean) => (signed ? i64.extend_s(value) : i64.extend_u(value))
    const high = (signed: boolean) =>
      i32.wrap(i64.shr_u(i64.mul(whole(x, signed), whole(y, signed)), i64.const(32n)))
    const made = (expression: Expression) => ({ expression, depth })
    switch (operation) {
      case 'constant':
        return made(i32.const(a))
      case 'load':
        return made(i32.load(a, 4, i32.const(0)))
      case 'fetch':
        return made(i32.load(a, 4, x))
      case 'mulhi_u':
        return made(high(false))
      case 'mulhi_s':
        return made(high(true))
      case 'popcnt':
        return made(i32.popcnt(x))
      case 'eq':
        return made(b === graph.zero ? i32.eqz(x) : i32.eq(x, y))
      case 'select':
        return made(this.module.select(z, x, y))
      default:
        return made(i32[operation](x, y))
    }
  }

  /** The value of a node where it is used. */
  private read(word: Word): { readonly expression: Expression; readonly depth: number } {
    const { i32, local } = this.module
    const { graph } = this.lowered
    const pending = this.pending.get(word)
    if (pending !== undefined) return pending
    const { operation, a } = graph.node(word)
    if (operation === 'constant') return { expression: i32.const(a), depth: 0 }
    const index = this.locals.get(word)
    if (index !== undefined) return { expression: local.get(index, binaryen.i32), depth: 0 }
    const address = operation === 'load' ? a : must(this.plan.slots.get(word), 'a slot of a shared node')
    const loaded = i32.load(address, 4, i32.const(0))
    if ((this.uses.get(word) ?? 0) <= 1) return { expression: loaded, depth: 0 }
    // In a statement of its own: of two expressions, the one that is made first may be evaluated last.
    this.setLocal(word, loaded)
    return this.read(word)
  }

  private setLocal(word: Word, value: Expression): void {
    const index = this.locals.size
    this.locals.set(word, index)
    this.statements.push(this.module.local.set(index, value))
  }

  private store(address: number, value: Expression): void {
    const { i32 } = this.module
    this.statements.push(i32.store(address, 4, i32.const(0), value))
  }
}

/** The clock edge: memories first, as registers keep the addresses and data that they are written with until then. */
function emitClock(module: binaryen.Module, lowered: LoweredModule, plan: Plan): void {
  const { i32 } = module
  const { registers, writes } = lowered
  const copy = module.memory.copy(
    i32.const(registers.start),
    i32.const(registers.next),
    i32.const(registers.bytes),
  )
  const statements = writes.map((write) => writeRow(module, lowered.graph, plan, write))
  addExport(module, 'clock', module.block(null, [...statements, copy]))
}

function writeRow(module: binaryen.Module, graph: WordGraph, plan: Plan, write: MemoryWrite): Expression {
  const { i32 } = module
  const read = (word: Word) => {
    const { operation, a } = graph.node(word)
    if (operation === 'constant') return i32.const(a)
    const address = operation === 'load' ? a : must(plan.slots.get(word), 'a slot of what is written')
    return i32.load(address, 4, i32.const(0))
  }
  const stores = write.words.map(({ data, mask }, k) => {
    const address = write.base + 4 * k
    const old = i32.load(address, 4, read(write.offset))
    const whole = graph.value(mask) === -1
    // old where the mask is 0, data where it is 1
    const value = whole
      ? read(data)
      : i32.xor(i32.and(i32.xor(old, read(data)), read(mask)), i32.load(address, 4, read(write.offset)))
    return i32.store(address, 4, read(write.offset), value)
  })
  return module.if(read(write.condition), module.block(null, stores))
}

function addExport(module: binaryen.Module, name: string, body: Expression): void {
  module.addFunction(name, binaryen.none, binaryen.none, [], body)
  module.addFunctionExport(name, name)
}
