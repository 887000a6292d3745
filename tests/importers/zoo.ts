/** Where the tests find the model zoo; see its README for what the files are. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../shared/zoo', import.meta.url))

export const hasZoo = existsSync(ROOT)
if (!hasZoo) console.warn('skipping tests on real models: ../shared/zoo is not there')

/** Path of a file of the zoo, such as `models/resnet8_int8.tflite`. */
export function zooPath(file: string): string {
  return `${ROOT}/${file}`
}

/** Models that are imported, compiled and compared with their reference outputs. */
export const INT8_MODELS: readonly string[] = [
  'models/resnet8_int8',
  'models/dscnn_kws_int8',
  'models/vww_96_int8',
  'models/ad01_int8',
  'models/ad01_int8_floatio',
  'models/mobilenet_v2_int8_224',
  'models/micro_speech_int8',
  'models/hello_world_int8',
  'models/simple_add',
  'own/models/digits_int8',
  'own/models/digits_sparse_int8',
  'own/models/digits_segment_int8',
]

/** Models on float32 tensors, of dscnn_kws_float also with int8 weights: their outputs are near the references'. */
export const FLOAT_MODELS: readonly string[] = [
  'models/resnet8_float',
  'models/dscnn_kws_float',
  'models/ad01_float',
  'models/vww_96_float',
  'models/hello_world_float',
  'models/mnist_lstm_float',
]
