/** What must hold of a network in WebAssembly: it compiles, and every module that runs here gives the exact outputs. */
import { VARIANTS, type Variant, type WasmArtifact } from '../../backends/wasm/artifact.ts'
import { compileWasm } from '../../backends/wasm/compile.ts'
import { exactVariants } from '../../backends/wasm/runtime/runtime.js'
import { unwrap } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import type { Graph } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import type { Executable } from '../../src/run.ts'
import { wasmExecutable } from '../../src/wasm-executable.ts'
import { randomInputs } from '../laws/network-builder.ts'

/** The variants that this engine runs exactly: `plain` everywhere. */
export const HERE: readonly Variant[] = exactVariants()
if (HERE.length < 2) {
  console.warn(`this engine has no relaxed SIMD: only ${HERE.join()} of ${VARIANTS.join(', ')} is tested`)
}

/** What runs modules. */
export interface Engine {
  readonly variants: readonly Variant[]
  readonly open: (artifact: WasmArtifact, variant: Variant) => Promise<Executable>
}

/** Throws where a module's outputs differ from the interpreter's, for some inputs. */
export async function checkOnWasm(
  graph: Graph,
  seed: number,
  inputs: readonly (readonly TensorData[])[] = [randomInputs(graph, seed), randomInputs(graph, seed + 7)],
  { variants, open }: Engine = { variants: HERE, open: wasmExecutable },
): Promise<void> {
  const artifact = unwrap(compileWasm(graph))
  const interpreter = createInterpreter(graph)
  for (const variant of variants) {
    const executable = await open(artifact, variant)
    // A second run sees what the first left in memory.
    for (const given of inputs) {
      const expected = interpreter.run(given)
      const actual = executable.run(given)
      expected.forEach((data, n) => {
        expectEqual(actual[n], data, `output ${graph.outputs[n]} of variant ${variant}`)
      })
    }
  }
}

function expectEqual(actual: TensorData | undefined, expected: TensorData, what: string): void {
  const wrong = expected.findIndex((value: number | bigint, i: number) => !Object.is(actual?.[i], value))
  if (wrong < 0 && actual?.length === expected.length) return
  throw new Error(`${what} differs at ${wrong}: ${actual?.[wrong]}, expected ${expected[wrong]}`)
}
