/**
 * Synthesizes the targets of area/sweep.mjs and fits the area model to them:
 *
 *   npm run build && npm run fit:area     all of it: an hour or two, but for units that are kept from before
 *   npm run fit:area -- --refit           the fit alone, from the figures in scripts/area/points.json
 *   npm run fit:area -- --place           the iCE40 core alone: placed and routed, for its Fmax
 *
 * Writes scripts/area/points.json and the coefficients; `npm run docs` makes docs/area.md of them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FAMILIES } from '../dist/backends/trellis/area/count.js'
import { FITTED, modelledUnits, termsOf, totalArea } from '../dist/backends/trellis/area/model.js'
import { synthesizedArea } from '../dist/backends/trellis/area/synthesis.js'
import { UNIT_NAMES } from '../dist/backends/trellis/area/units.js'
import { checkTarget } from '../dist/backends/trellis/target.js'
import { deviations, fitUnits, summarize } from './area/fit.mjs'
import { SWEEP } from './area/sweep.mjs'

const ROOT = join(import.meta.dirname, '..')
const POINTS = join(ROOT, 'scripts/area/points.json')
const COEFFICIENTS = join(ROOT, 'backends/trellis/area/coefficients.generated.ts')

const { values: options } = parseArgs({
  options: { refit: { type: 'boolean' }, family: { type: 'string', multiple: true, default: [...FAMILIES] } },
})

const points = existsSync(POINTS) ? JSON.parse(readFileSync(POINTS, 'utf8')) : {}

function valueOf(result) {
  if (result.ok) return result.value
  throw new Error(JSON.stringify(result.diagnostics))
}

const targets = SWEEP.map(({ use, target }) => ({
  use,
  target: valueOf(checkTarget(target, 'sweep.mjs', target.name)),
}))

if (!options.refit) {
  for (const family of options.family) {
    const figures = {}
    for (const { target } of targets) {
      console.log(`${family}: ${target.name}`)
      figures[target.name] = valueOf(await synthesizedArea(target, family))
    }
    points[family] = figures
    write(POINTS, `${JSON.stringify(points, null, 1)}\n`)
  }
}

const coefficients = {}
const errors = {}
for (const family of FAMILIES.filter((name) => points[name])) {
  const all = targets.map(({ use, target }) => ({ use, target, units: points[family][target.name] }))
  const of = (use) => all.filter((point) => point.use === use)
  coefficients[family] = fitUnits(of('fit'), { units: UNIT_NAMES, metrics: FITTED, termsOf })
  errors[family] = summarize(
    of('check').map(({ target, units }) =>
      deviations(totalArea(units), totalArea(modelledUnits(target, family, coefficients))),
    ),
  )
  console.log(family, JSON.stringify(errors[family]))
}

write(
  COEFFICIENTS,
  `/** Written by scripts/fit-area.mjs. */
import type { Area, Family } from './count.ts'
import type { Coefficients } from './model.ts'

export const COEFFICIENTS: Coefficients = ${JSON.stringify(coefficients, null, 2)}

/** Deviation from synthesis on the targets left out of the fit, in percent of what was synthesized. */
export const ERRORS: Readonly<
  Partial<Record<Family, { readonly targets: number; readonly worst: Area; readonly mean: Area }>>
> = ${JSON.stringify(errors, null, 2)}
`,
)

function write(path, text) {
  writeFileSync(path, text)
}
