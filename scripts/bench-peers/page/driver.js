/** What the script calls in the page: `compare` and `measure` on contenders that stay warm, `firstResult` on a cold page. */
import { CONTENDERS } from './contenders.js'

/** Rounds of a contender take at least this long, so that a step of the clock is below a thousandth of it. */
const BATCH_MS = 5
const CLOCK_STEP_MS = 0.005

async function samplesOf({ url, dtype, count }) {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  const bytes = await response.arrayBuffer()
  const elements = dtype === 'f32' ? new Float32Array(bytes) : new Int8Array(bytes)
  const size = elements.length / count
  return Array.from({ length: count }, (_, i) => elements.subarray(i * size, (i + 1) * size))
}

const settled = () => new Promise((resolve) => setTimeout(resolve))

/** Milliseconds of each of `count` inferences in a row, each until its output can be read. */
async function batch(engine, count) {
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    const pending = engine.run()
    if (pending !== undefined) await pending
    engine.output()
  }
  return (performance.now() - start) / count
}

/** How many inferences fill a batch. */
const batchSize = (shortestMs) => Math.ceil(BATCH_MS / Math.max(shortestMs, CLOCK_STEP_MS / 10))

/** Elements of all outputs that are not those of the reference. */
async function differing(engine, inputs, outputs) {
  let differences = 0
  let elements = 0
  for (const [i, sample] of inputs.entries()) {
    engine.fill(sample)
    await engine.run()
    const output = engine.output()
    const expected = outputs[i]
    if (output.length !== expected.length)
      throw new Error(`${output.length} elements of output, expected ${expected.length}`)
    for (let k = 0; k < expected.length; k++) if (output[k] !== expected[k]) differences++
    elements += expected.length
  }
  return { differences, elements }
}

/**
 * Runs an engine for `ms` milliseconds, in which the browser replaces quickly made code by optimized code; gives the
 * shortest time of an inference, by which batches are long enough.
 */
async function warmUp(engine, ms) {
  const end = performance.now() + ms
  let shortest = await batch(engine, 1)
  while (performance.now() < end) {
    shortest = Math.min(shortest, await batch(engine, batchSize(shortest)))
    await settled()
  }
  return shortest
}

/**
 * Measures contenders on one model in turns. Every round has a sample of its own and another order: contenders
 * take turns in being first, and every second round goes backwards.
 *
 * @returns for each contender: `times`, milliseconds an inference, one for each round; `differences` of `elements`; `variant`
 */
async function measure(model, names, { rounds, warmUpMs }) {
  if (!crossOriginIsolated) throw new Error('the page is not isolated: the clock would be too coarse')
  const entries = []
  for (const name of names) {
    const files = name === 'ort-web' ? model.onnxSamples : model.samples
    const inputs = await samplesOf(files.inputs)
    const outputs = await samplesOf(files.outputs)
    const engine = await CONTENDERS[name](model)
    const agreement = await differing(engine, inputs, outputs)
    entries.push({ name, engine, inputs, agreement, times: [] })
  }
  // Twice around: while one is warmed up, what the browser compiles in the background for another gets ready.
  for (let pass = 0; pass < 2; pass++)
    for (const entry of entries) entry.shortest = await warmUp(entry.engine, warmUpMs / 2)
  for (let round = 0; round < rounds; round++) {
    const order = entries.map((_, i) => entries[(i + round) % entries.length])
    if (round % 2 === 1) order.reverse()
    for (const { engine, inputs, shortest, times } of order) {
      const count = batchSize(shortest)
      engine.fill(inputs[round % inputs.length])
      await settled()
      await batch(engine, Math.max(2, Math.ceil(count / 4)))
      times.push(await batch(engine, count))
    }
  }
  return entries.map(({ name, engine, agreement, times }) => ({
    name,
    variant: engine.variant,
    times,
    ...agreement,
  }))
}

/**
 * On a page that was just opened: milliseconds from the start of the navigation until the first output can be read,
 * and the bytes that the engine and its model took to download.
 */
async function firstResult(model, name) {
  const samples = samplesOf((name === 'ort-web' ? model.onnxSamples : model.samples).inputs)
  const engine = await CONTENDERS[name](model)
  engine.fill((await samples)[0])
  await engine.run()
  engine.output()
  const ms = performance.now()
  const fetched = performance.getEntriesByType('resource').filter(({ name: url }) => isEngine(url))
  return {
    ms,
    bytes: fetched.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0),
    files: fetched.map(({ name: url, decodedBodySize }) => [new URL(url).pathname, decodedBodySize]),
  }
}

const isEngine = (url) => !/^\/(page|samples)\//.test(new URL(url).pathname)

/** On a cold page the address says what to do, so that nothing waits for the script. */
const cold = new URL(location.href).searchParams.get('cold')
if (cold !== null) {
  const { model, contender } = JSON.parse(cold)
  globalThis.cold = firstResult(model, contender)
}
globalThis.measure = measure
