/** Networks of `examples/digits` as programs, for tests of what a simulation tells. */
import { compileTrellis } from '../../backends/trellis/compile.ts'
import type { Program } from '../../backends/trellis/program.ts'
import { loadTarget } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { loadModel } from '../../src/importers/index.ts'
import { optimize } from '../../src/pipeline.ts'

export async function compiledDigits(name: string, target: string): Promise<Program> {
  const graph = unwrap(await loadModel(`examples/digits/${name}.tflite`))
  return unwrap(compileTrellis(optimize(graph), unwrap(loadTarget(target))))
}

/** A dense network, a sparse one, and one that segments, on trellis-16. */
export const DIGITS = await Promise.all(
  ['digits_int8', 'digits_sparse_int8', 'digits_segment_int8'].map((name) =>
    compiledDigits(name, 'trellis-16'),
  ),
)
