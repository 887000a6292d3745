/**
 * A flat netlist as a graph of words: what each output port, register and memory becomes from the state.
 */
import { fail } from '../../../ir/diagnostic.ts'
import { lowerCell } from './cells.ts'
import { evaluationOrder, type Step } from './evaluation-order.ts'
import { Memory, type MemoryWrite } from './memories.ts'
import { type Cell, connection, type Module, wordCount } from './netlist.ts'
import { checkClock, initialBits, isRegister, nextValue } from './registers.ts'
import { Signals } from './signals.ts'
import { type MemoryPlace, type Place, StateLayout, type Update, updates } from './state.ts'
import { WordGraph } from './word-graph.ts'

export interface LoweredModule {
  readonly graph: WordGraph
  readonly inputs: ReadonlyMap<string, Place>
  readonly outputs: ReadonlyMap<string, Place>
  readonly memories: ReadonlyMap<string, MemoryPlace>
  /** Where registers stand, and their next values in the same order. */
  readonly registers: { readonly start: number; readonly next: number; readonly bytes: number }
  /** Of output ports, and of registers' next values. */
  readonly updates: readonly Update[]
  readonly writes: readonly MemoryWrite[]
  readonly state: StateLayout
}

/** `fail`s on cells that have no rule, on clocks that are not one, and on combinational loops. */
export function lowerModule(module: Module): LoweredModule {
  checkClock(module)
  const graph = new WordGraph()
  const signals = new Signals(graph)
  // Yosys leaves these to tell where a cell comes from.
  const cells = Object.entries(module.cells).filter(([, { type }]) => type !== '$scopeinfo')

  const state = new StateLayout()
  const memories = cells
    .filter(([, { type }]) => type === '$mem_v2')
    .map(([, cell]) => new Memory(cell, signals, state))
  const start = state.bytes
  const initial = initialBits(module)
  const registers = cells
    .filter(([, cell]) => isRegister(cell))
    .map(([, cell]) => {
      const held = connection(cell, 'Q')
      const place = state.hold(signals, held)
      state.initialize(
        place.address,
        held.map((bit) => initial.get(bit) ?? '0'),
      )
      return { cell, place }
    })
  for (const memory of memories) memory.holdRegisters(state)
  const bytes = state.bytes - start
  const next = state.reserve(bytes / 4)

  const inputs = new Map<string, Place>()
  for (const [name, { direction, bits }] of Object.entries(module.ports))
    if (direction === 'input') inputs.set(name, state.hold(signals, bits))

  const steps: readonly Step[] = [
    ...cells
      .filter(([, cell]) => !isRegister(cell) && cell.type !== '$mem_v2')
      .map(([name, cell]) => stepOf(name, cell, signals)),
    ...memories.flatMap((memory) => memory.steps()),
  ]
  for (const step of evaluationOrder(steps, module)) step.lower()

  const outputs = new Map<string, Place>()
  const outputUpdates = Object.entries(module.ports).flatMap(([name, { direction, bits }]) => {
    if (direction !== 'output') return []
    const place = { address: state.reserve(wordCount(bits.length)), bits: bits.length }
    outputs.set(name, place)
    return updates(place.address, signals.read(bits))
  })
  const registerUpdates = [
    ...registers.flatMap(({ cell, place }) => updates(place.address, nextValue(cell, signals))),
    ...memories.flatMap((memory) => memory.registerUpdates()),
  ].map(({ address, word }) => ({ address: address + next - start, word }))
  return {
    graph,
    inputs,
    outputs,
    memories: new Map(memories.map(({ name, place }) => [name, place])),
    registers: { start, next, bytes },
    updates: [...outputUpdates, ...registerUpdates],
    writes: memories.flatMap((memory) => memory.writes()),
    state,
  }
}

function stepOf(name: string, cell: Cell, signals: Signals): Step {
  const drives = connection(cell, 'Y')
  const reads = Object.keys(cell.connections)
    .filter((port) => cell.port_directions[port] === 'input')
    .flatMap((port) => connection(cell, port))
  const lower = () => {
    const words = lowerCell(cell, signals)
    if (words !== undefined) return signals.drive(drives, words)
    fail({
      code: 'netlist/unsupported-cell',
      message: `cell '${name}' is a ${cell.type}, which a cycle model cannot evaluate`,
      hint: 'describe it by operators, registers with a synchronous reset, and memories',
    })
  }
  return { reads, drives, lower }
}
