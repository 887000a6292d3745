/** Does the job that the address holds, with each variant in the page and once in a module worker, into `results`. */
import { compare } from './compare.js'

const { variants, ...job } = JSON.parse(new URL(location.href).searchParams.get('job'))

// The address starts it, not the test, whose calls are exempt from the policy against evaluation.
globalThis.results = inTurn()

async function inTurn() {
  const results = {}
  for (const variant of variants) results[variant] = await compare({ ...job, variant })
  results.worker = await inWorker(job)
  return results
}

function inWorker(message) {
  return new Promise((resolve, reject) => {
    const worker = new Worker('worker.js', { type: 'module' })
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = (event) => reject(new Error(event.message))
    worker.postMessage(message)
  })
}
