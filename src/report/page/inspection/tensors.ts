/** Tensors: what their integers stand for, and how the values of constants are spread. */

import type { Inspection } from '../../../inspect.ts'
import type { InspectedTensor, InspectedValues, ValueInterval } from '../../../inspect-tensors.ts'
import { type Child, h, s } from '../kit/dom.ts'
import { counted, percent, shortened } from '../kit/format.ts'
import { type Column, table } from '../kit/table.ts'
import { layerLink } from './layers.ts'

const NAME_LETTERS = 30
/** Pixels of a histogram. */
const WIDTH = 128
const HEIGHT = 24
/** Below this, numbers are written with an exponent. */
const LEAST_DECIMAL = 1e-3
const LONGEST_NUMBER = 8
/** Constants of a layer that its row links to; steps of a recurrent layer have dozens. */
const MOST_LINKS = 6

interface Row extends InspectedTensor {
  readonly index: number
}

function rowsOf({ tensors }: Inspection, isConstant: boolean): Row[] {
  return tensors
    .map((tensor, index) => ({ ...tensor, index }))
    .filter(({ role }) => (role === 'constant') === isConstant)
}

function rowId(index: number): string {
  return `tensor-${index}`
}

/** Links to the rows of those of the named tensors that are constants. */
export function tensorLinks({ tensors }: Inspection): (names: readonly string[]) => HTMLElement {
  const indices = new Map(
    tensors.map(({ name, role }, index) => [name, role === 'constant' ? index : undefined]),
  )
  return (names) => {
    const found = names.flatMap((name) => indices.get(name) ?? [])
    const links = found
      .slice(0, MOST_LINKS)
      .flatMap((index, i): Child[] => [
        i === 0 ? '' : ', ',
        h('a', { href: `#${rowId(index)}`, title: tensors[index]?.name }, String(index)),
      ])
    return h('span', {}, ...links, found.length > MOST_LINKS ? ` and ${found.length - MOST_LINKS} more` : '')
  }
}

export function resultTable(data: Inspection): HTMLElement {
  return table(
    rowsOf(data, false),
    [...COMMON, layerColumn(data, 'written by', ({ outputs }) => outputs), BYTES, ...QUANTIZATION],
    { caption: 'Activations', id: ({ index }) => rowId(index) },
  )
}

export function constantTable(data: Inspection): HTMLElement {
  const columns: Column<Row>[] = [
    ...COMMON,
    layerColumn(data, 'read by', ({ inputs }) => inputs),
    BYTES,
    {
      title: 'stored values',
      help: 'Counts of elements, as they are stored',
      cell: ({ values }) => values && histogram(values),
    },
    {
      title: 'smallest',
      help: 'Of the reals that its elements stand for',
      key: ({ values }) => values?.real[0] ?? 0,
      cell: ({ values }) => (values ? real(values.real[0]) : ''),
    },
    {
      title: 'largest',
      key: ({ values }) => values?.real[1] ?? 0,
      cell: ({ values }) => (values ? real(values.real[1]) : ''),
    },
    {
      title: 'zeros',
      help: 'Share of the elements that stand for 0',
      key: ({ values, elements }) => (values ? values.zeros / elements : 0),
      cell: ({ values, elements }) => (values ? percent(values.zeros / elements) : ''),
    },
    ...QUANTIZATION,
  ]
  const bytes = rowsOf(data, true).reduce((sum, tensor) => sum + tensor.bytes, 0)
  const foot = columns.map(({ title }) =>
    title === 'bytes' ? counted(bytes) : title === 'name' ? 'in all' : '',
  )
  return table(rowsOf(data, true), columns, { caption: 'Constants', id: ({ index }) => rowId(index), foot })
}

const COMMON: readonly Column<Row>[] = [
  { title: '#', key: ({ index }) => index, cell: ({ index }) => String(index) },
  {
    title: 'name',
    key: ({ name }) => name,
    cell: ({ name }) => h('span', { title: name }, shortened(name, NAME_LETTERS)),
  },
  { title: 'type', key: ({ dtype }) => dtype, cell: ({ dtype }) => dtype },
  { title: 'shape', cell: ({ shape }) => shape.join('×') },
]

const BYTES: Column<Row> = { title: 'bytes', key: ({ bytes }) => bytes, cell: ({ bytes }) => counted(bytes) }

const QUANTIZATION: readonly Column<Row>[] = [
  {
    title: 'scale',
    help: 'Of one channel or, from the smallest to the largest, of all',
    key: ({ quantization }) => quantization?.scale[1] ?? 0,
    cell: ({ quantization }) => quantization && between(quantization.scale),
  },
  {
    title: 'channels',
    help: 'How many have a scale of their own',
    key: ({ quantization }) => quantization?.channels ?? 0,
    cell: ({ quantization }) => quantization && counted(quantization.channels),
  },
  {
    title: 'zero point',
    key: ({ quantization }) => quantization?.zero_point[0] ?? 0,
    cell: ({ quantization }) => quantization && between(quantization.zero_point),
  },
  {
    title: 'can stand for',
    help: 'Smallest and largest real that the type can stand for',
    key: ({ quantization }) => (quantization ? quantization.range[1] - quantization.range[0] : 0),
    cell: ({ quantization }) =>
      quantization && `${real(quantization.range[0])} to ${real(quantization.range[1])}`,
  },
]

/** The first layer that has the tensor among the given ones. */
function layerColumn(
  { layers }: Inspection,
  title: string,
  tensorsOf: (layer: Inspection['layers'][number]) => readonly string[],
): Column<Row> {
  const first = new Map<string, number>()
  for (const [i, layer] of layers.entries())
    for (const name of tensorsOf(layer)) if (!first.has(name)) first.set(name, i)
  return {
    title,
    // As text, so that it stands at the left; of one length, so that it is ordered by number.
    key: ({ name }) => String(first.get(name) ?? '').padStart(LONGEST_NUMBER),
    cell: ({ name }) => {
      const layer = first.get(name)
      return layer === undefined ? '' : layerLink(layers, layer)
    },
  }
}

function between([low, high]: ValueInterval): string {
  return low === high ? real(low) : `${real(low)} to ${real(high)}`
}

/** Three or four significant digits; an exponent where there would be many zeros. */
function real(value: number): string {
  if (value !== 0 && Math.abs(value) < LEAST_DECIMAL) return value.toExponential(2)
  return Number.isInteger(value) && Math.abs(value) < 1e6
    ? counted(value)
    : String(Number(value.toPrecision(4)))
}

function histogram({ stored, histogram: { from, to, counts }, not_finite: rest }: InspectedValues): Child {
  const most = Math.max(1, ...counts)
  const width = WIDTH / counts.length
  const bars = counts.map((count, k) => {
    // What is there at all is seen.
    const height = count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT)
    return s('rect', { x: k * width, y: HEIGHT - height, width: Math.max(1, width - 0.5), height })
  })
  const tail = rest === undefined ? '' : `, ${counted(rest)} not finite`
  const words = `elements from ${real(stored[0])} to ${real(stored[1])}, in bins from ${real(from)} to ${real(to)}${tail}`
  return s(
    'svg',
    { class: 'histogram', width: WIDTH, height: HEIGHT, role: 'img', 'aria-label': words },
    s('title', {}, words),
    ...bars,
  )
}
