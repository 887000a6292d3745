/** TFLite tensors and buffers as IR values. */
import { fail } from '../../../ir/diagnostic.ts'
import { DTYPE_BITS, DTYPE_RANGE, type DType, type TensorData } from '../../../ir/dtype.ts'
import type { Value, ValueId } from '../../../ir/graph.ts'
import { unpack } from '../../../ir/packing.ts'
import { elementCount, type Quant } from '../../../ir/tensor.ts'
import { TENSOR_TYPES } from './names.ts'
import type { TfliteModel, TfliteTensor } from './schema.ts'

/** Offsets of tensors are 32-bit in TFLite's runtime and in every backend here. */
const MAX_TENSOR_BYTES = 2 ** 31 - 1

/** Whether a tensor is too large to be held. */
export function isHuge(dtype: DType, shape: readonly number[]): boolean {
  return elementCount(shape) * (DTYPE_BITS[dtype] / 8) > MAX_TENSOR_BYTES
}

/** Gives tensors of one subgraph their names and values; a tensor that nobody asks for is never looked at. */
export class TensorImporter {
  private readonly bytes: Uint8Array
  private readonly file: string
  private readonly model: TfliteModel
  private readonly tensors: readonly TfliteTensor[]
  private readonly path: string
  private readonly values = new Map<number, Value>()
  private readonly arrays = new Map<string, TensorData>()
  readonly ids: readonly ValueId[]

  constructor(
    bytes: Uint8Array,
    file: string,
    model: TfliteModel,
    tensors: readonly TfliteTensor[],
    path: string,
  ) {
    this.bytes = bytes
    this.file = file
    this.model = model
    this.tensors = tensors
    this.path = path
    this.ids = uniqueNames(tensors.map((tensor, i) => tensor.name || `t${i}`))
  }

  get count(): number {
    return this.tensors.length
  }

  /** How diagnostics name a tensor. */
  describe(index: number): string {
    return `${this.path} / tensor ${index} (${this.tensors[index]?.name || 'unnamed'})`
  }

  /** The element type's name in TFLite, and in the IR if it has one. */
  elementType(index: number): { readonly name: string; readonly dtype?: DType } {
    const type = this.at(index).type
    return TENSOR_TYPES[type] ?? { name: `type ${type}` }
  }

  /** True if the file holds the tensor's elements. */
  isConstant(index: number): boolean {
    const tensor = this.at(index)
    const buffer = this.model.buffers[tensor.buffer]
    return (
      (buffer !== undefined && (buffer.data.length > 0 || buffer.offset > 1)) || tensor.externalBuffer !== 0
    )
  }

  /** True if an operator changes the tensor while it runs. */
  isVariable(index: number): boolean {
    return this.at(index).isVariable
  }

  /** Fails with the code `tflite/...` that says why a tensor cannot be imported. */
  value(index: number): Value {
    const known = this.values.get(index)
    if (known) return known
    const tensor = this.at(index)
    const { name, dtype } = this.elementType(index)
    if (dtype === undefined) {
      this.reject(index, 'unsupported-type', `elements of type ${name} are not supported`, 'quantize to int8')
    }
    if (tensor.isVariable) {
      this.reject(index, 'variable-tensor', 'state kept between inferences is not supported')
    }
    const elements = this.elements(index, dtype)
    const quant = dtype === 'f32' ? undefined : this.quant(index, dtype)
    const value: Value = {
      type: { dtype, shape: tensor.shape, ...(quant && { quant }) },
      ...(this.isConstant(index) && { data: this.data(index, dtype, elements) }),
    }
    this.values.set(index, value)
    return value
  }

  private at(index: number): TfliteTensor {
    const tensor = this.tensors[index]
    if (tensor) return tensor
    fail({
      code: 'tflite/bad-index',
      message: `tensor ${index} does not exist: the subgraph has ${this.tensors.length}`,
      span: { file: this.file, path: this.path },
      hint: 'the file is damaged: fetch or export it again',
    })
  }

  /** Number of elements, after checking that the shape is one that can be stored. */
  private elements(index: number, dtype: DType): number {
    const { shape } = this.at(index)
    const tooSmall = shape.find((extent) => extent < 1)
    if (tooSmall !== undefined) {
      const hint = 'export the model with fixed shapes, for example with batch size 1'
      this.reject(index, 'bad-shape', `the shape [${shape.join(', ')}] has an extent of ${tooSmall}`, hint)
    }
    if (isHuge(dtype, shape)) {
      this.reject(index, 'huge-shape', `the shape [${shape.join(', ')}] holds more than 2 GiB of ${dtype}`)
    }
    return elementCount(shape)
  }

