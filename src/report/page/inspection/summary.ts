/** The network in a few figures, and in sentences what is remarkable about it. */

import type { InspectedLayer, InspectedPort, Inspection } from '../../../inspect.ts'
import { h } from '../kit/dom.ts'
import { type Figure, figureList } from '../kit/figures.ts'
import { counted, digits, kibibytes, listed, percent, shortened } from '../kit/format.ts'
import { table } from '../kit/table.ts'
import { layerLink, precisionsOf } from './layers.ts'

/** Layers that a sentence names; what they have together must be worth a sentence. */
const NAMED = 3
/** Values that use less of their type's integers than this could do with a bit fewer. */
const HALF = 0.5

export function headline(data: Inspection): HTMLElement {
  const { layers, ops, parameters, macs, weight_bytes: bytes, tensors } = data
  const results = tensors.filter(({ role }) => role !== 'constant')
  const largest = results.reduce((most, tensor) => (tensor.bytes > most.bytes ? tensor : most), {
    ...{ name: '', dtype: '', shape: [] as readonly number[], bytes: 0 },
  })
  const kinds = Object.entries(ops).sort(([, a], [, b]) => b - a)
  const figures: Figure[] = [
    {
      name: 'Multiply-accumulates',
      value: counted(macs),
      unit: '',
      beside: parameters > 0 ? [`${digits(macs / parameters)} for each parameter`] : [],
    },
    { name: 'Parameters', value: counted(parameters), unit: '', beside: ['shapes and paddings included'] },
    {
      name: 'Bytes of constants',
      value: counted(bytes),
      unit: '',
      beside: [kibibytes(bytes), `in ${counted(tensors.length - results.length)} tensors`],
    },
    {
      name: 'Layers',
      value: counted(layers.length),
      unit: '',
      beside: [listed(kinds.map(([op, count]) => `${count} ${op}`))],
    },
    {
      name: 'Largest activation',
      value: counted(largest.bytes),
      unit: 'bytes',
      beside: [`${largest.dtype} ${largest.shape.join('×')}`, shortened(largest.name, 26)],
    },
  ]
  return figureList(figures)
}

export function findings(data: Inspection): HTMLElement {
  const sentences = [
    most(data, 'MACs', data.macs, ({ macs }) => macs),
    most(data, 'parameters', data.parameters, ({ parameters }) => parameters),
    precisions(data),
    blocks(data),
    unused(data),
  ]
  return h('ul', { class: 'findings' }, ...sentences.filter((sentence) => sentence !== undefined))
}

function most(
  { layers }: Inspection,
  what: string,
  whole: number,
  of: (layer: InspectedLayer) => number,
): HTMLElement | undefined {
  const order = [...layers.keys()].sort((a, b) => value(b) - value(a)).slice(0, NAMED)
  function value(index: number): number {
    const layer = layers[index]
    return layer ? of(layer) : 0
  }
  const named = order.filter((index) => value(index) > 0)
  if (whole === 0 || named.length === 0) return undefined
  const words = named.flatMap((index, i) => [
    i === 0 ? '' : i === named.length - 1 ? ' and ' : ', ',
    layerLink(layers, index),
    ` (${percent(value(index) / whole)})`,
  ])
  return h('li', {}, `Most ${what}: `, ...words, '.')
}

function precisions(data: Inspection): HTMLElement | undefined {
  const working = precisionsOf(data).flatMap((precision) => {
    const macs = data.layers.reduce((sum, layer) => sum + (layer.precision === precision ? layer.macs : 0), 0)
    return macs > 0 ? [{ precision, macs }] : []
  })
  if (working.length === 0) return undefined
  working.sort((a, b) => b.macs - a.macs)
  return h(
    'li',
    {},
    `MACs are on ${listed(working.map(({ precision, macs }) => `${precision} (${percent(macs / data.macs)})`))}.`,
  )
}

function blocks({ layers }: Inspection): HTMLElement | undefined {
  const sparse = layers.filter(({ block_density: kept = 1 }) => kept < 1)
  if (sparse.length === 0) return undefined
  const least = sparse.reduce((a, b) => ((b.block_density ?? 1) < (a.block_density ?? 1) ? b : a))
  return h(
    'li',
    {},
    `${counted(sparse.length)} layers have blocks of weights that are all 0; of `,
    layerLink(layers, layers.indexOf(least)),
    ` ${percent(least.block_density ?? 1)} of the blocks are left.`,
  )
}

function unused({ tensors }: Inspection): HTMLElement | undefined {
  const narrow = tensors.flatMap(({ values, quantization }) => {
    if (!values || quantization?.channels !== 1 || values.histogram.counts.length < 2) return []
    const { from, to } = values.histogram
    return [(values.stored[1] - values.stored[0] + 1) / (to - from)]
  })
  const wasteful = narrow.filter((share) => share < HALF).length
  if (narrow.length === 0 || wasteful === 0) return undefined
  return h(
    'li',
    {},
    `Of ${counted(narrow.length)} constants with one scale, ${counted(wasteful)} use less than half of the integers between the ends of their histogram.`,
  )
}

export function portTable({ inputs, outputs }: Inspection): HTMLElement {
  const rows = [
    ...inputs.map((port) => ({ ...port, direction: 'input' })),
    ...outputs.map((port) => ({ ...port, direction: 'output' })),
  ]
  const optional = (value: number | undefined, show: (value: number) => string) =>
    value === undefined ? '' : show(value)
  type Row = InspectedPort & { readonly direction: string }
  return table<Row>(
    rows,
    [
      { title: 'name', cell: ({ name }) => name },
      { title: 'direction', cell: ({ direction }) => direction },
      { title: 'type', cell: ({ dtype }) => dtype },
      { title: 'shape', cell: ({ shape }) => shape.join('×') },
      { title: 'scale', cell: ({ scale }) => optional(scale, (value) => value.toPrecision(6)) },
      { title: 'zero point', cell: ({ zero_point }) => optional(zero_point, String) },
    ],
    { caption: 'Inputs and outputs' },
  )
}
