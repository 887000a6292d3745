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
 */
export { loadTarget } from '../backends/trellis/target.ts'
export { unwrap } from '../ir/diagnostic.ts'
export { areaOf } from './area.ts'
export { bundleModel } from './bundle-model.ts'
export { evaluateOutputs } from './evaluate.ts'
export { openExecutable } from './executable.ts'
export { loadModel } from './importers/index.ts'
export { inspectGraph } from './inspect.ts'
export { compileModel } from './pipeline.ts'
export { runFeed } from './run.ts'
export { readArrays, writeArrays } from './tensors/array-files.ts'
export { feed } from './tensors/feed.ts'
