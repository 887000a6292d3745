/**
 * Synthesizes the targets of area/sweep.mjs and fits the area model to them:
 *
 *   npm run build && npm run fit:area     all of it: half an hour a family, but for units that are kept from before
 *   npm run fit:area -- --refit           the fit alone, from the figures in scripts/area/points.json
 *   npm run fit:area -- --place           the units of a 4x4 core for iCE40 alone: placed and routed, for their Fmax
 *   npm run fit:area -- --family ecp5     one family alone, and nothing placed
 *
 * nextpnr comes with `npm install --no-save @yowasp/nextpnr-ice40`, or ESPALIER_NEXTPNR_ICE40 is the path of that module.
 * Writes scripts/area/points.json and the coefficients; `npm run docs` makes docs/area.md of them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FAMILIES } from '../dist/backends/trellis/area/count.js'
import { FITTED, modelledUnits, sizesOf, termsOf, totalArea } from '../dist/backends/trellis/area/model.js'
import { synthesizedArea } from '../dist/backends/trellis/area/synthesis.js'
import { UNIT_NAMES } from '../dist/backends/trellis/area/units.js'
import { checkTarget } from '../dist/backends/trellis/target.js'
import { unwrap } from '../dist/ir/diagnostic.js'
import { deviations, fitUnits, summarize } from './area/fit.mjs'
import { placeUnits } from './area/ice40.mjs'
import { presentUnits, SWEEP } from './area/sweep.mjs'
import { synthesizedCommit } from './area/synthesized-commit.mjs'

const ROOT = join(import.meta.dirname, '..')
const POINTS = join(ROOT, 'scripts/area/points.json')
const COEFFICIENTS = join(ROOT, 'backends/trellis/area/coefficients.generated.ts')

const { values: options } = parseArgs({
  options: {
    refit: { type: 'boolean' },
    place: { type: 'boolean' },
    family: { type: 'string', multiple: true },
  },
})

/** The target of docs/area.md as the RTL is now, so that the model states how far it is off where it was not fitted again; else none. */
const presentPoints = (family, all) =>
  Object.entries(presentUnits(family)).map(([name, units]) => ({
    units,
    target: all.find(({ target }) => target.name === name).target,
  }))

const points = JSON.parse(readFileSync(POINTS, 'utf8'))
const keepPoints = () => writeFileSync(POINTS, `${JSON.stringify(points, null, 1)}\n`)

const targets = SWEEP.map(({ use, target }) => ({
  use,
  target: unwrap(checkTarget(target, 'sweep.mjs', target.name)),
}))

if (!options.refit && !options.place) {
  for (const family of options.family ?? FAMILIES) {
    const figures = {}
    for (const { target } of targets) {
      console.log(`${family}: ${target.name}`)
      figures[target.name] = unwrap(await synthesizedArea(target, family))
    }
    points.synthesized[family] = figures
    points.commits = { ...points.commits, [family]: synthesizedCommit() }
    keepPoints()
  }
}
if (options.place || !(options.refit || options.family)) {
  const nextpnr = await import(process.env.ESPALIER_NEXTPNR_ICE40 ?? '@yowasp/nextpnr-ice40')
  points.placed = await placeUnits(nextpnr, (placed) => console.log(JSON.stringify(placed)))
  keepPoints()
}

const coefficients = {}
const errors = {}
const largest = {}
for (const family of FAMILIES) {
  const all = targets.map(({ use, target }) => ({
    use,
    target,
    units: points.synthesized[family][target.name],
  }))
  const of = (use) => all.filter((point) => point.use === use)
  const terms = (unit, target) => termsOf(unit, target, family)
  coefficients[family] = fitUnits(of('fit'), { units: UNIT_NAMES, metrics: FITTED, termsOf: terms })
  errors[family] = summarize(
    [...of('check'), ...presentPoints(family, targets)].map(({ target, units }) =>
      deviations(totalArea(units), totalArea(modelledUnits(target, family, coefficients))),
    ),
  )
  for (const { target } of all) {
    for (const [name, size] of Object.entries(sizesOf(target))) {
      largest[family] = { ...largest[family], [name]: Math.max(size, largest[family]?.[name] ?? 0) }
    }
  }
  console.log(family, JSON.stringify(errors[family]))
}

writeFileSync(
  COEFFICIENTS,
  `/** Written by scripts/fit-area.mjs. */
import type { Area, Family } from './count.ts'
import type { Coefficients } from './model.ts'

export const COEFFICIENTS: Coefficients = ${JSON.stringify(coefficients, null, 2)}

/** Deviation from synthesis on the targets left out of the fit and on the present RTL, in percent of what was synthesized. */
export const ERRORS: Readonly<
  Record<Family, { readonly targets: number; readonly worst: Area; readonly mean: Area }>
> = ${JSON.stringify(errors, null, 2)}

/** The largest of the shapes that the model was fitted to or checked on: beyond them nothing is known of its error. */
export const LARGEST: Readonly<Record<Family, Readonly<Record<string, number>>>> =
  ${JSON.stringify(largest, null, 2)}
`,
)
