/**
 * Espalier as a library: the steps of the command line, one function each.
 *
 * ```js
 * import { feed, openExecutable, readArrays, runFeed, unwrap } from 'espalier'
 *
 * const model = unwrap(await openExecutable('digits_int8.tflite', 'reference'))
 * const data = unwrap(readArrays(['digits.npy']))
 * const outputs = runFeed(model, unwrap(feed(model.inputs, data, { scale: 1 / 255 })))
 * ```
 *
 * What can fail because of its input returns a `Result`: `{ ok: true, value }` or `{ ok: false, diagnostics }`.
 * `unwrap` gives the value or throws the diagnostics as one error.
 *
 * @module espalier
 * @group API
 */

export type { Area } from '../backends/trellis/area/count.ts'
export type { UnitAreas } from '../backends/trellis/area/synthesis.ts'
export type { Program } from '../backends/trellis/program.ts'
export type { Target } from '../backends/trellis/target.ts'
export { loadTarget } from '../backends/trellis/target.ts'
export type { BundleOptions } from '../backends/wasm/bundle/write-bundle.ts'
export type { Diagnostic, Result, Severity, Span } from '../ir/diagnostic.ts'
export { unwrap } from '../ir/diagnostic.ts'
export type { DType, TensorData } from '../ir/dtype.ts'
export type { Attr, Attrs, Graph, Node, Value } from '../ir/graph.ts'
export type { BlockShape } from '../ir/sparsity.ts'
export type { Quant, TensorType } from '../ir/tensor.ts'
export type { AreaReport } from './area.ts'
export { areaOf } from './area.ts'
export { bundleModel } from './bundle-model.ts'
export type { Evaluation } from './evaluate.ts'
export { evaluateOutputs } from './evaluate.ts'
export { openExecutable } from './executable.ts'
export type { LoadOptions } from './importers/index.ts'
export { loadModel } from './importers/index.ts'
export type { InspectedLayer, InspectedPort, Inspection } from './inspect.ts'
export { inspectGraph } from './inspect.ts'
export type {
  InspectedQuantization,
  InspectedTensor,
  InspectedValues,
  ValueHistogram,
  ValueInterval,
} from './inspect-tensors.ts'
export { compileModel } from './pipeline.ts'
export type { Executable } from './run.ts'
export { runFeed } from './run.ts'
export { readArrays, writeArrays } from './tensors/array-files.ts'
export type { DataLayout, Feed, FeedOptions, GivenArray } from './tensors/feed.ts'
export { feed } from './tensors/feed.ts'
export type { NpyArray, NpyData } from './tensors/npy.ts'
export type { Port } from './tensors/port.ts'
