/** The run in words: what binds which layers, who waited for what, and what was full. All from the data. */

import type { SimulationData, UnitCycles } from '../../simulation-data.ts'
import { type Child, h } from '../kit/dom.ts'
import { counted, kibibytes, listed, percent } from '../kit/format.ts'
import { causeWords } from '../kit/palette.ts'
import { layerAt, layerLink } from './layers.ts'

export function findings(data: SimulationData): HTMLElement {
  const sentences = [hostOnly(data), bound(data), ...waits(data), fullest(data), host(data)]
  return h(
    'ul',
    { class: 'findings' },
    ...sentences.filter((parts) => parts !== undefined).map((parts) => h('li', {}, ...parts)),
  )
}

type Sentence = readonly Child[] | undefined

function hostOnly({ cycles }: SimulationData): Sentence {
  return cycles > 0 ? undefined : ['The machine does nothing: the host computes everything.']
}

/** Layers bound by DRAM, those with the most cycles first. */
function bound({ layers, cycles }: SimulationData): Sentence {
  if (cycles === 0) return undefined
  const indices = [...layers.keys()].filter((i) => layers[i]?.bound_by === 'dram')
  if (indices.length === 0) return [h('strong', {}, 'No layer is bound by DRAM.')]
  const spent = (i: number): number => layers[i]?.cycles ?? 0
  indices.sort((a, b) => spent(b) - spent(a))
  const share = indices.reduce((sum, i) => sum + spent(i), 0) / cycles
  const links = indices.flatMap((i): Child[] => [', ', layerLink(layers, i)]).slice(1)
  return [
    h('strong', {}, `${indices.length} of ${layers.length} layers are bound by DRAM`),
    `, with ${percent(share)} of the cycles; most first: `,
    ...links,
    '.',
  ]
}

/** What the MAC array waited for, and the longest wait of every other unit. */
function waits({ units, cycles }: SimulationData): Sentence[] {
  if (cycles === 0) return []
  const { mac } = units
  const longest = mac && longestStall(mac)
  const others = Object.entries(units).flatMap(([name, unit]) => {
    const stall = name === 'mac' ? undefined : longestStall(unit)
    return stall ? [`${name} ${causeWords(stall[0])} (${percent(stall[1] / cycles)})`] : []
  })
  return [
    mac && [
      h('strong', {}, `The MAC array works in ${percent(mac.busy / cycles)} of the cycles`),
      longest
        ? `; its longest wait, ${percent(longest[1] / cycles)}: it ${causeWords(longest[0])}.`
        : ' and never waits.',
    ],
    others.length === 0 ? undefined : ['Longest wait of each other unit: ', others.join('; '), '.'],
  ]
}

function longestStall({ stall }: UnitCycles): readonly [cause: string, cycles: number] | undefined {
  return Object.entries(stall)
    .filter(([, cycles]) => cycles > 0)
    .sort(([, a], [, b]) => b - a)[0]
}

/** The bank with the largest share in use at once; where several are level, all of them. */
function fullest({ details, layers }: SimulationData): Sentence {
  if (details === undefined) return undefined
  const banks = details.memory.memories.flatMap(({ name, bank_bytes, banks_used }) =>
    banks_used.map(({ bytes_peak, cycle }, bank) => ({
      ...{ name, bank, bytes: bytes_peak, of: bank_bytes, cycle },
      share: bytes_peak / bank_bytes,
      only: banks_used.length === 1,
    })),
  )
  const [first] = [...banks].sort((a, b) => b.share - a.share || a.cycle - b.cycle)
  if (first === undefined || first.share === 0) return undefined
  const level = banks.filter(({ share }) => share === first.share)
  const names = bankNames(level)
  const layer = layerAt(details, first.cycle)
  const where = [
    ` at cycle ${counted(first.cycle)}`,
    ...(layer === undefined ? [] : [', in ', layerLink(layers, layer)]),
    '.',
  ]
  if (first.share === 1) {
    const [whole] = level.length > 1 ? bankNames([first]) : []
    return [h('strong', {}, `Full at some time: ${listed(names)}`), `; first ${whole ?? ''}`, ...where]
  }
  return [
    h('strong', {}, `Fullest: ${listed(names)}`),
    `, with ${kibibytes(first.bytes)} of ${kibibytes(first.of)} in use at once (${percent(first.share)}); first`,
    ...where,
  ]
}

interface FullBank {
  readonly name: string
  readonly bank: number
  readonly only: boolean
}

/** `banks 0 and 1 of activation memory`, by memory. */
function bankNames(level: readonly FullBank[]): string[] {
  return [...new Set(level.map(({ name }) => name))].map((name) => {
    const numbers = level.filter((each) => each.name === name)
    if (numbers[0]?.only) return `${name} memory`
    const which = listed(
      numbers.map(({ bank }) => String(bank)),
      16,
    )
    return `${numbers.length > 1 ? 'banks' : 'bank'} ${which} of ${name} memory`
  })
}

function host({ host_ops: ops }: SimulationData): Sentence {
  if (ops.length === 0) return undefined
  const names = [...new Set(ops.map(({ op }) => op))]
  return [
    `The host computes ${counted(ops.length)} ${ops.length === 1 ? 'operation' : 'operations'} (${listed(names)}); the time that it takes is not counted.`,
  ]
}
