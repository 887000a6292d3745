/** The page of a network by itself: what it is made of, what that weighs, and what its integers stand for. */

import type { Inspection } from '../../inspect.ts'
import { layerTable, precisionTable } from './inspection/layer-tables.ts'
import { network } from './inspection/network.ts'
import { findings, headline, portTable } from './inspection/summary.ts'
import { constantTable, resultTable } from './inspection/tensors.ts'
import { work } from './inspection/work.ts'
import { h } from './kit/dom.ts'
import { openPage, type Section } from './kit/shell.ts'

const FORMATS: Readonly<Record<string, string>> = {
  tflite: 'TensorFlow Lite',
  onnx: 'ONNX',
  esp: 'Espalier text',
}

function sections(data: Inspection): Section[] {
  return [
    {
      id: 'summary',
      title: 'Summary',
      question: 'How large is the network, and where is most of it?',
      fill: (place) =>
        place.append(
          headline(data),
          findings(data),
          h('h3', { class: 'apart' }, 'Inputs and outputs'),
          portTable(data),
        ),
    },
    {
      id: 'network',
      title: 'Network',
      question: 'How do the layers hang together?',
      fill: (place) => place.append(network(data)),
    },
    {
      id: 'work',
      title: 'Work and weight',
      question: 'Which layers compute, which hold the parameters, and in which precision?',
      fill: (place) =>
        place.append(work(data), h('h3', { class: 'apart' }, 'Precisions'), precisionTable(data)),
    },
    {
      id: 'layers',
      title: 'Layers',
      question: 'What are the figures of each layer?',
      fill: (place) => place.append(layerTable(data)),
    },
    {
      id: 'activations',
      title: 'Activations',
      question: 'Which reals can the elements of each tensor stand for?',
      fill: (place) => place.append(resultTable(data)),
    },
    {
      id: 'constants',
      title: 'Constants',
      question: 'How are the values of each constant spread, and how much of its range do they use?',
      fill: (place) => place.append(constantTable(data)),
    },
  ]
}

await openPage<Inspection>((data) => ({
  title: data.model,
  subtitle: [`a network from ${FORMATS[data.format] ?? data.format}, by itself`],
  sections: sections(data),
}))
