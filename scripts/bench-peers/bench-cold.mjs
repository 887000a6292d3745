/**
 * Measures how soon a page that was just opened has its first result, by a bundle, LiteRT.js and ONNX Runtime Web, and
 * writes its section of docs/benchmarks.md. README.md beside this file is the protocol.
 *
 *   npm run bench:cold -- [--trials N] [--dry]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
const MODEL = 'resnet8_int8'
/** A tab's own start is not part of a page's. */
const SETTLING_MS = 600
const BAR = 10
/** The first page of an engine waits for its files to be compressed. */
const TIMEOUT_MS = 180_000
/** The connection for which the bar holds: on the machine itself even a page that loads nothing misses it, nearly. */
const BAR_CONNECTION = 'Cable'

/**
 * Bits a second and milliseconds. `Cable` is WebPageTest's default profile of that name (connectivity.ini of
 * WPO-Foundation/webpagetest), `Fast 4G` the preset of Chrome's developer tools (NetworkManager.ts: 9 Mbit/s and 60 ms,
 * with its factors 0.9 and 2.75 for the emulation).
 */
const CONNECTIONS = [
  { name: 'same machine' },
  { name: 'Cable', down: 5e6, up: 1e6, latencyMs: 28 },
  { name: 'Fast 4G', down: 9e6 * 0.9, up: 1.5e6 * 0.9, latencyMs: 60 * 2.75 },
]

const { values: options } = parseArgs({
  options: { trials: { type: 'string', default: '7' }, dry: { type: 'boolean', default: false } },
})
const trials = Number(options.trials)

function stop(message) {
  console.error(`bench:cold: ${message}; nothing was measured`)
  process.exit(1)
}

if (!(Number.isInteger(trials) && trials >= 1))
  stop(`--trials takes a number of trials, not ${options.trials}`)
execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' })

const { CHROMIUM, hasChromium, launchChromium } = await import('../chromium.mjs')
const { MODELS, ZOO, describe } = await import('./models.mjs')
const { installEngines, makeBundle, serveEngines } = await import('./site.mjs')
const { dotProducts, engineVersions, loadNow, withPage } = await import('./run.mjs')
const { COLD_CONTENDERS, coldPage, EMPTY } = await import('./cold-pages.mjs')
const { barOf, median, table, thousands, TITLES } = await import('./figures.mjs')
const { circumstances, writeSection } = await import('../benchmarks-page.mjs')

if (!hasChromium)
  stop(`no Chromium at ${CHROMIUM}: install it, or name it in the environment variable CHROMIUM`)
if (!existsSync(ZOO)) stop('no model zoo at ../shared/zoo')
installEngines()

const bundles = mkdtempSync(join(tmpdir(), 'espalier-bundles-'))
const samples = new Map()
const model = describe(
  MODELS.find(({ name }) => name === MODEL),
  samples,
)

/** The first sample of a contender, or its reference output, as bytes. */
function first(contender, port) {
  const { url, count } = (contender === 'ort-web' ? model.onnxSamples : model.samples)[port]
  const bytes = samples.get(url.slice('/samples/'.length))
  return bytes.subarray(0, bytes.length / count)
}

const contenders = [...COLD_CONTENDERS, EMPTY]
const pages = new Map(
  contenders.map((contender) => [
    `${contender}.html`,
    coldPage(contender, model, first(contender, 'inputs')),
  ]),
)
const server = await serveEngines({ bundles, pages }, { compressed: true })

/** Opens the page of a contender in a new profile with nothing cached, over a connection. */
async function open(browser, contender, { down, up, latencyMs }) {
  const url = `${server.address}/pages/${contender}.html`
  const result = async (tab) => {
    const found = await tab.waitForFunction(() => globalThis.firstResult, undefined, { timeout: TIMEOUT_MS })
    return found.jsonValue()
  }
  return withPage(browser, url, result, async (tab, context) => {
    if (down !== undefined) {
      const session = await context.newCDPSession(tab)
      await session.send('Network.enable')
      await session.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: latencyMs,
        downloadThroughput: down / 8,
        uploadThroughput: up / 8,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS))
  })
}

