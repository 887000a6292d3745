/**
 * The engines behind one interface. `prepare(model)` loads an engine and a model as its documentation says and gives
 *
 *   fill(sample)  writes a sample, bytes as the model takes them, to where the engine reads its input
 *   run()         one inference; asynchronous where the engine's own call is, then it returns a promise
 *   output()      the elements of the last output, readable from JavaScript
 *
 * A user waits for `run` and `output`: these are measured, `fill` is not.
 */

/** A bundle of this project. Without a variant the bundle chooses, which it does by a test of exactness. */
function espalier(variant) {
  return {
    async prepare({ bundle }) {
      const { load } = await import(`${bundle}/index.js`)
      const model = await load({ variant })
      if (variant === undefined && model.variant === 'plain') throw new Error('the bundle chose plain SIMD')
      const [input] = Object.values(model.inputs)
      let result
      return {
        fill: (sample) => input.set(sample),
        run: () => {
          result = model.run()
        },
        output: () => result,
      }
    },
  }
}

/** LiteRT.js, by one of its builds; `instance` keeps the state of two builds in one page apart. */
function litert(build, instance) {
  const engine = `/litert/core/dist/index.js?${instance}`
  return {
    async prepare({ tflite }) {
      const { loadLiteRt, loadAndCompile, Tensor } = await import(engine)
      await loadLiteRt(`/litert/core/wasm/${build}`)
      const model = await loadAndCompile(tflite, { accelerator: 'wasm', cpuOptions: { numThreads: 1 } })
      const shape = model.getInputDetails()[0].shape
      let input
      let result
      return {
        fill: (sample) => {
          input?.delete()
          input = new Tensor(sample, shape)
        },
        run: async () => {
          result?.delete()
          ;[result] = await model.run(input)
        },
        output: () => result.toTypedArray(),
      }
    },
  }
}

const ORT = '/ort/dist/ort.wasm.bundle.min.mjs'
const onnxRuntime = {
  async prepare({ onnx, onnxSamples }) {
    const ort = await import(ORT)
    ort.env.wasm.numThreads = 1
    const session = await ort.InferenceSession.create(onnx, { executionProviders: ['wasm'] })
    const [inputName] = session.inputNames
    const [outputName] = session.outputNames
    let feeds
    let results
    return {
      fill: (sample) => {
        feeds = { [inputName]: new ort.Tensor('float32', sample, onnxSamples.inputs.shape) }
      },
      run: async () => {
        results = await session.run(feeds)
      },
      output: () => results[outputName].data,
    }
  },
}

export const CONTENDERS = {
  'espalier-relaxed': espalier(undefined),
  'espalier-plain': espalier('plain'),
  'litert-relaxed': litert('litert_wasm_internal.js', 'relaxed'),
  'litert-plain': litert('litert_wasm_compat_internal.js', 'plain'),
  'ort-web': onnxRuntime,
}

/** What a contender is given to run: its samples, with the outputs of the reference. */
export function samplesFor(contender, model) {
  return contender === 'ort-web' ? model.onnxSamples : model.samples
}
