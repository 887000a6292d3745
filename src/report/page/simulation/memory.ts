/** Which tensor stands where, and when: one memory at a time, over the cycles that the timeline shows. */

import type {
  MemoryDetails,
  OccupiedMemory,
  Placement,
  SimulationData,
  SimulationDetails,
} from '../../simulation-data.ts'
import { type CycleArea, type CycleSpot, cycleCanvas } from '../charts/cycle-canvas.ts'
import type { CycleWindow } from '../charts/cycle-window.ts'
import { choice, h } from '../kit/dom.ts'
import { counted, kibibytes, percent } from '../kit/format.ts'
import { colourOf } from '../kit/palette.ts'
import { type Column, table } from '../kit/table.ts'
import { colourValue } from '../kit/theme.ts'
import { layerAt, layerLink, layerTitle } from './layers.ts'

const HEIGHT = 240
/** The smallest box that has its tensor's name in it. */
const NAMED_HEIGHT = 15

/** Constants have the colour of DRAM traffic of their kind, everything else that of activations. */
const COLOURS: Readonly<Record<string, string>> = { weight: 'weights', parameter: 'parameters' }

export function memoryMap(data: SimulationData, memory: MemoryDetails, view: CycleWindow): HTMLElement {
  const { memories, placements } = memory
  const used = memories.filter((_, index) => placements.some(({ memory }) => memory === index))
  if (used.length === 0) return h('p', {}, 'Nothing stands in any memory of the machine.')
  const drawn = (name: string): HTMLElement => {
    const index = memories.findIndex((memory) => memory.name === name)
    const chosen = memories[index]
    return chosen === undefined
      ? h('div')
      : oneMemory(
          data,
          chosen,
          placements.filter((placement) => placement.memory === index),
          view,
        )
  }
  const first = used[0]?.name ?? ''
  let shown = drawn(first)
  const select = choice(
    'Memory',
    used.map(({ name }) => name),
    first,
    (name) => {
      const next = drawn(name)
      shown.replaceWith(next)
      shown = next
    },
  )
  return h('div', {}, h('div', { class: 'controls' }, select), shown)
}

function oneMemory(
  data: SimulationData,
  memory: OccupiedMemory,
  placements: readonly Placement[],
  view: CycleWindow,
): HTMLElement {
  const { layers } = data
  const byteAt = (y: number): number => (1 - y / HEIGHT) * memory.bytes
  const spotOf = (placement: Placement): CycleSpot => {
    const { tensor, layer, start_byte: start, bytes, from, to } = placement
    const [low, high] = [start, start + bytes - 1].map((byte) => Math.floor(byte / memory.bank_bytes))
    return {
      ...{ from, to },
      note: {
        title: tensor,
        rows: [
          { name: 'layer', value: layerTitle(layers, layer) },
          { name: 'bytes', value: `${counted(start)} to ${counted(start + bytes)}: ${counted(bytes)}` },
          ...(memory.banks > 1
            ? [{ name: 'banks', value: low === high ? `${low}` : `${low} to ${high}` }]
            : []),
          { name: 'cycles', value: `${counted(from)} to ${counted(to)}: ${counted(to - from)}` },
        ],
      },
    }
  }
  const { element } = cycleCanvas(view, {
    label: `Tensors in ${memory.name} memory`,
    height: HEIGHT,
    rows: memory.banks,
    rowAt: (y) => (y < 0 || y >= HEIGHT ? -1 : Math.floor(byteAt(y) / memory.bank_bytes)),
    spot: (cycle, bank, y, pixel) => {
      const [low, high] =
        y === undefined
          ? [bank * memory.bank_bytes, (bank + 1) * memory.bank_bytes]
          : [byteAt(y + 1), byteAt(y - 1)]
      const there = placements.filter(
        ({ start_byte: start, bytes, from, to }) =>
          start < high && start + bytes > low && from < cycle + pixel && to > cycle,
      )
      const smallest = there.reduce<Placement | undefined>(
        (least, next) => (least !== undefined && least.bytes <= next.bytes ? least : next),
        undefined,
      )
      return smallest && spotOf(smallest)
    },
    draw: (area, bank) => drawMemory(area, memory, placements, bank, view),
  })
  const share = percent(memory.used_bytes / memory.bytes)
  return h(
    'figure',
    { class: 'print-whole' },
    h(
      'h3',
      {},
      `${memory.name} memory `,
      h(
        'span',
        { class: 'dim' },
        `${kibibytes(memory.used_bytes)} of ${kibibytes(memory.bytes)} ever used (${share})`,
      ),
    ),
    element,
  )
}

