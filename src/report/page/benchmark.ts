/** The page of a benchmark: how fast a model is as WebAssembly, layer by layer, beside what the machine can do. */

import type { Benchmark, VariantBenchmark } from '../../bench.ts'
import { bandwidthTable, summary } from './benchmark/summary.ts'
import { layerRoofline, layerTable, layerTimes } from './benchmark/variant.ts'
import { choice, h } from './kit/dom.ts'
import { counted } from './kit/format.ts'
import { openPage, type Section } from './kit/shell.ts'

/** Shows the fastest variant, until another is chosen. */
function ofVariant({ variants }: Benchmark, draw: (variant: VariantBenchmark) => Node) {
  return (place: HTMLElement): void => {
    const [first] = variants
    if (first === undefined) return
    const shown = h('div', {}, draw(first))
    const names = variants.map(({ variant }) => variant)
    const control = choice('Variant', names, first.variant, (name) => {
      shown.replaceChildren(draw(variants.find(({ variant }) => variant === name) ?? first))
    })
    place.append(h('div', { class: 'controls' }, control), shown)
  }
}

function sections(benchmark: Benchmark): Section[] {
  return [
    {
      id: 'summary',
      title: 'Summary',
      question: 'How fast is an inference, and how near to what the machine does at best?',
      fill: (place) => place.append(...summary(benchmark)),
    },
    {
      id: 'roofline',
      title: 'Roofline',
      question: 'Which layers are held back by memory, and which only by their kernels?',
      fill: ofVariant(benchmark, (variant) => layerRoofline(benchmark, variant)),
    },
    {
      id: 'times',
      title: 'Time by layer',
      question: 'Where does the time go, and how well is it used?',
      fill: ofVariant(benchmark, layerTimes),
    },
    {
      id: 'layers',
      title: 'Layers',
      question: 'What are the figures of each layer?',
      fill: ofVariant(benchmark, layerTable),
    },
    {
      id: 'memory',
      title: 'Memory',
      question: 'How fast did the machine read?',
      fill: (place) => place.append(h('div', { class: 'narrow' }, bandwidthTable(benchmark))),
    },
  ]
}

await openPage<Benchmark>((benchmark) => {
  const { model, macs, runs, node, cpu, arch } = benchmark
  return {
    title: model,
    subtitle: [
      `as WebAssembly in this process: Node ${node}, ${cpu}, ${arch}; ${counted(macs)} MACs, medians of ${runs} samples`,
    ],
    sections: sections(benchmark),
  }
})
