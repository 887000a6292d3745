/** Flip-flops with enable and synchronous reset, and the clock that all of a module share. */
import { fail } from '../../../ir/diagnostic.ts'
import { type Bit, type Cell, connection, type Module, parameter, parameterBits } from './netlist.ts'
import type { Signals } from './signals.ts'
import type { Word } from './word-graph.ts'

export function isRegister(cell: Cell): boolean {
  return ['$dff', '$dffe', '$sdff', '$sdffe', '$sdffce'].includes(cell.type)
}

/** The words of Q from the clock edge on. */
export function nextValue(cell: Cell, signals: Signals): readonly Word[] {
  const { graph } = signals
  const [data, held] = [signals.read(connection(cell, 'D')), signals.read(connection(cell, 'Q'))]
  const width = connection(cell, 'Q').length
  const cleared = signals.read(parameterBits(cell, 'SRST_VALUE', width))
  const enable = control(cell, signals, 'EN', graph.one)
  const reset = control(cell, signals, 'SRST', graph.zero)
  return data.map((word, k) => {
    const [old, zero] = [held[k] ?? graph.zero, cleared[k] ?? graph.zero]
    // In `$sdffce` the enable holds for the reset too.
    if (cell.type === '$sdffce') return graph.select(enable, graph.select(reset, zero, word), old)
    return graph.select(reset, zero, graph.select(enable, word, old))
  })
}

/** 1 where a control is active; `absent` where the cell has none. */
function control(cell: Cell, signals: Signals, port: 'EN' | 'SRST', absent: Word): Word {
  const [bit] = connection(cell, port)
  if (bit === undefined) return absent
  const level = signals.bit(bit)
  const { graph } = signals
  return parameter(cell, `${port}_POLARITY`) === 1 ? level : graph.xor(level, graph.one)
}

/** The value of each net at the start, where the source gives one. */
export function initialBits(module: Module): ReadonlyMap<Bit, Bit> {
  const values = new Map<Bit, Bit>()
  for (const { bits, attributes } of Object.values(module.netnames)) {
    const init = attributes?.init
    if (init === undefined) continue
    for (const [i, bit] of bits.entries()) {
      const digit = typeof init === 'number' ? String((init >>> i) & 1) : (init.at(-1 - i) ?? '0')
      values.set(bit, digit === '1' ? '1' : '0')
    }
  }
  return values
}

/** `fail`s unless everything changes at the rising edge of one input port. */
export function checkClock(module: Module): void {
  const clocks = new Set<Bit>()
  for (const [name, cell] of Object.entries(module.cells)) {
    const edges = clockEdges(cell)
    if (!edges.every((edge) => edge.rising)) clockError(`cell '${name}' changes at the falling edge`)
    for (const { net } of edges) clocks.add(net)
  }
  if (clocks.size > 1) clockError(`it has ${clocks.size} clocks`)
  const inputs = Object.values(module.ports).filter(({ direction }) => direction === 'input')
  for (const clock of clocks)
    if (!inputs.some(({ bits }) => bits.length === 1 && bits[0] === clock))
      clockError('the clock of its registers is no input port')
}

function clockEdges(cell: Cell): readonly { readonly net: Bit; readonly rising: boolean }[] {
  if (isRegister(cell))
    return connection(cell, 'CLK').map((net) => ({ net, rising: parameter(cell, 'CLK_POLARITY') === 1 }))
  if (cell.type !== '$mem_v2') return []
  return ['RD', 'WR'].flatMap((kind) => {
    const nets = connection(cell, `${kind}_CLK`)
    const enabled = parameterBits(cell, `${kind}_CLK_ENABLE`, nets.length)
    const rising = parameterBits(cell, `${kind}_CLK_POLARITY`, nets.length)
    return nets
      .map((net, i) => ({ net, rising: rising[i] === '1', clocked: enabled[i] === '1' }))
      .filter(({ clocked }) => clocked || kind === 'WR')
  })
}

function clockError(what: string): never {
  return fail({
    code: 'netlist/clock',
    message: `the module cannot be run in cycles: ${what}`,
    hint: 'use the rising edge of one clock port everywhere, and enables instead of gated clocks',
  })
}
