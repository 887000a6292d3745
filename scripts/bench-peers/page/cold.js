/** Times the first result on a page that was just opened. The document says of what, so that nothing waits for the script. */
import { CONTENDERS, samplesFor } from './contenders.js'
import { samplesOf } from './samples.js'

/**
 * Milliseconds from the start of the navigation until the first output can be read, and the bytes that the engine
 * and its model took to download.
 */
async function firstResult({ contender, model }) {
  const samples = samplesOf(samplesFor(contender, model).inputs)
  const engine = await CONTENDERS[contender].prepare(model)
  engine.fill((await samples)[0])
  await engine.run()
  engine.output()
  const ms = performance.now()
  const fetched = performance.getEntriesByType('resource').filter(({ name }) => isEngine(name))
  return { ms, bytes: fetched.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0) }
}

const isEngine = (url) => /^\/(bundles|litert|ort|zoo)\//.test(new URL(url).pathname)

globalThis.firstResult = firstResult(JSON.parse(document.getElementById('job').textContent))
