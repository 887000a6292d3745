/** docs/area.md: what area means, what was synthesized, and how far the fitted model is off. */
import { readFileSync } from 'node:fs'
import { type Area, CELL_RULES, FAMILIES, type Family, sumAreas } from '../../backends/trellis/area/count.ts'
import { FAMILY_NAMES } from '../../backends/trellis/area/family-names.ts'
import { modelledUnits, termsOf, totalArea } from '../../backends/trellis/area/model.ts'
import type { UnitAreas } from '../../backends/trellis/area/synthesis.ts'
import { UNIT_NAMES } from '../../backends/trellis/area/units.ts'
import { checkTarget, type Target } from '../../backends/trellis/target.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { deviations, summarize } from '../area/fit.mjs'
import { BAR_TARGET, presentUnits, SWEEP } from '../area/sweep.mjs'
import { barUnits, featuresSection, presentCommit } from './area-features.ts'
import { table } from './validation/figures.ts'

/** What scripts/fit-area.mjs found: areas by family, target and unit, and the placed units. */
interface Points {
  readonly synthesized: Readonly<Record<Family, Readonly<Record<string, UnitAreas>>>>
  /** Of the RTL that was synthesized. */
  readonly commits: Readonly<Record<Family, string>>
  readonly placed: {
    readonly chip: string
    readonly nextpnr: string
    readonly seed: string
    readonly logic_cells_available: number
    readonly units: readonly {
      readonly unit: string
      readonly fmax_mhz: number
      readonly logic_cells: number
      readonly block_rams: number
    }[]
  }
}
const POINTS = JSON.parse(readFileSync(new URL('../area/points.json', import.meta.url), 'utf8')) as Points

/** A synthesized target beside its model. */
interface Point {
  readonly use: string
  readonly target: Target
  readonly units: UnitAreas
  readonly synthesized: Area
  readonly modelled: Area
}

/** The synthesized targets of a family, in the order of the sweep. */
export function areaPoints(family: Family): readonly Point[] {
  const figures = POINTS.synthesized[family]
  return SWEEP.map(({ use, target: data }) => {
    const target = unwrap(checkTarget(data, 'sweep.mjs', data.name))
    const units = must(figures[target.name], target.name)
    const modelled = totalArea(modelledUnits(target, family))
    return { use, target, units, synthesized: totalArea(units), modelled }
  })
}

/** Targets as the RTL is now, whose model may be of an older one. */
export function presentPoints(family: Family): readonly Omit<Point, 'use'>[] {
  const present = presentUnits(family) as Readonly<Record<string, UnitAreas>>
  return areaPoints(family)
    .filter(({ target }) => present[target.name] !== undefined)
    .map((point) => {
      const units = must(present[point.target.name], point.target.name)
      return { ...point, units, synthesized: totalArea(units) }
    })
}

/** The bar for an 8x8 target with binary and depthwise. */
const BAR = { logic_lut: 9000, dsp: 80 }

