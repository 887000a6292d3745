/** The models of the comparison: what each engine is given, and samples with the outputs of the reference. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readNpy } from '../../dist/src/tensors/npy.js'

export const ZOO = join(import.meta.dirname, '../../../shared/zoo')

/** ONNX Runtime Web gets the same network as a graph of QuantizeLinear and DequantizeLinear, where the zoo has one. */
export const MODELS = [
  { name: 'resnet8_int8', onnx: 'resnet8_qdq_int8' },
  { name: 'dscnn_kws_int8', onnx: 'dscnn_kws_qdq_int8' },
  { name: 'vww_96_int8', onnx: 'vww_96_qdq_int8' },
  { name: 'ad01_int8' },
  { name: 'mobilenet_v2_int8_224' },
]

export const modelFile = (name) => join(ZOO, 'models', `${name}.tflite`)
export const modelBytes = (name) => statSync(modelFile(name)).size

/**
 * What a page needs to know of a model, in addresses of the server; `samples` is the Map of bytes that it serves
 * under /samples, which this fills.
 */
export function describe({ name, onnx }, samples) {
  const both = (reference) => ({
    inputs: publish(`${reference}.inputs`, samples),
    outputs: publish(`${reference}.outputs`, samples),
  })
  return {
    name,
    bundle: `/bundles/${name}`,
    tflite: `/zoo/models/${name}.tflite`,
    samples: both(name),
    ...(onnx === undefined ? {} : { onnx: `/zoo/models/${onnx}.onnx`, onnxSamples: both(onnx) }),
  }
}

function publish(name, samples) {
  const path = join(ZOO, 'reference', `${name}.npy`)
  if (!existsSync(path)) throw new Error(`the zoo has no ${path}`)
  const parsed = readNpy(readFileSync(path), path)
  if (!parsed.ok) throw new Error(parsed.diagnostics[0].message)
  const { dtype, shape, data } = parsed.value
  samples.set(name, Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return { url: `/samples/${name}`, dtype, count: shape[0], shape: [1, ...shape.slice(1)] }
}