  private quant(index: number, dtype: DType): Quant | undefined {
    const { quantization, shape } = this.at(index)
    if (!quantization) return undefined
    const { scale, zeroPoint, axis } = quantization
    if (quantization.detailsType !== 0) {
      this.reject(index, 'custom-quantization', 'custom quantization schemes are not supported')
    }
    if (scale.length === 0) return undefined
    const bad = scale.find((s) => !(s > 0 && s < Number.POSITIVE_INFINITY))
    if (bad !== undefined)
      this.reject(index, 'bad-scale', `a quantization scale is ${bad}, not a positive number`)
    if (zeroPoint.length > 1 && zeroPoint.length !== scale.length) {
      this.reject(
        index,
        'bad-zero-point',
        `${zeroPoint.length} zero points stand beside ${scale.length} scales`,
      )
    }
    const [low, high] = DTYPE_RANGE[dtype] ?? [0, 0]
    const outside = zeroPoint.find((z) => z < low || z > high)
    if (outside !== undefined) {
      this.reject(index, 'bad-zero-point', `the zero point ${outside} is not a value of ${dtype}`)
    }
    if (scale.length > 1 && shape[axis] !== scale.length) {
      const extent = shape[axis] === undefined ? 'does not exist' : `has ${shape[axis]} channels`
      this.reject(index, 'bad-axis', `${scale.length} scales along axis ${axis}, which ${extent}`)
    }
    return {
      scale: Float64Array.from(scale),
      zeroPoint: Int32Array.from(scale, (_, i) => zeroPoint[zeroPoint.length === 1 ? 0 : i] ?? 0),
      ...(scale.length > 1 && { axis }),
    }
  }

  private data(index: number, dtype: DType, elements: number): TensorData {
    const tensor = this.at(index)
    if (tensor.sparsity) {
      const hint = 'export the model with dense weights'
      this.reject(index, 'sparse-tensor', "TFLite's sparse weight encoding is not supported", hint)
    }
    const raw = this.rawBytes(index)
    const expected = elements * (DTYPE_BITS[dtype] / 8)
    if (raw.length !== expected) {
      const need = `${dtype}[${tensor.shape.join(',')}] needs ${expected} bytes`
      this.reject(index, 'data-size', `${need}, its buffer ${tensor.buffer} has ${raw.length}`)
    }
    // Tensors that share a buffer share the array, too.
    const key = `${raw.byteOffset}:${raw.length}:${dtype}`
    const known = this.arrays.get(key)
    if (known) return known
    const array = unpack(raw, dtype, elements)
    this.arrays.set(key, array)
    return array
  }

  private rawBytes(index: number): Uint8Array {
    const tensor = this.at(index)
    const hint = 'export the model as one self-contained file'
    if (tensor.externalBuffer !== 0) {
      this.reject(index, 'external-buffer', 'its data lies in another file', hint)
    }
    const buffer = this.model.buffers[tensor.buffer]
    if (!buffer) this.reject(index, 'bad-index', `buffer ${tensor.buffer} does not exist`)
    if (buffer.offset <= 1) return buffer.data
    if (buffer.offset + buffer.size > this.bytes.length) {
      const where = `${buffer.size} bytes at offset ${buffer.offset}`
      this.reject(index, 'external-buffer', `its data (${where}) lies outside the file`, hint)
    }
    return this.bytes.subarray(buffer.offset, buffer.offset + buffer.size)
  }

  private reject(index: number, code: string, message: string, hint?: string): never {
    fail({
      code: `tflite/${code}`,
      message,
      span: { file: this.file, path: this.describe(index) },
      ...(hint && { hint }),
    })
  }
}

/** The names, with `_2`, `_3`, ... appended to those that stood earlier in the list. */
export function uniqueNames(names: readonly string[]): readonly string[] {
  // Names that stand in the list as they are keep them, so that a suffix never takes one away.
  const reserved = new Set(names)
  const used = new Set<string>()
  const last = new Map<string, number>()
  return names.map((name) => {
    let unique = name
    let suffix = last.get(name) ?? 1
    while (used.has(unique) || (unique !== name && reserved.has(unique))) unique = `${name}_${++suffix}`
    last.set(name, suffix)
    used.add(unique)
    return unique
  })
}
