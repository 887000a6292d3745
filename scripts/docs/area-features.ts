/** What the features of the machine cost and buy, for docs/area.md: differences of what scripts/measure-features.mjs found. */
import { readFileSync } from 'node:fs'
import { type Area, type Family, mapArea, sumAreas } from '../../backends/trellis/area/count.ts'
import { UNIT_NAMES, type UnitName } from '../../backends/trellis/area/units.ts'
import { must } from '../../ir/diagnostic.ts'
import { table, thousands } from './validation/figures.ts'

interface Run {
  readonly cycles: number
  readonly dram_bytes: number
  readonly compulsory_bytes: number
  readonly depthwise_cycles: number
  readonly depthwise_as_dense_cycles: number
}

interface Network {
  /** What of the target's memories is larger for it. */
  readonly memories: Readonly<Record<string, number>>
  readonly graph: Readonly<
    Record<
      'map_bytes' | 'map_bytes_of_lines' | 'dense_cycles' | 'dense_cycles_of_lines' | 'post_op_bytes',
      number
    >
  >
  readonly runs: Readonly<Record<string, Run>>
}

interface Features {
  readonly commit: string
  /** Areas by what is different, then by unit. */
  readonly units: Readonly<Record<string, Readonly<Record<string, Area>>>>
  /** Of 7-series, the target that has everything. */
  readonly xc7: Readonly<Record<string, Area>>
  readonly networks: Readonly<Record<string, Network>>
}

const FEATURES = JSON.parse(
  readFileSync(new URL('../area/features.json', import.meta.url), 'utf8'),
) as Features

const BINARY = 'digits_1w1a'
const networks = Object.entries(FEATURES.networks).filter(([name]) => name !== BINARY)

const areasOf = (name: string) => must(FEATURES.units[name], name)

/** What `more` has and `less` has not, in the units of `less`; undefined where these were not synthesized. */
function difference(more: string, less: string): Area | undefined {
  if (FEATURES.units[more] === undefined || FEATURES.units[less] === undefined) return undefined
  const units = Object.keys(areasOf(less))
  const sum = (name: string) => sumAreas(units.map((unit) => must(areasOf(name)[unit], `${unit} of ${name}`)))
  const [larger, smaller] = [sum(more), sum(less)]
  return mapArea((metric) => larger[metric] - smaller[metric])
}

/** The commit whose RTL was synthesized. */
export const presentCommit = (): string => FEATURES.commit

/** Areas of the units of the target that has them all. */
export function barUnits(family: Family): Readonly<Partial<Record<UnitName, Area>>> {
  const areas = family === 'xc7' ? FEATURES.xc7 : areasOf('base')
  return Object.fromEntries(UNIT_NAMES.map((name) => [name, must(areas[name], name)]))
}

const unit = (name: string): Area => must(areasOf('base')[name], name)

const runOf = ({ runs }: Network, variant: string): Run => must(runs[variant], variant)

/** Each network's words, with its name before. */
function each(words: (network: Network) => string | undefined): string {
  return networks
    .flatMap(([name, network]) => {
      const said = words(network)
      return said === undefined ? [] : [`${name.replace(/_int8.*/, '')} ${said}`]
    })
    .join(', ')
}

