/**
 * Measures what features of the machine cost and buy, for docs/area.md (`npm run docs`):
 *
 *   npm run build && npm run measure:features       synthesis of the 8 x 8 target without each, half an hour, and networks
 *   npm run measure:features -- --networks          the networks alone, a minute
 *
 * Networks are those of the zoo beside the repository. Writes scripts/area/features.json.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureNetworks, SYNTHESES, synthesizeFeature } from './area/features.mjs'
import { synthesizedCommit } from './area/synthesized-commit.mjs'

const FILE = join(import.meta.dirname, 'area/features.json')
const { values: options } = parseArgs({ options: { networks: { type: 'boolean' } } })

const features = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { units: {} }
const keep = () => writeFileSync(FILE, `${JSON.stringify(features, null, 1)}\n`)

features.networks = await measureNetworks((step) => console.log(step))
keep()
if (!options.networks) {
  features.commit = synthesizedCommit()
  for (const synthesis of SYNTHESES) {
    console.log(`synthesis: ${synthesis.name}`)
    features.units[synthesis.name] = await synthesizeFeature(synthesis, 'ecp5')
    keep()
  }
  console.log('synthesis: 7-series')
  features.xc7 = await synthesizeFeature(SYNTHESES[0], 'xc7')
  keep()
}
