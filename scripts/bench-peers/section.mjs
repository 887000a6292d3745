/** The figures of a run as a section of docs/benchmarks.md, and whether the bundles are as fast and as small as they are meant to be. */

import { barOf, median, TITLES, table, thousands } from './figures.mjs'

/** Bars, as ratios to the other engine: in geometric mean over the models, and on each. */
const BARS = {
  'litert-relaxed': { ours: 'espalier-relaxed', mean: 1.5, each: 1 },
  'litert-plain': { ours: 'espalier-plain', mean: 1.5 },
  'ort-web': { ours: 'espalier-relaxed', mean: 5 },
}
/** A bundle with all its variants may be larger than the .tflite file by this. */
const BUNDLE_BAR_BYTES = 100_000

const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length)
const ms = (time) => (time < 0.1 ? time.toFixed(4) : time < 10 ? time.toFixed(3) : time.toFixed(1))

/**
 * @param latency for each model: `name`, and by contender what the page measured
 * @param sizes for each model: `name`, `bundle` and `tflite` in bytes
 * @returns the section's lines, and how many bars were missed
 */
export function peersSection({ contenders, latency, sizes }) {
  const missed = []
  const bar = barOf(missed)
  const lines = [
    '### Latency',
    '',
    'Milliseconds an inference, minimum / median of the rounds.',
    '',
    ...latencyTable(contenders, latency),
    '',
    '### Ratios',
    '',
    "The other engine's median over the bundle's, each beside the build of the same instructions; ONNX Runtime Web beside the relaxed one.",
    '',
    ...ratioTable(contenders, latency, bar),
    '',
    '### Elements that differ',
    '',
    "Of all outputs for the zoo's samples, compared with its reference outputs of the file that the engine runs.",
    '',
    ...differencesTable(contenders, latency, missed),
  ]
  if (sizes.length > 0)
    lines.push(
      '',
      '### Bundles',
      '',
      'All variants and files together, raw bytes.',
      '',
      ...sizeTable(sizes, missed),
    )
  return { lines, missed }
}

function latencyTable(contenders, latency) {
  return table(
    ['model', ...contenders.map((c) => TITLES[c])],
    latency.map(({ name, of }) => [
      name,
      ...contenders.map((c) => {
        const times = of[c]?.times
        return times === undefined ? '-' : `${ms(Math.min(...times))} / ${ms(median(times))}`
      }),
    ]),
  )
}

function ratioTable(contenders, latency, bar) {
  const columns = Object.entries(BARS).filter(
    ([peer, { ours }]) => contenders.includes(peer) && contenders.includes(ours),
  )
  if (columns.length === 0) return ['Not measured: this run had no bundle beside another engine.']
  const ratios = columns.map(([peer, { ours }]) =>
    latency.map(({ of }) =>
      of[peer] && of[ours] ? median(of[peer].times) / median(of[ours].times) : undefined,
    ),
  )
  const models = latency.map(({ name }, i) => [
    name,
    ...columns.map(([peer, { each }], c) => {
      const ratio = ratios[c][i]
      if (ratio === undefined) return '-'
      if (each !== undefined) bar(ratio, each, `${name} beside ${peer}`)
      return ratio.toFixed(2)
    }),
  ])
  const means = columns.map(([peer, { mean }], c) => {
    const value = geometricMean(ratios[c].filter((r) => r !== undefined))
    return `${value.toFixed(2)} (${bar(value, mean, `geometric mean beside ${peer}`)})`
  })
  return table(['model', ...columns.map(([peer]) => TITLES[peer])], [...models, ['geometric mean', ...means]])
}

function differencesTable(contenders, latency, missed) {
  const cell = (name, contender, measured) => {
    if (measured === undefined) return '-'
    const { differences, elements } = measured
    if (contender.startsWith('espalier') && differences > 0)
      missed.push(`${name}, ${contender}: ${differences} elements differ from the reference`)
    return `${thousands(differences)} of ${thousands(elements)}`
  }
  return table(
    ['model', ...contenders.map((c) => TITLES[c])],
    latency.map(({ name, of }) => [name, ...contenders.map((c) => cell(name, c, of[c]))]),
  )
}

function sizeTable(sizes, missed) {
  return table(
    ['model', 'bundle', '.tflite', 'difference'],
    sizes.map(({ name, bundle, tflite }) => {
      const difference = bundle - tflite
      if (difference > BUNDLE_BAR_BYTES)
        missed.push(`${name}: the bundle is ${thousands(difference)} bytes larger than the .tflite file`)
      const judged = difference <= BUNDLE_BAR_BYTES ? '≤' : '**>**'
      return [
        name,
        thousands(bundle),
        thousands(tflite),
        `${thousands(difference)} (${judged} ${thousands(BUNDLE_BAR_BYTES)})`,
      ]
    }),
  )
}
