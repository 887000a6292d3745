/** Measures contenders that stay warm, in turns; `measure` is what the script calls. */
import { CONTENDERS, samplesFor } from './contenders.js'
import { samplesOf } from './samples.js'

/** Rounds of a contender take at least this long, so that a step of the clock is below a thousandth of it. */
const BATCH_MS = 5
const CLOCK_STEP_MS = 0.005

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
 * @returns for each contender: `times`, milliseconds an inference, one for each round; `differences` of `elements`
 */
async function measure(model, names, { rounds, warmUpMs }) {
  if (!crossOriginIsolated) throw new Error('the page is not isolated: the clock would be too coarse')
  const entries = []
  for (const name of names) {
    const files = samplesFor(name, model)
    const inputs = await samplesOf(files.inputs)
    const outputs = await samplesOf(files.outputs)
    const engine = await CONTENDERS[name].prepare(model)
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
  return entries.map(({ name, agreement, times }) => ({
    name,
    times,
    ...agreement,
  }))
}

globalThis.measure = measure
