/** Networks that quantize by the data: their definition in ONNX, and what runs them everywhere. */
import { expect } from 'vitest'
import { loadTarget } from '../../../backends/trellis/target.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import type { Graph } from '../../../ir/graph.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { optimize } from '../../../src/pipeline.ts'
import { checkOnTrellis } from '../../laws/trellis-law.ts'
import { checkOnWasm } from '../../wasm/wasm-law.ts'
import { type FileNode, onnxFile, port } from '../onnx-file.ts'
import { nothing } from './quantized-network.ts'

const { fround } = Math
export const TARGET = unwrap(loadTarget(undefined))
/** TensorProto.DataType. */
export const FLOAT = 1

export const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: FileNode['attributes'] = {},
): FileNode => ({ op, inputs, outputs, attributes })

/** The nearest integer, halves to the even one. */
export function nearest(x: number): number {
  const rounded = Math.round(x)
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

const byte = (x: number) => Math.max(0, Math.min(255, nearest(x)))

/** DynamicQuantizeLinear as ONNX defines it, every operation rounded to float32. */
export function dynamicallyQuantized(x: readonly number[]) {
  const [min, max] = [Math.min(0, ...x), Math.max(0, ...x)]
  const scale = fround(fround(max - min) / 255) || 1
  const zero = byte(-fround(min / scale))
  return { bytes: x.map((v) => byte(nearest(fround(v / scale)) + zero)), scale, zero }
}

/** The interpreter's results, which those of the machine and of WebAssembly equal. */
export async function everywhere(graph: Graph, x: readonly number[]): Promise<readonly TensorData[]> {
  const inputs = [Float32Array.from(x)]
  await checkOnWasm(optimize(graph), 1, [inputs])
  expect(checkOnTrellis(graph, TARGET, 1, inputs)).toBe('exact')
  return createInterpreter(graph).run(inputs)
}

export const QUANTIZER = node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z'])

export function network(
  nodes: readonly FileNode[],
  shape: readonly number[],
  constants: readonly Uint8Array[] = [],
  outputs: readonly Uint8Array[] = [port('y', [])],
): Uint8Array {
  return onnxFile({ nodes, inputs: [port('x', shape)], outputs, initializers: constants })
}

export function refusal(bytes: Uint8Array): string {
  const result = importOnnx(bytes, 'd.onnx', nothing)
  if (result.ok) return 'imported'
  return result.diagnostics.map(({ code, message }) => `${code}: ${message}`).join()
}