export function areaPage(): string {
  return `# Area

\`espalier area --target T\` synthesizes the RTL of a target with Yosys and tells what each unit occupies of an FPGA:

\`\`\`
espalier area --target trellis-8                     Lattice ECP5
espalier area --target my.yaml --family xc7 --json   Xilinx 7-series
\`\`\`

Yosys is an optional package (\`npm install @yowasp/yosys\`). Synthesis takes minutes; a unit is kept by the hash of its sources,
its parameters and the version of Yosys, so that only what changed is synthesized again.

## What is counted

Each unit of the top module is synthesized by itself (\`synth_ecp5 -nowidelut\`, \`synth_xilinx -family xc7 -flatten\`), flattened within; units are
added up. Nothing is placed: figures are those of Yosys' mapping. A placer may pack two LUTs into one place, and a unit by itself keeps
what the whole machine would optimize across its border.

- *logic LUT*: cells that compute a function.
- *LUT in all*: places of LUTs, with those that carry chains and distributed memories occupy.
- *FF*: flip-flops. *DSP*: multipliers. *BRAM*: block memories of 18 Kbit.

${Object.entries(CELL_RULES)
  .map(([family, rules]) => cellTable(FAMILY_NAMES[family as Family], rules))
  .join('\n')}
Of ECP5, a \`CCU2C\` is the carry of two LUTs that it takes for itself. A \`TRELLIS_DPR16X4\` stores its bits in four LUTs; the
write port that several of them share takes part of another slice, which is not counted. Of 7-series, \`CARRY4\` stands beside LUTs that
are counted by themselves. Multiplexers (\`MUXF7\`, \`MUXF8\`) are part of a slice. Functions of more than four inputs are made of LUT4 alone on ECP5
(\`-nowidelut\`): those of five to seven inputs, joined by multiplexers beside the LUTs, save levels and take more LUTs. What that does to Fmax
was not measured.

## The model

\`espalier area --model\`, and \`simulate\` beside energy, tell an estimate without synthesis. LUTs, flip-flops and multipliers of each unit
are a sum of terms, with coefficients that least squares fits to synthesized targets (\`npm run fit:area\`); block memories follow from the
sizes of the arrays. Terms beside a constant:

| unit | terms |
| --- | --- |
${termRows()}
A rotation of n bytes is n log2(n) bytes of multiplexers. Figures below are of the RTL as it was when the script ran last; run it again
when the RTL has changed: until then a last row tells what the fit is worth on the present one. The last target left out is the
preset \`trellis-16\`, larger in everything than those of the fit. Nothing is known of the model's error beyond it, so of \`trellis-32\`.
${FAMILIES.map(familySection).join('')}
## Where it goes

${barSection()}
## What the extra buys

${featuresSection()}
## Fmax of a small core's units on iCE40

${placedSection()}`
}

function cellTable(family: string, rules: (typeof CELL_RULES)[Family]): string {
  const rows = Object.entries(rules).map(([cell, rule]) => {
    const what = Object.entries(rule)
      .filter(([metric]) => metric !== 'logic_lut')
      .map(([metric, n]) => `${n} ${metric.toUpperCase()}${rule.logic_lut ? ', logic' : ''}`)
    return `| \`${cell}\` | ${what.length > 0 ? what.join(', ') : '-'} |\n`
  })
  return `| cell of ${family} | occupies |\n| --- | --- |\n${rows.join('')}`
}

function termRows(): string {
  const [first] = areaPoints('ecp5')
  const target = must(first, 'a synthesized target').target
  return UNIT_NAMES.map((unit) => {
    const terms = Object.keys(termsOf(unit, target, 'ecp5')).filter((term) => term !== 'constant')
    return `| ${unit} | ${terms.join(', ') || '-'} |\n`
  }).join('')
}

function familySection(family: Family): string {
  const points = areaPoints(family)
  const of = (use: string) => points.filter((point) => point.use === use)
  const error = summarize(of('check').map(({ synthesized, modelled }) => deviations(synthesized, modelled)))
  return `
### ${FAMILY_NAMES[family]}

${staleness(family)}On the ${error.targets} targets left out of the fit the model is off by at most ${error.worst.lut} % in LUTs (mean ${error.mean.lut} %), ${error.worst.logic_lut} % in logic
LUTs, ${error.worst.ff} % in flip-flops, ${error.worst.dsp} % in DSP and ${error.worst.bram} % in BRAM. Synthesized / estimated, the deviation in percent:

| target | logic LUT | LUT in all | FF | DSP | BRAM |
| --- | --- | --- | --- | --- | --- |
${of('fit').map(pointRow).join('')}| **left out of the fit** | | | | | |
${of('check').map(pointRow).join('')}${presentRows(family)}
A target's name: rows x cols and precisions, lanes of post, bytes of the DRAM bus, memories
(small: 16 KiB of activations; medium: 32; large: 64; larger: 128) and banks.
`
}