const percent = (part: number, whole: number): string => {
  const value = (100 * (part - whole)) / whole
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(1)} %`
}

/** Cycles without a feature, over those with it. */
const cyclesWithout = (without: string, base = 'base') =>
  `cycles without: ${each((n) => percent(runOf(n, without).cycles, runOf(n, base).cycles))}`

function rows(): readonly (readonly (string | number)[])[] {
  const binary = must(FEATURES.networks[BINARY], BINARY)
  const row = (feature: string, area: Area | undefined, buys: string) => [
    feature,
    ...(['logic_lut', 'lut', 'dsp', 'bram'] as const).map((metric) => area?.[metric] ?? '-'),
    buys,
  ]
  return [
    row('post lane 2', difference('post 2', 'post 1'), cyclesWithout('post 1', 'post 2')),
    row('post lanes 3 and 4', difference('base', 'post 2'), cyclesWithout('post 2')),
    row(
      'binary lanes',
      difference('base', '8 bits alone'),
      `${BINARY}: ${thousands(runOf(binary, 'base').cycles)} cycles, as bytes ${thousands(runOf(binary, '8 bits alone').cycles)}`,
    ),
    row(
      'depthwise lanes and line buffers',
      difference('base', 'no depthwise'),
      `cycles in which mac streams these layers, and as dense ones with weights on a diagonal: ${each((n) => {
        const { depthwise_cycles, depthwise_as_dense_cycles } = runOf(n, 'base')
        return depthwise_cycles === 0
          ? undefined
          : `${thousands(depthwise_cycles)} and ${thousands(depthwise_as_dense_cycles)}`
      })}`,
    ),
    row(
      'windows of activation memory that start at any byte',
      difference('base', 'windows of whole lines'),
      `with channels filled up to 8 bytes instead, bytes of feature maps: ${each(({ graph }) => percent(graph.map_bytes_of_lines, graph.map_bytes))}; cycles in which mac streams dense layers: ${each(({ graph }) => percent(graph.dense_cycles_of_lines, graph.dense_cycles))}`,
    ),
    row('bank 2 of activation memory', difference('banks 2', 'banks 1'), cyclesWithout('banks 1', 'banks 2')),
    row('banks 3 and 4', difference('base', 'banks 2'), cyclesWithout('banks 2')),
    row(
      'residual sums, elementwise ops, pools, fills, thresholds and lines in post',
      difference('base', 'requantization alone'),
      `bytes that sums, products and pools by the host would move through DRAM, of what moves now: ${each(({ graph, runs }) => `${thousands(graph.post_op_bytes)} of ${thousands(must(runs.base, 'base').dram_bytes)}`)}`,
    ),
    row('tables', unit('tables'), 'any function of a byte at 4 bytes a cycle, not by the host'),
    row(
      'rounding half to even and of float32 and whole products, beside TFLite’s rounding',
      difference('requantize', 'requantize by one rule'),
      'the bits of ONNX Runtime and of XNNPACK',
    ),
    row(
      'rings and cascades, in load and store',
      difference('rows', 'rows without rings'),
      `DRAM bytes over the compulsory ones, with cascades and layer by layer: ${each((n) => {
        const ratio = ({ dram_bytes, compulsory_bytes }: Run) => (dram_bytes / compulsory_bytes).toFixed(2)
        return `${ratio(runOf(n, 'base'))} and ${ratio(runOf(n, 'no cascades'))}`
      })}; ${cyclesWithout('no cascades')}`,
    ),
  ]
}

/** Logic LUTs of the target with one lane of post and one bank, all else as it is. */
function leanLuts(): number {
  const units = { ...barUnits('ecp5'), ...areasOf('post 1'), ...areasOf('banks 1') }
  return sumAreas(Object.values(units)).logic_lut
}

export function featuresSection(): string {
  const enlarged = networks.filter(([, { memories }]) => Object.keys(memories).length > 0)
  const memories = enlarged.map(
    ([name, network]) => `${name} with ${network.memories.activation_kib} KiB of activations`,
  )
  return `By measurement, \`npm run measure:features\`: the difference between what units of this target take for ECP5 with a feature and without it (RTL of
commit ${FEATURES.commit}), and what networks take on the simulator (${memories.join(', ')}, for which this target is too small). "Without" is a parameter of the
target, or a bit of the instruction that is a constant, whose consequences Yosys removes. A dash stands where that was not synthesized.

${table(['feature', 'logic LUT', 'LUT in all', 'DSP', 'BRAM', 'what it buys'], rows())}
With one lane of post and one bank the units are ${thousands(leanLuts())} LUT4: no choice of these parameters brings the machine under the bar.

${table(
  ['cycles', ...networks.map(([name]) => name)],
  ['base', 'post 1', 'post 2', 'post 8', 'banks 1', 'banks 2', 'banks 8', 'no cascades'].map((variant) => [
    variant === 'base' ? 'post 4, banks 4, cascades' : variant,
    ...networks.map(([, network]) => runOf(network, variant).cycles),
  ]),
)}`
}
