/** Every figure of every layer, and of the layers of each precision together. */

import type { InspectedLayer, Inspection } from '../../../inspect.ts'
import { h } from '../kit/dom.ts'
import { counted, percent, shortened } from '../kit/format.ts'
import { nodeId, rowId } from '../kit/places.ts'
import { type Column, table } from '../kit/table.ts'
import { precisionsOf } from './layers.ts'
import { tensorLinks } from './tensors.ts'

const NAME_LETTERS = 40

interface Row extends InspectedLayer {
  readonly index: number
}

export function layerTable(data: Inspection): HTMLElement {
  const { layers, macs, parameters } = data
  const rows = layers.map((layer, index): Row => ({ ...layer, index }))
  const links = tensorLinks(data)
  const columns: Column<Row>[] = [
    { title: '#', key: ({ index }) => index, cell: ({ index }) => String(index) },
    {
      title: 'layer',
      key: ({ name }) => name,
      cell: ({ name, index }) =>
        h('a', { href: `#${nodeId(index)}`, title: name }, shortened(name, NAME_LETTERS)),
    },
    { title: 'op', key: ({ op }) => op, cell: ({ op }) => op },
    { title: 'output', cell: ({ output_shape }) => output_shape.join('×') },
    { title: 'type', key: ({ dtype }) => dtype, cell: ({ dtype }) => dtype },
    {
      title: 'precision',
      help: 'Element type of what it reads, and that of its weights where it differs',
      key: ({ precision }) => precision,
      cell: ({ precision }) => precision,
    },
    {
      title: 'density',
      help: 'Share of the weights that are not 0, where some are',
      key: ({ density }) => density,
      cell: ({ density }) => (density === 1 ? '' : percent(density)),
    },
    {
      title: 'blocks kept',
      help: 'Share of the blocks of 16 output × 16 input channels of weights that are not all 0',
      key: ({ block_density }) => block_density ?? 1,
      cell: ({ block_density }) => (block_density === undefined ? '' : percent(block_density)),
    },
    {
      title: 'parameters',
      help: 'Elements of its constants that no layer before it has',
      key: (row) => row.parameters,
      cell: (row) => (row.parameters > 0 ? counted(row.parameters) : ''),
    },
    { title: 'MACs', key: (row) => row.macs, cell: (row) => (row.macs > 0 ? counted(row.macs) : '') },
    {
      title: 'of MACs',
      key: (row) => row.macs,
      cell: (row) => (row.macs > 0 ? percent(row.macs / macs) : ''),
    },
    {
      title: 'constants',
      help: 'Numbers of the constants that it reads',
      cell: ({ inputs }) => links(inputs),
    },
  ]
  const total: Readonly<Record<string, string>> = {
    layer: 'in all',
    parameters: counted(parameters),
    MACs: counted(macs),
  }
  return table(rows, columns, {
    caption: 'Layers',
    id: ({ index }) => rowId(index),
    foot: columns.map(({ title }) => total[title] ?? ''),
  })
}

export function precisionTable(data: Inspection): HTMLElement {
  const rows = precisionsOf(data).map((precision) => {
    const layers = data.layers.filter((layer) => layer.precision === precision)
    const sum = (of: (layer: InspectedLayer) => number) => layers.reduce((all, layer) => all + of(layer), 0)
    return {
      precision,
      count: layers.length,
      parameters: sum(({ parameters }) => parameters),
      macs: sum(({ macs }) => macs),
    }
  })
  const share = (value: number, whole: number): string => (whole > 0 ? percent(value / whole) : '')
  return table(
    rows,
    [
      { title: 'precision', key: ({ precision }) => precision, cell: ({ precision }) => precision },
      { title: 'layers', key: ({ count }) => count, cell: ({ count }) => counted(count) },
      { title: 'parameters', key: (row) => row.parameters, cell: (row) => counted(row.parameters) },
      {
        title: 'of parameters',
        key: (row) => row.parameters,
        cell: (row) => share(row.parameters, data.parameters),
      },
      { title: 'MACs', key: (row) => row.macs, cell: (row) => counted(row.macs) },
      { title: 'of MACs', key: (row) => row.macs, cell: (row) => share(row.macs, data.macs) },
    ],
    { caption: 'Precisions' },
  )
}
