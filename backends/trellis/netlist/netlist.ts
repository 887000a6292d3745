/**
 * A word-level netlist as Yosys' `write_json` gives it, of one flat module. A bit is the number of its net, or a constant
 * in a string; a vector of bits has the least significant first.
 */
import { fail } from '../../../ir/diagnostic.ts'

export type Bit = number | '0' | '1' | 'x' | 'z'

export interface Cell {
  /** `$add`, `$mux`, ... */
  readonly type: string
  /** A number, or the binary digits of one, the most significant first. */
  readonly parameters: Readonly<Record<string, string | number>>
  readonly port_directions: Readonly<Record<string, 'input' | 'output' | 'inout'>>
  readonly connections: Readonly<Record<string, readonly Bit[]>>
}

export interface Module {
  readonly ports: Readonly<
    Record<string, { readonly direction: 'input' | 'output' | 'inout'; readonly bits: readonly Bit[] }>
  >
  readonly cells: Readonly<Record<string, Cell>>
  readonly netnames: Readonly<
    Record<
      string,
      {
        readonly bits: readonly Bit[]
        readonly attributes?: Readonly<Record<string, string | number>>
        readonly hide_name?: number
      }
    >
  >
}

/** What `write_json` writes. */
export interface Netlist {
  readonly modules: Readonly<Record<string, Module>>
}

/** The module `top`; `fail`s where there is none. */
export function topModule(netlist: Netlist, top: string): Module {
  const module = netlist.modules[top]
  if (module !== undefined) return module
  return fail({
    code: 'netlist/no-module',
    message: `the netlist has no module '${top}'`,
    hint: `it has: ${Object.keys(netlist.modules).join(', ')}`,
  })
}

/** The value of a parameter, 0 where the cell has none. */
export function parameter(cell: Cell, name: string): number {
  const value = cell.parameters[name] ?? 0
  return typeof value === 'number' ? value : Number.parseInt(value, 2)
}

/** The first `count` digits of a parameter, the least significant first. */
export function parameterBits(cell: Cell, name: string, count: number): readonly Bit[] {
  const value = cell.parameters[name] ?? 0
  const digits = typeof value === 'number' ? (value >>> 0).toString(2) : value
  return Array.from({ length: count }, (_, i) => (digits.at(-1 - i) ?? '0') as Bit)
}

/** The bits of a port of a cell; none where it is not connected. */
export function connection(cell: Cell, port: string): readonly Bit[] {
  return cell.connections[port] ?? []
}

/** The words of 32 bits that `bits` take. */
export function wordCount(bits: number): number {
  return Math.ceil(bits / 32)
}
