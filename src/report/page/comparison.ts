/** The page of a comparison: what differs between two simulations, and where. */

import type { Comparison, Side } from '../../compare/compare.ts'
import { layerBars } from './comparison/bars.ts'
import { figureTable, headline } from './comparison/headline.ts'
import { layerRooflines } from './comparison/roofline.ts'
import { layerCauses, layerTable, unitTable } from './comparison/tables.ts'
import { h } from './kit/dom.ts'
import { machineText } from './kit/machine.ts'
import { openPage, type Section } from './kit/shell.ts'

function sections(comparison: Comparison): Section[] {
  return [
    {
      id: 'summary',
      title: 'Summary',
      question: 'What does B need more or less than A?',
      fill: (place) => place.append(headline(comparison), narrow(figureTable(comparison))),
    },
    {
      id: 'roofline',
      title: 'Roofline',
      question: 'Which layers came nearer to what array and DRAM allow?',
      fill: (place) => place.append(layerRooflines(comparison)),
    },
    {
      id: 'costs',
      title: 'Costs by layer',
      question: 'Which part of which layer made the difference?',
      fill: (place) => place.append(layerBars(comparison)),
    },
    {
      id: 'layers',
      title: 'Layers',
      question: 'What are the figures of each layer in both?',
      fill: (place) => place.append(layerTable(comparison)),
    },
    {
      id: 'causes',
      title: 'Causes',
      question: 'What did a unit do more or less, in which layer?',
      fill: (place) => place.append(narrow(layerCauses(comparison))),
    },
    {
      id: 'units',
      title: 'Units',
      question: 'What did each unit do with its cycles, in all?',
      fill: (place) => place.append(narrow(unitTable(comparison))),
    },
  ]
}

/** A few columns are read more easily when they are not far apart. */
function narrow(table: HTMLElement): HTMLElement {
  return h('div', { class: 'narrow' }, table)
}

function sideText(name: string, side: Side): Node {
  return h(
    'span',
    { class: 'side' },
    h('strong', {}, `${name} ${side.model}`),
    ` on ${side.target}: ${machineText(side)}`,
  )
}

const named = ({ model, target }: Side) => `${model} on ${target}`

await openPage<Comparison>((comparison) => ({
  title: `${named(comparison.a)} and ${named(comparison.b)}`,
  subtitle: [sideText('A', comparison.a), sideText('B', comparison.b)],
  sections: sections(comparison),
}))