function drawMemory(
  area: CycleArea,
  memory: OccupiedMemory,
  placements: readonly Placement[],
  chosen: number | undefined,
  view: CycleWindow,
): void {
  const { context, left, right, top, bottom, x } = area
  const y = (byte: number): number => bottom - (byte / memory.bytes) * (bottom - top)
  context.fillStyle = colourValue('var(--panel)')
  context.fillRect(left, top, right - left, bottom - top)
  context.save()
  context.beginPath()
  context.rect(left, top, right - left, bottom - top)
  context.clip()
  const colour = colourValue(colourOf(COLOURS[memory.name] ?? 'activations'))
  const [paper, ink] = [colourValue('var(--paper)'), colourValue('var(--ink)')]
  context.textAlign = 'left'
  context.textBaseline = 'top'
  for (const { start_byte: start, bytes, from, to, layer, tensor } of placements) {
    if (to <= view.from || from >= view.to) continue
    const box = {
      x: x(from),
      y: y(start + bytes),
      width: x(to) - x(from),
      height: y(start) - y(start + bytes),
    }
    context.globalAlpha = layer % 2 === 0 ? 0.62 : 0.4
    context.fillStyle = colour
    context.fillRect(box.x, box.y, Math.max(1, box.width), Math.max(1, box.height))
    context.globalAlpha = 1
    if (box.width > 3 && box.height > 3) {
      context.strokeStyle = paper
      context.strokeRect(box.x, box.y, box.width, box.height)
    }
    const visible = { from: Math.max(left, box.x), to: Math.min(right, box.x + box.width) }
    if (box.height >= NAMED_HEIGHT && visible.to - visible.from > 40) {
      context.save()
      context.beginPath()
      context.rect(visible.from, box.y, visible.to - visible.from - 3, box.height)
      context.clip()
      context.fillStyle = ink
      context.fillText(tensor, visible.from + 4, box.y + 2)
      context.restore()
    }
  }
  context.restore()
  drawBanks(area, memory, chosen, y)
}

function drawBanks(
  { context, left, right, top, bottom }: CycleArea,
  memory: OccupiedMemory,
  chosen: number | undefined,
  y: (byte: number) => number,
): void {
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (let bank = 0; bank < memory.banks; bank++) {
    const [low, high] = [y(bank * memory.bank_bytes), y((bank + 1) * memory.bank_bytes)]
    context.fillStyle = colourValue('var(--muted)')
    context.globalAlpha = 0.5
    context.fillRect(left, Math.max(top, high - 0.5), right - left, 1)
    context.fillRect(left, Math.min(bottom - 1, low - 0.5), right - left, 1)
    context.globalAlpha = 1
    context.fillStyle = colourValue(bank === chosen ? 'var(--accent)' : 'var(--ink)')
    context.fillText(memory.banks > 1 ? `bank ${bank}` : memory.name, left - 10, (low + high) / 2)
  }
}

interface Bank {
  readonly memory: OccupiedMemory
  readonly bank: number
  readonly peak: number
  readonly cycle: number
}

/** Each bank with the most that it held at once. */
export function bankTable(data: SimulationData, details: SimulationDetails): HTMLElement {
  const rows = details.memory.memories.flatMap((each) =>
    each.banks_used.map(
      ({ bytes_peak, cycle }, bank): Bank => ({ memory: each, bank, peak: bytes_peak, cycle }),
    ),
  )
  const share = (row: Bank): number => row.peak / row.memory.bank_bytes
  const columns: Column<Bank>[] = [
    { title: 'memory', key: (row) => row.memory.name, cell: (row) => row.memory.name },
    { title: 'bank', key: ({ bank }) => bank, cell: ({ bank }) => bank },
    { title: 'bytes', key: (row) => row.memory.bank_bytes, cell: (row) => counted(row.memory.bank_bytes) },
    { title: 'most at once', key: ({ peak }) => peak, cell: ({ peak }) => counted(peak) },
    {
      title: 'full',
      key: share,
      cell: (row) => h('span', { class: 'filled' }, bar(share(row)), percent(share(row))),
    },
    {
      title: 'first at cycle',
      key: ({ cycle }) => cycle,
      cell: ({ peak, cycle }) => (peak > 0 ? counted(cycle) : ''),
    },
    {
      title: 'in layer',
      cell: ({ peak, cycle }) => (peak > 0 ? layerLink(data.layers, layerAt(details, cycle) ?? 0) : ''),
    },
  ]
  return table(rows, columns, { caption: 'Banks: the most that each held at once' })
}

function bar(share: number): HTMLElement {
  const full = h('span', { class: 'bar', 'aria-hidden': 'true' }, h('span'))
  const inner = full.firstElementChild as HTMLElement
  inner.style.width = `${100 * Math.min(1, share)}%`
  return full
}
