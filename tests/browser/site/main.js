/** Runs the job that the address holds, in the page or in a module worker; `result` is what becomes of it. */
import { compare } from './compare.js'

const { worker, ...job } = JSON.parse(new URL(location.href).searchParams.get('job'))

globalThis.result = worker ? inWorker(job) : compare(job)

function inWorker(message) {
  return new Promise((resolve, reject) => {
    const thread = new Worker('worker.js', { type: 'module' })
    thread.onmessage = ({ data }) => resolve(data)
    thread.onerror = (event) => reject(new Error(event.message))
    thread.postMessage(message)
  })
}
