/** Every figure of every layer. */

import type { LayerData, SimulationData } from '../../simulation-data.ts'
import { h } from '../kit/dom.ts'
import { counted, digits, percent, ratio, shortened } from '../kit/format.ts'
import { nodeId, rowId } from '../kit/places.ts'
import { type Column, table } from '../kit/table.ts'

interface Row extends LayerData {
  readonly index: number
}

export function layerTable(data: SimulationData): HTMLElement {
  const { layers, cycles } = data
  const rows = layers.map((layer, index): Row => ({ ...layer, index }))
  const figure = (
    title: string,
    value: (row: Row) => number,
    show = counted,
    help?: string,
  ): Column<Row> => ({
    ...{ title, key: value, cell: (row) => show(value(row)) },
    ...(help === undefined ? {} : { help }),
  })
  const word = (title: string, value: (row: Row) => string, help?: string): Column<Row> => ({
    ...{ title, key: value, cell: value },
    ...(help === undefined ? {} : { help }),
  })
  const columns: Column<Row>[] = [
    { title: '#', key: (row) => row.index, cell: (row) => String(row.index), help: 'Number in the program' },
    {
      title: 'layer',
      key: ({ name }) => name,
      cell: ({ name, index }) => h('a', { href: `#${nodeId(index)}`, title: name }, shortened(name, 34)),
    },
    word('op', ({ op }) => op),
    word('precision', ({ precision }) => precision),
    word('output', ({ output_shape }) => output_shape.join('×')),
    figure('density', ({ density }) => density, percent, 'Share of weights in blocks that are not all 0'),
    figure('MACs', ({ macs }) => macs, counted, 'Of the dense layer'),
    figure('kept MACs', ({ kept_macs }) => kept_macs, counted, 'In blocks that are not all 0'),
    figure('cycles', (row) => row.cycles),
    figure('share', (row) => row.cycles / cycles, percent, 'Of all cycles'),
    figure('at least', (row) => row.lower_bound_cycles, counted, 'Cycles that its MACs take at the peak'),
    {
      title: '×',
      help: 'Cycles / at least',
      key: (row) => (row.lower_bound_cycles > 0 ? row.cycles / row.lower_bound_cycles : 0),
      cell: (row) => ratio(row.cycles, row.lower_bound_cycles),
    },
    figure('MAC use', (row) => row.mac_utilization, percent, 'Kept MACs / (peak × cycles)'),
    figure('DRAM B', (row) => row.dram_bytes, counted, 'Bytes read and written'),
    figure('read', ({ dram }) => dram.read_bytes, counted, 'DRAM bytes read'),
    figure('written', ({ dram }) => dram.write_bytes, counted, 'DRAM bytes written'),
    figure('µJ', ({ energy }) => energy.nominal, digits, 'Nominal energy'),
    figure('low', ({ energy }) => energy.low, digits, 'Lower end of the interval of the energy, µJ'),
    figure('high', ({ energy }) => energy.high, digits, 'Upper end of the interval of the energy, µJ'),
    word('bound by', (row) => row.bound_by),
    word('schedule', (row) => row.schedule),
  ]
  const total: Readonly<Record<string, string>> = {
    layer: 'in all',
    MACs: counted(data.macs),
    'kept MACs': counted(layers.reduce((sum, { kept_macs }) => sum + kept_macs, 0)),
    cycles: counted(cycles),
    'MAC use': percent(data.mac_utilization),
    'DRAM B': counted(data.dram.read_bytes + data.dram.write_bytes),
    read: counted(data.dram.read_bytes),
    written: counted(data.dram.write_bytes),
    µJ: digits(data.energy_uj.nominal),
    low: digits(data.energy_uj.low),
    high: digits(data.energy_uj.high),
  }
  return table(rows, columns, {
    caption: 'Layers',
    id: ({ index }) => rowId(index),
    foot: columns.map(({ title }) => total[title] ?? ''),
  })
}
