/**
 * Artifacts made by hand, to test the bundle and the runtime on. Their modules are real, and what they compute is said
 * in a line: byte j of output k is byte j (again from the start, where that is too few) of input k (likewise), plus
 * byte j of the weights (likewise), plus 1, which `init` adds.
 */
import binaryen from 'binaryen'
import { VARIANTS, type Variant, type WasmArtifact, type WasmPort } from '../../../backends/wasm/artifact.ts'
import { must } from '../../../ir/diagnostic.ts'
import { allocate, type DType, type TensorData } from '../../../ir/dtype.ts'
import { elementCount, perTensor, type TensorType } from '../../../ir/tensor.ts'

export interface HandmadePort {
  readonly name: string
  readonly type: TensorType
}

export function port(
  name: string,
  dtype: DType,
  shape: readonly number[],
  scale?: number,
  zeroPoint = 0,
): HandmadePort {
  return {
    name,
    type: { dtype, shape, ...(scale === undefined ? {} : { quant: perTensor(scale, zeroPoint) }) },
  }
}

export function handmadeArtifact(
  inputs: readonly HandmadePort[],
  outputs: readonly HandmadePort[],
  weights: Uint8Array,
  model = 'handmade',
): WasmArtifact {
  let end = 64
  const place = (bytes: number): number => {
    const address = end
    end = Math.ceil((end + bytes) / 16) * 16
    return address
  }
  const placed = (p: HandmadePort): WasmPort => ({ ...p, address: place(byteLength(p)) })
  const artifact = {
    model,
    inputs: inputs.map(placed),
    outputs: outputs.map(placed),
    layers: [],
    weights,
    weightsAddress: place(weights.length),
  }
  const ready = place(weights.length)
  const pages = Math.ceil(end / 65536)
  const modules = VARIANTS.map((variant) => [variant, encode(artifact, ready, pages, variant)])
  return { ...artifact, modules: Object.fromEntries(modules) }
}

/** What the artifact must give, computed here. */
export function expectedOutputs(
  artifact: WasmArtifact,
  inputs: readonly TensorData[],
): readonly TensorData[] {
  const { weights } = artifact
  return artifact.outputs.map(({ type }, k) => {
    const input = bytesOf(must(inputs[k % inputs.length], 'input'))
    const output = allocate(type.dtype, elementCount(type.shape))
    bytesOf(output).forEach((_, j, bytes) => {
      bytes[j] = at(input, j) + (weights.length === 0 ? 0 : at(weights, j) + 1)
    })
    return output
  })
}

/** One int8 input and output of 784 elements, quantized, with names as TensorFlow makes them. */
export function singleArtifact(weights: Uint8Array = someWeights(1000)): WasmArtifact {
  return handmadeArtifact(
    [port('serving_default_input_1:0', 'i8', [1, 28, 28, 1], Math.fround(1 / 255), -128)],
    [port('StatefulPartitionedCall:0', 'i8', [1, 10], Math.fround(0.00390625), -128)],
    weights,
    'digits',
  )
}

/** Inputs and outputs of several types and shapes. */
export function severalArtifact(): WasmArtifact {
  return handmadeArtifact(
    [
      port('image', 'i8', [1, 4, 4, 3], Math.fround(0.02), 5),
      port('state', 'i16', [1, 7], Math.fround(0.001)),
      port('gain', 'f32', [1]),
      port('ids', 'i32', [2, 3]),
    ],
    [
      port('scores', 'i8', [1, 5], Math.fround(0.1), -3),
      port('state_out', 'i16', [1, 7], Math.fround(0.001)),
      port('raw', 'f32', [2, 2]),
      port('at', 'i64', [1]),
    ],
    someWeights(333),
    'several',
  )
}

export function someWeights(length: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * i * 31 + i * seed + (i >> 3)) & 255)
}

/** One array for each input; they differ from each other, and for each seed. */
export function someInputs({ inputs }: WasmArtifact, seed: number): readonly TensorData[] {
  return inputs.map(({ type }, k) => {
    const data = allocate(type.dtype, elementCount(type.shape))
    bytesOf(data).set(someWeights(data.byteLength, seed + k))
    return data
  })
}

function at(bytes: Uint8Array, j: number): number {
  return bytes.length === 0 ? 0 : must(bytes[j % bytes.length], 'byte')
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function byteLength({ type }: HandmadePort): number {
  return allocate(type.dtype, elementCount(type.shape)).byteLength
}

/** Bytes at 0..48 of the memory are scratch for the instruction that makes the module one of its variant. */
function encode(
  artifact: Omit<WasmArtifact, 'modules'>,
  ready: number,
  pages: number,
  variant: Variant,
): Uint8Array {
  const { weights, weightsAddress, inputs, outputs } = artifact
  const module = new binaryen.Module()
  const { SIMD128, RelaxedSIMD } = binaryen.Features
  module.setFeatures(variant === 'plain' ? SIMD128 : SIMD128 | RelaxedSIMD)
  module.setMemory(pages, pages, 'memory')

  const { i32 } = module
  const j = () => module.local.get(0, binaryen.i32)
  const loop = (label: string, count: number, body: number): number =>
    module.block(null, [
      module.local.set(0, i32.const(0)),
      module.loop(
        label,
        module.if(
          i32.lt_u(j(), i32.const(count)),
          module.block(null, [body, module.local.set(0, i32.add(j(), i32.const(1))), module.br(label)]),
        ),
      ),
    ])
  const byte = (address: number, length: number): number =>
    length === 0
      ? i32.const(0)
      : i32.load8_u(0, 1, i32.add(i32.rem_u(j(), i32.const(length)), i32.const(address)))
  const store = (address: number, value: number): number =>
    i32.store8(0, 1, i32.add(j(), i32.const(address)), value)

  const init = loop(
    'init',
    weights.length,
    store(ready, i32.add(byte(weightsAddress, weights.length), i32.const(1))),
  )
  const run = outputs.map((output, k) => {
    const input = must(inputs[k % inputs.length], 'input')
    const sum = i32.add(byte(input.address, byteLength(input)), byte(ready, weights.length))
    return loop(`run${k}`, byteLength(output), store(output.address, sum))
  })
  const define = (name: string, body: readonly number[]): void => {
    module.addFunction(name, binaryen.none, binaryen.none, [binaryen.i32], module.block(null, [...body]))
    module.addFunctionExport(name, name)
  }
  define('init', [init])
  define('run', [vectorInstruction(module, variant), ...run])
  if (!module.validate()) throw new Error('the handmade module is not valid')
  return module.emitBinary()
}

/** binaryen.js has no method for the relaxed dot product, and no type for what makes one. */
const { _BinaryenSIMDTernary: simdTernary } = binaryen as unknown as {
  readonly _BinaryenSIMDTernary: (module: number, op: number, a: number, b: number, c: number) => number
}

function vectorInstruction(module: binaryen.Module, variant: Variant): number {
  const load = (address: number) => module.v128.load(0, 16, module.i32.const(address))
  const operands = [load(0), load(16), load(32)] as const
  const value =
    variant === 'plain'
      ? module.i32x4.add(operands[0], module.i32x4.dot_i16x8_s(operands[1], operands[2]))
      : simdTernary(module.ptr, binaryen.RelaxedDotI8x16I7x16AddSToVecI32x4, ...operands)
  // The second relaxed module differs from the first, as compiled ones do.
  return module.v128.store(variant === 'relaxed_signed' ? 16 : 0, 16, module.i32.const(32), value)
}