async function measure(browser) {
  // The first of all pages waits for the browser itself to get going, and the server compresses each file once.
  for (const contender of contenders) await open(browser, contender, CONNECTIONS[0])
  const measured = []
  for (const connection of CONNECTIONS) {
    process.stderr.write(`measuring: ${connection.name}\n`)
    const of = new Map(contenders.map((contender) => [contender, { times: [] }]))
    for (let trial = 0; trial < trials; trial++) {
      for (const contender of trial % 2 === 0 ? contenders : contenders.toReversed()) {
        const { ms, output, decoded, encoded } = await open(browser, contender, connection)
        const figures = of.get(contender)
        figures.times.push(ms)
        Object.assign(figures, { output, decoded, encoded })
      }
    }
    measured.push({ connection, of })
  }
  return measured
}

/** A connection each two columns: the median, and how many times sooner the bundle has it. */
function coldTable(measured, missed) {
  const bar = barOf(missed)
  const rows = contenders.map((contender) => {
    const { decoded, encoded } = measured[0].of.get(contender)
    const cells = measured.flatMap(({ connection, of }) => {
      const time = median(of.get(contender).times)
      const ratio = time / median(of.get('espalier-relaxed').times)
      const judged =
        contender === 'litert-relaxed' && connection.name === BAR_CONNECTION
          ? ` (${bar(ratio, BAR, `first result beside LiteRT.js, ${connection.name}`)})`
          : ''
      return [thousands(time), `${ratio.toFixed(ratio < 1 ? 2 : 1)}${judged}`]
    })
    return [TITLES[contender] ?? 'an empty page', ...cells, thousands(decoded), thousands(encoded)]
  })
  const heads = measured.flatMap(({ connection }) => [`${connection.name}, ms`, 'ratio'])
  return table(['first result', ...heads, 'bytes', 'bytes on the way'], rows)
}

try {
  const load = loadNow('bench:cold')
  makeBundle(MODEL, bundles)
  const browser = await launchChromium()
  const chromium = browser.version()
  const measured = await measure(browser)
  await browser.close()
  const missed = []
  const expected = [...new Int8Array(first('espalier-relaxed', 'outputs'))]
  for (const { of } of measured) {
    const { output } = of.get('espalier-relaxed')
    if (output.some((element, i) => element !== expected[i]))
      missed.push('the output differs from the reference')
  }
  const profiles = CONNECTIONS.filter(({ down }) => down !== undefined)
    .map(({ name, down, latencyMs }) => `${name}: ${down / 1e6} Mbit/s, ${latencyMs} ms`)
    .join('; ')
  const [local] = measured
  const share = median(local.of.get('litert-relaxed').times) / median(local.of.get(EMPTY).times)
  const section = `## First result of a page

${circumstances('bench:cold')}, ${dotProducts()}; load ${load} at the start. Chromium ${chromium}, headless;
${engineVersions()}; ${MODEL}, medians of ${trials} trials in alternating order. From the start of the navigation, nothing cached,
until the output can be read; files come compressed by Brotli. The protocol is in
[scripts/bench-peers](../scripts/bench-peers/README.md). Connections: ${profiles}.

${coldTable(measured, missed).join('\n')}

Without a connection to wait for, most of the time is the browser's: beside a page that loads nothing LiteRT.js takes ${share.toFixed(1)} times as
long, which is as far as any engine could get.
`
  console.log(section)
  if (!options.dry) writeSection('bench:cold', section)
  for (const bar of missed) console.error(bar)
  process.exitCode = missed.length > 0 ? 3 : 0
} finally {
  server.close()
  rmSync(bundles, { recursive: true, force: true })
}
