/**
 * Measures WebAssembly bundles beside LiteRT.js and ONNX Runtime Web, in one headless Chromium, one thread each, and writes
 * its section of docs/benchmarks.md. README.md beside this file is the protocol.
 *
 *   npm run bench:peers -- [--models a,b] [--contenders a,b] [--runs N] [--quick] [--dry]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')
const PACKAGES = join(HERE, 'node_modules')
const COLD_TRIALS = 5
/** A tab's own start is not part of a page's. */
const SETTLING_MS = 1000
const COLD_MODEL = 'resnet8_int8'
const COLD_CONTENDERS = ['espalier-relaxed', 'litert-relaxed', 'ort-web']

/**
 * The page of the measurements is isolated from other origins: its clock counts in steps of 5 µs, not of 100 µs. The cold
 * pages are not, since the browser would start a second process when it has seen these headers.
 */
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
  ? { rounds: Number(options.runs ?? 5), warmUpMs: 400, coldTrials: 1 }
  : { rounds: Number(options.runs ?? 60), warmUpMs: 3000, coldTrials: COLD_TRIALS }

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
if (!existsSync(PACKAGES)) execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: HERE, stdio: 'inherit' })

const { CHROMIUM, hasChromium, launchChromium } = await import('../chromium.mjs')
const { MODELS, ZOO, describe, modelBytes, modelFile } = await import('./models.mjs')
const { serve } = await import('../static-server.mjs')
const { withInt8 } = await import('./litert-int8.mjs')
const { coldPage, emptyPage, measurePage } = await import('./pages.mjs')
const { CONTENDERS, samplesFor } = await import('./page/contenders.js')
const { EMPTY, peersSection } = await import('./section.mjs')
const { circumstances, writeSection } = await import('../benchmarks-page.mjs')

if (!hasChromium)
  stop(`no Chromium at ${CHROMIUM}: install it, or name it in the environment variable CHROMIUM`)
if (!existsSync(ZOO)) stop('no model zoo at ../shared/zoo')
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
const server = await serve(
  {
    page: join(HERE, 'page'),
    pages,
    litert: join(PACKAGES, '@litertjs'),
    ort: join(PACKAGES, 'onnxruntime-web'),
    zoo: ZOO,
    bundles,
    samples,
  },
  {
    headers: (path) => (path === MEASURE_PAGE ? ISOLATED : {}),
    edits: { '/litert/core/dist/index.js': withInt8 },
  },
)

/** Compiles the bundles; their sizes beside those of the files they were made from. */
function makeBundles() {
  if (!contenders.some((name) => name.startsWith('espalier'))) return []
  return names.map((name) => {
    const folder = join(bundles, name)
    process.stderr.write(`compiling ${name}\n`)
    execFileSync(
      process.execPath,
      [
        join(ROOT, 'dist/src/cli/main.js'),
        'compile',
        modelFile(name),
        '--target',
        'wasm',
        '-o',
        folder,
        '--quiet',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const bundle = readdirSync(folder, { recursive: true })
      .map((file) => statSync(join(folder, file)))
      .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
    return { name, bundle, tflite: modelBytes(name) }
  })
}

/** Does `work` with a page of a new profile, opened `settlingMs` after its tab, whose messages go to standard error if it fails. */
async function withPage(browser, url, work, settlingMs = 0) {
  const context = await browser.newContext()
  const messages = []
  try {
    const tab = await context.newPage()
    tab.on('console', (message) => messages.push(message.text()))
    tab.on('pageerror', (error) => messages.push(error.message))
    await new Promise((resolve) => setTimeout(resolve, settlingMs))
    await tab.goto(url)
    return await work(tab)
  } catch (error) {
    for (const message of messages) console.error(`page: ${message}`)
    throw error
  } finally {
    await context.close()
  }
}

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

async function measureColdStart(browser) {
  const model = models.find(({ name }) => name === COLD_MODEL)
  if (model === undefined) return []
  const cold = COLD_CONTENDERS.filter((name) => contenders.includes(name)).map((contender) => {
    const file = `cold-${contender}.html`
    const { modules, files } = CONTENDERS[contender]
    const announced = {
      modules: modules(model),
      files: [...files(model), samplesFor(contender, model).inputs.url],
    }
    pages.set(file, coldPage(contender, model, announced))
    return { contender, url: `${server.address}/pages/${file}`, times: [], bytes: 0 }
  })
  pages.set('empty.html', emptyPage)
  cold.push({ contender: EMPTY, url: `${server.address}/pages/empty.html`, times: [], bytes: 0 })
  const openOnce = ({ url }) =>
    withPage(browser, url, (tab) => tab.evaluate(() => globalThis.firstResult), SETTLING_MS)
  // The first of all pages waits for the browser itself to get going.
  if (cold[0] !== undefined) await openOnce(cold[0])
  for (let trial = 0; trial < protocol.coldTrials; trial++) {
    process.stderr.write(`cold start ${trial + 1} of ${protocol.coldTrials}\n`)
    for (const entry of trial % 2 === 0 ? cold : [...cold].reverse()) {
      const { ms, bytes } = await openOnce(entry)
      entry.times.push(ms)
      entry.bytes = bytes
    }
  }
  return cold
}

/** What the processor can do with bytes, which decides how fast relaxed SIMD is. */
function dotProducts() {
  if (!existsSync('/proc/cpuinfo')) return 'instructions unknown'
  const flags = new Set(
    /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(' '),
  )
  const found = ['avx512_vnni', 'avx_vnni', 'asimddp'].filter((flag) => flags.has(flag))
  return found.length > 0 ? found.join(', ') : 'no byte dot product'
}

const version = (name) => JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')).version

try {
  const load = loadavg()[0]
  if (load > 0.5)
    console.error(`bench:peers: other work is running here (load ${load.toFixed(1)}): expect noise`)
  const sizes = makeBundles()
  const browser = await launchChromium()
  const chromium = browser.version()
  const cold = await measureColdStart(browser)
  const latency = await measureLatency(browser)
  await browser.close()
  const { lines, missed } = peersSection({ contenders, latency, cold, sizes })
  const section = `## Bundles beside other engines

${circumstances('bench:peers')}, ${dotProducts()}; load ${load.toFixed(1)} at the start. Chromium ${chromium}, headless;
@litertjs/core ${version('@litertjs/core')}, onnxruntime-web ${version('onnxruntime-web')}; one thread, ${protocol.rounds} rounds. The protocol is in
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
