/** Netlists made by hand: one cell between the ports of a module. */

import { type CycleModel, compileNetlist } from '../../backends/trellis/netlist/cycle-model.ts'
import type { Bit, Cell, Module } from '../../backends/trellis/netlist/netlist.ts'
import { unwrap } from '../../ir/diagnostic.ts'

/** A cell by the widths of its inputs and outputs; `constants` are inputs that are no ports of the module. */
export interface CellShape {
  readonly type: string
  readonly parameters?: Readonly<Record<string, number | string>>
  readonly inputs: Readonly<Record<string, number>>
  readonly outputs: Readonly<Record<string, number>>
  readonly constants?: Readonly<Record<string, readonly Bit[]>>
}

/** A module of one cell, whose ports are the module's. */
export function cellModule({ type, parameters = {}, inputs, outputs, constants = {} }: CellShape): Module {
  let nets = 2
  const bits = (count: number): Bit[] => Array.from({ length: count }, () => nets++)
  const named = (widths: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(widths).map(([name, count]) => [name, bits(count)]))
  const [read, driven] = [named(inputs), named(outputs)]
  const directions = {
    ...Object.fromEntries(Object.keys({ ...read, ...constants }).map((name) => [name, 'input' as const])),
    ...Object.fromEntries(Object.keys(driven).map((name) => [name, 'output' as const])),
  }
  const connections = { ...read, ...constants, ...driven }
  const cell: Cell = { type, parameters, port_directions: directions, connections }
  const ports = Object.entries({ ...read, ...driven }).map(
    ([name, ofPort]) => [name, { direction: directions[name] ?? 'input', bits: ofPort }] as const,
  )
  return { ports: Object.fromEntries(ports), cells: { cell }, netnames: {} }
}

export function cellModel(shape: CellShape): CycleModel {
  return unwrap(compileNetlist({ modules: { top: cellModule(shape) } }, 'top'))
}