function presentRows(family: Family): string {
  const points = presentPoints(family)
  return points.length === 0
    ? ''
    : `| **the RTL of commit ${presentCommit()}** | | | | | |\n${points.map(pointRow).join('')}`
}

/** What is to be said where the RTL has changed since the fit. */
function staleness(family: Family): string {
  const [fitted, present] = [POINTS.commits[family], presentCommit()]
  if (fitted === present) return ''
  return `The fit is of the RTL of commit ${fitted} and of the mapping at that time. The ${areaPoints(family).length} targets were not synthesized again since, which takes half
an hour; commit ${present} was, on one target, and the estimates that \`simulate\` and \`area --model\` give are off on it by what the last row says. The deviation that
they state includes it.

`
}

function pointRow({ target, synthesized, modelled }: Omit<Point, 'use'>): string {
  const off = deviations(synthesized, modelled)
  const cells = (['logic_lut', 'lut', 'ff', 'dsp', 'bram'] as const).map((metric) => {
    const sign = off[metric] > 0 ? '+' : ''
    return `${synthesized[metric]} / ${modelled[metric]} (${sign}${off[metric]})`
  })
  return `| ${target.name} | ${cells.join(' | ')} |\n`
}

function barSection(): string {
  const units = barUnits('ecp5')
  const { logic_lut, dsp } = sumAreas(Object.values(units))
  const verdict = (value: number, bar: number) =>
    value < bar ? `under the ${bar} aimed at` : `over the ${bar} aimed at, ${(value / bar).toFixed(2)} times`
  return `An 8 x 8 array with 8-bit and binary operands and depthwise convolution (\`${BAR_TARGET}\`) synthesizes for ECP5 to
${logic_lut} LUT4 (${verdict(logic_lut, BAR.logic_lut)}) and ${dsp} DSP (${verdict(dsp, BAR.dsp)}):

${unitTable('ecp5')}
For 7-series, no bar was set; with functions of up to six inputs a LUT, and multiplexers beside LUTs:

${unitTable('xc7')}`
}

function unitTable(family: Family): string {
  const units = barUnits(family)
  const rows = [...Object.entries(units), ['all', sumAreas(Object.values(units))] as const]
  return table(
    [FAMILY_NAMES[family], 'logic LUT', 'LUT in all', 'FF', 'DSP', 'BRAM'],
    rows.map(([name, { logic_lut, lut, ff, dsp, bram }]) => [name, logic_lut, lut, ff, dsp, bram]),
  )
}

function placedSection(): string {
  const { chip, nextpnr, seed, logic_cells_available, units } = POINTS.placed
  const smallest = Math.min(...areaPoints('ecp5').map(({ synthesized }) => synthesized.lut))
  const slowest = units.reduce((a, b) => (a.fmax_mhz < b.fmax_mhz ? a : b))
  const rows = units.map(
    ({ unit, fmax_mhz, logic_cells, block_rams }) =>
      `| ${unit} | ${fmax_mhz} MHz | ${logic_cells} | ${block_rams} |\n`,
  )
  return `The whole machine does not fit: the smallest one above takes ${smallest} LUTs, and the largest iCE40 has ${logic_cells_available}. So the units of
a 4 x 4 array for 8-bit operands with one lane of post are placed and routed one by one (${chip}; \`synth_ice40\`, nextpnr ${nextpnr}, seed ${seed}), each between
shift registers in place of pins, which are counted with it; the mac unit with 512 columns of weights and 256 vectors of accumulators, post by its
parts, since it does not fit either. Multipliers are LUTs, since this chip has no others; nor does it
distribute memories over LUTs. A core with all of them has no more than the least of these frequencies, ${slowest.fmax_mhz} MHz of ${slowest.unit};
paths between units are not timed but for each half.

| unit | Fmax | logic cells of ${logic_cells_available} | block memories |
| --- | --- | --- | --- |
${rows.join('')}`
}
