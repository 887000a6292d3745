/** The figures of a run as a section of docs/benchmarks.md, and whether the bundles are as fast and as small as they are meant to be. */

/** Bars, as ratios to the other engine: in geometric mean over the models, and on each. */
const BARS = {
  'litert-relaxed': { ours: 'espalier-relaxed', mean: 1.5, each: 1 },
  'litert-plain': { ours: 'espalier-plain', mean: 1.5 },
  'ort-web': { ours: 'espalier-relaxed', mean: 5 },
}
const COLD_BAR = 10
/** A bundle with all its variants may be larger than the .tflite file by this. */
const BUNDLE_BAR_BYTES = 100_000

const TITLES = {
  'espalier-relaxed': 'Espalier, relaxed',
  'espalier-plain': 'Espalier, plain',
  'litert-relaxed': 'LiteRT.js, relaxed',
  'litert-plain': 'LiteRT.js, plain',
  'ort-web': 'ONNX Runtime Web',
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length)
const row = (...cells) => `| ${cells.join(' | ')} |`
const table = (head, rows) => [
  row(...head),
  row('---', ...head.slice(1).map(() => '---:')),
  ...rows.map((cells) => row(...cells)),
]
const ms = (time) => (time < 0.1 ? time.toFixed(4) : time < 10 ? time.toFixed(3) : time.toFixed(1))
const thousands = (n) => Math.round(n).toLocaleString('en-US')

/**
 * @param latency for each model: `name`, and by contender what the page measured
 * @param cold for each contender: `contender`, `times` in milliseconds, `bytes`
 * @param sizes for each model: `name`, `bundle` and `tflite` in bytes
 * @returns the section's lines, and how many bars were missed
 */
export function peersSection({ contenders, latency, cold, sizes }) {
  const missed = []
  const bar = (value, limit, what) => {
    if (value >= limit) return `≥ ${limit}`
    missed.push(`${what}: ${value.toFixed(2)}, meant to be at least ${limit}`)
    return `**< ${limit}**`
  }
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
  if (cold.length > 0) lines.push('', '### Cold start', '', ...coldTable(cold, bar))
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

/** The row of a page that loads nothing. */
export const EMPTY = 'empty'

function coldTable(cold, bar) {
  const empty = cold.find(({ contender }) => contender === EMPTY)
  const ours = cold.find(({ contender }) => contender === 'espalier-relaxed')
  return table(
    [
      'first resnet8 result',
      'ms, median',
      'ratio',
      'ratio beyond an empty page',
      'bytes of engine and model',
    ],
    cold.map(({ contender, times, bytes }) => {
      if (contender === EMPTY) return ['an empty page', thousands(median(times)), '-', '-', '-']
      const ratio = ours === undefined ? undefined : median(times) / median(ours.times)
      const floor = empty === undefined ? 0 : median(empty.times)
      const beyond = ours === undefined ? undefined : (median(times) - floor) / (median(ours.times) - floor)
      const limit = contender === 'litert-relaxed' && ratio !== undefined
      const judged = limit ? ` (${bar(ratio, COLD_BAR, `cold start beside ${contender}`)})` : ''
      return [
        TITLES[contender],
        thousands(median(times)),
        ratio === undefined ? '-' : `${ratio.toFixed(1)}${judged}`,
        beyond === undefined ? '-' : beyond.toFixed(1),
        thousands(bytes),
      ]
    }),
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
