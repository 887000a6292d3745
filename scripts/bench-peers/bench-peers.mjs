/**
 * Measures WebAssembly bundles beside LiteRT.js and ONNX Runtime Web, in one headless Chromium, one thread each, and writes
 * its section of docs/benchmarks.md. README.md beside this file is the protocol.
 *
 *   npm run bench:peers -- [--models a,b] [--contenders a,b] [--runs N] [--quick] [--dry]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')
/** The page of the measurements is isolated from other origins: its clock counts in steps of 5 µs, not of 100 µs. */
const MEASURE_PAGE = '/pages/measure.html'
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

const { values: options } = parseArgs({
  options: {
    models: { type: 'string' },
    contenders: { type: 'string' },
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
})
const protocol = options.quick
  ? { rounds: Number(options.runs ?? 5), warmUpMs: 400 }
  : { rounds: Number(options.runs ?? 60), warmUpMs: 3000 }

function stop(message) {
  console.error(`bench:peers: ${message}; nothing was measured`)
  process.exit(1)
}

/** Those of `known` that a comma-separated list names, in their own order; all if there is no list. */
function chosen(list, known, what) {
  if (list === undefined) return known
  const names = list.split(',')
  const strange = names.filter((name) => !known.includes(name))
  if (strange.length > 0) stop(`no ${what} named ${strange.join(', ')}; there are ${known.join(', ')}`)
  return known.filter((name) => names.includes(name))
}

if (!existsSync(join(ROOT, 'dist/src/cli/main.js')) || !options.quick)
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' })

const { CHROMIUM, hasChromium, launchChromium } = await import('../chromium.mjs')
const { MODELS, ZOO, describe } = await import('./models.mjs')
const { installEngines, makeBundle, serveEngines } = await import('./site.mjs')
const { dotProducts, engineVersions, loadNow, withPage } = await import('./run.mjs')
const { measurePage } = await import('./pages.mjs')
const { CONTENDERS } = await import('./page/contenders.js')
const { peersSection } = await import('./section.mjs')
const { circumstances, writeSection } = await import('../benchmarks-page.mjs')

if (!hasChromium)
  stop(`no Chromium at ${CHROMIUM}: install it, or name it in the environment variable CHROMIUM`)
if (!existsSync(ZOO)) stop('no model zoo at ../shared/zoo')
installEngines()
const names = chosen(
  options.models,
  MODELS.map(({ name }) => name),
  'model',
)
const contenders = chosen(options.contenders, Object.keys(CONTENDERS), 'contender')
if (!(protocol.rounds >= 1)) stop(`--runs takes a number of rounds, not ${options.runs}`)

const bundles = mkdtempSync(join(tmpdir(), 'espalier-bundles-'))
const samples = new Map()
const pages = new Map([['measure.html', measurePage]])
const models = MODELS.filter(({ name }) => names.includes(name)).map((model) => describe(model, samples))
const server = await serveEngines(
  { bundles, samples, pages, page: join(HERE, 'page') },
  { headers: (path) => (path === MEASURE_PAGE ? ISOLATED : {}) },
)

async function measureLatency(browser) {
  const latency = []
  for (const model of models) {
    process.stderr.write(`measuring ${model.name}\n`)
    const able = contenders.filter((name) => name !== 'ort-web' || model.onnx !== undefined)
    const results = await withPage(browser, server.address + MEASURE_PAGE, async (tab) => {
      return tab.evaluate(([m, c, p]) => globalThis.measure(m, c, p), [model, able, protocol])
    })
    latency.push({ name: model.name, of: Object.fromEntries(results.map((r) => [r.name, r])) })
  }
  return latency
}

try {
  const load = loadNow('bench:peers')
  const bundled = contenders.some((name) => name.startsWith('espalier'))
  const sizes = bundled ? names.map((name) => makeBundle(name, bundles)) : []
  const browser = await launchChromium()
  const chromium = browser.version()
  const latency = await measureLatency(browser)
  await browser.close()
  const { lines, missed } = peersSection({ contenders, latency, sizes })
  const section = `## Bundles beside other engines

${circumstances('bench:peers')}, ${dotProducts()}; load ${load} at the start. Chromium ${chromium}, headless;
${engineVersions()}; one thread, ${protocol.rounds} rounds. The protocol is in
[scripts/bench-peers](../scripts/bench-peers/README.md).

${lines.join('\n')}
`
  console.log(section)
  if (!options.dry && !options.quick) writeSection('bench:peers', section)
  for (const bar of missed) console.error(bar)
  process.exitCode = missed.length > 0 ? 3 : 0
} finally {
  server.close()
  rmSync(bundles, { recursive: true, force: true })
}
