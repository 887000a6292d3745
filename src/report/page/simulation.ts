/** The page of one simulation: where its cycles, bytes and microjoules went. */

import type { SimulationData, SimulationDetails } from '../simulation-data.ts'
import { CycleWindow } from './charts/cycle-window.ts'
import { h } from './kit/dom.ts'
import { machineText } from './kit/machine.ts'
import { openPage, type Section } from './kit/shell.ts'
import { layerBars } from './simulation/bars.ts'
import { findings } from './simulation/findings.ts'
import { headline } from './simulation/headline.ts'
import { layerTable } from './simulation/layer-table.ts'
import { listing } from './simulation/listing.ts'
import { bankTable, memoryMap } from './simulation/memory.ts'
import { network } from './simulation/network.ts'
import { layerRoofline } from './simulation/roofline.ts'
import { timeline } from './simulation/timeline.ts'
import { hostTable, unitTable } from './simulation/unit-table.ts'

/** Sections about when things happen, by where they stand; they share one window of cycles. */
function overTime(data: SimulationData, details: SimulationDetails) {
  const view = new CycleWindow(details.cycles)
  const { memory } = details
  const once = data.batch === 1 ? '' : ' One sample of the batch is shown.'
  const section = (id: string, title: string, question: string, parts: () => readonly Node[]): Section => ({
    ...{ id, title, question: `${question}${once}` },
    fill: (place) => place.append(...parts()),
  })
  const when = section('timeline', 'Timeline', 'Who worked when, and what did the others wait for?', () => [
    timeline(data, details, view),
  ])
  const where = section(
    'memory',
    'Memory over time',
    'Which tensor stands where, and which bank is full?',
    () => [memoryMap(data, memory, view), h('h3', { class: 'apart' }, 'Banks'), bankTable(data, details)],
  )
  const what = section('program', 'Program', 'Which instructions run for a layer, and when?', () => [
    listing(data, details, view),
  ])
  return { when, where, what }
}

function sections(data: SimulationData): Section[] {
  const timed = data.details && data.details.cycles > 0 ? overTime(data, data.details) : undefined
  return [
    {
      id: 'summary',
      title: 'Summary',
      question: 'How good is the run, and what holds it back?',
      fill: (place) => place.append(headline(data), findings(data)),
    },
    {
      id: 'roofline',
      title: 'Roofline',
      question: 'How near is each layer to what the array and DRAM allow, and which of them binds it?',
      fill: (place) => place.append(layerRoofline(data)),
    },
    ...(timed ? [timed.when] : []),
    {
      id: 'costs',
      title: 'Costs by layer',
      question: 'Where did the cycles, the bytes and the microjoules go?',
      fill: (place) => place.append(layerBars(data)),
    },
    ...(timed ? [timed.where] : []),
    {
      id: 'network',
      title: 'Network',
      question: 'How do the layers hang together, and what does each cost?',
      fill: (place) => place.append(network(data)),
    },
    {
      id: 'layers',
      title: 'Layers',
      question: 'What are the figures of each layer?',
      fill: (place) => place.append(layerTable(data)),
    },
    {
      id: 'units',
      title: 'Units and host',
      question: 'What did each unit do with its cycles, and what is left to the host?',
      fill: (place) =>
        place.append(unitTable(data), h('h3', { class: 'apart' }, 'On the host'), hostTable(data.host_ops)),
    },
    ...(timed ? [timed.what] : []),
  ]
}

await openPage<SimulationData>((data) => ({
  title: data.model,
  subtitle: [`simulated on ${data.target}: ${machineText(data)}`],
  sections: sections(data),
}))
