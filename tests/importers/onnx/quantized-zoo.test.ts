/** Quantized ONNX networks: outputs of the reference, and the same bits from every backend. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadTarget } from '../../../backends/trellis/target.ts'
import { compileWasm } from '../../../backends/wasm/compile.ts'
import { must, unwrap } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import type { Graph } from '../../../ir/graph.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { loadModel } from '../../../src/importers/index.ts'
import { compileModel, optimize } from '../../../src/pipeline.ts'
import { readNpy } from '../../../src/tensors/npy.ts'
import { createTrellisRunner } from '../../../src/trellis-runner.ts'
import { wasmExecutable } from '../../../src/wasm-executable.ts'
import { hasZoo, zooPath } from '../zoo.ts'

const QOPERATOR = [
  'models/resnet8_qop_u8s8',
  'models/dscnn_kws_qop_u8s8',
  'models/mbv2_cifar_small_folded_qop_u8s8',
  'models/shufflenet_cifar_qop_u8s8',
]

const load = async (model: string) => unwrap(await loadModel(zooPath(`${model}.onnx`)))

function arrayOf(model: string, what: string): Float32Array | undefined {
  const path = zooPath(`${model.replace('models/', 'reference/')}.${what}.npy`)
  return existsSync(path) ? (unwrap(readNpy(readFileSync(path), path)).data as Float32Array) : undefined
}

/** All samples of a reference, one array each. */
function samplesOf(model: string, what: string, count: number): readonly Float32Array[] {
  const data = must(arrayOf(model, what), what)
  const size = data.length / count
  return Array.from({ length: count }, (_, n) => data.slice(n * size, (n + 1) * size))
}

const SAMPLES = 16

type Run = (inputs: readonly TensorData[]) => readonly TensorData[]

/** The interpreter, Trellis and WebAssembly. */
async function backends(graph: Graph): Promise<Readonly<Record<string, Run>>> {
  const interpreter = createInterpreter(graph)
  const program = unwrap(compileModel(graph, unwrap(loadTarget('trellis-16'))))
  const runner = createTrellisRunner(program)
  const executable = await wasmExecutable(unwrap(compileWasm(optimize(graph))), 'plain')
  return {
    interpreter: (inputs) => interpreter.run(inputs),
    trellis: (inputs) => runner.run(inputs),
    wasm: (inputs) => executable.run(inputs),
  }
}

describe.skipIf(!hasZoo)('QOperator networks give the outputs of the reference', () => {
  test.each(QOPERATOR)(
    '%s',
    async (model) => {
      const runs = await backends(await load(model))
      const inputs = samplesOf(model, 'inputs', SAMPLES)
      const outputs = samplesOf(model, 'outputs', SAMPLES)
      for (const [backend, run] of Object.entries(runs)) {
        inputs.forEach((input, n) => {
          expect(run([input])[0], `sample ${n} on ${backend}`).toEqual(outputs[n])
        })
      }
    },
    120_000,
  )
})
