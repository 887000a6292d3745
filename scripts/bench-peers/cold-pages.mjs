/**
 * The pages of cold starts: each what a developer writes who wants one result of one engine, with its files announced, and
 * nothing else. The sample stands in the page, as what a user gives needs no download.
 */

/**
 * `files` are fetched, `modules` imported; both are announced, so that they load at once. `script` leaves the elements of
 * the output in `output`.
 */
const STARTS = {
  'espalier-relaxed': ({ bundle }) => ({
    modules: [`${bundle}/index.js`, `${bundle}/runtime.js`],
    // Which of its modules a bundle takes, a page cannot know.
    files: [`${bundle}/weights.bin`],
    script: `import { load } from '${bundle}/index.js'
const model = await load()
if (model.variant === 'plain') throw new Error('the bundle chose plain SIMD')
const output = model.run(sample)`,
  }),
  'litert-relaxed': ({ tflite, samples }) => ({
    modules: ['/litert/core/dist/index.js', '/litert/wasm-utils/dist/index.js'],
    files: [tflite, '/litert/core/wasm/litert_wasm_internal.wasm'],
    imports: { '@litertjs/wasm-utils': '/litert/wasm-utils/dist/index.js' },
    script: `import { loadLiteRt, loadAndCompile, Tensor } from '/litert/core/dist/index.js'
await loadLiteRt('/litert/core/wasm/litert_wasm_internal.js')
const model = await loadAndCompile('${tflite}', { accelerator: 'wasm', cpuOptions: { numThreads: 1 } })
const [result] = await model.run(new Tensor(sample, ${JSON.stringify(samples.inputs.shape)}))
const output = result.toTypedArray()`,
  }),
  'ort-web': ({ onnx, onnxSamples }) => ({
    modules: ['/ort/dist/ort.wasm.bundle.min.mjs'],
    files: [onnx, '/ort/dist/ort-wasm-simd-threaded.wasm'],
    script: `import * as ort from '/ort/dist/ort.wasm.bundle.min.mjs'
ort.env.wasm.numThreads = 1
const session = await ort.InferenceSession.create('${onnx}', { executionProviders: ['wasm'] })
const input = new ort.Tensor('float32', sample, ${JSON.stringify(onnxSamples.inputs.shape)})
const results = await session.run({ [session.inputNames[0]]: input })
const output = results[session.outputNames[0]].data`,
  }),
}

/** A page that loads nothing: what a first result would take if there were nothing to do. */
export const EMPTY = 'empty'

export const COLD_CONTENDERS = Object.keys(STARTS)

/**
 * The document for the first result of a contender on a sample. It sets `firstResult`: milliseconds from the start of the
 * navigation until the output can be read, the output, and bytes of what was fetched, decoded and as they came.
 * @param {Uint8Array} sample bytes of one input
 */
export function coldPage(contender, model, sample) {
  const { modules, files, imports, script } =
    contender === EMPTY ? { modules: [], files: [], script: 'const output = []' } : STARTS[contender](model)
  const head = [
    ...(imports ? [`<script type="importmap">${JSON.stringify({ imports })}</script>\n`] : []),
    ...modules.map((url) => `<link rel="modulepreload" href="${url}">\n`),
    ...files.map((url) => `<link rel="preload" as="fetch" href="${url}" crossorigin>\n`),
  ].join('')
  const elements = contender === 'ort-web' ? 'Float32Array' : 'Int8Array'
  return Buffer.from(`<!doctype html>
<meta charset="utf-8">
<title>${contender}</title>
<link rel="icon" href="data:,">
${head}<body></body>
<script type="module">
const sample = new ${elements}(Uint8Array.from(atob('${sample.toString('base64')}'), (c) => c.charCodeAt(0)).buffer)
${script}
const ms = performance.now()
const fetched = performance.getEntriesByType('resource')
const sum = (key) => fetched.reduce((total, entry) => total + entry[key], 0)
globalThis.firstResult = { ms, output: Array.from(output), decoded: sum('decodedBodySize'), encoded: sum('encodedBodySize') }
</script>
`)
}
