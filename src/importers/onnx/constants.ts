/** Tensors of an ONNX file whose elements are known. */
import { fail, type Result, unwrap } from '../../../ir/diagnostic.ts'
import { elementCount } from '../../../ir/tensor.ts'
import type { TensorProto } from './schema.ts'

/** Element types by their number in TensorProto.DataType; `f16`, `bf16` and `f64` are read as `f32`. */
const ELEMENT_TYPES: Readonly<Record<number, ElementType>> = {
  1: 'f32',
  2: 'u8',
  3: 'i8',
  4: 'u16',
  5: 'i16',
  6: 'i32',
  7: 'i64',
  9: 'bool',
  10: 'f16',
  11: 'f64',
  12: 'u32',
  13: 'u64',
  16: 'bf16',
  21: 'u4',
  22: 'i4',
}

export type ElementType =
  | 'f32'
  | 'f16'
  | 'bf16'
  | 'f64'
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'bool'
  | 'u4'
  | 'i4'

/** Names of TensorProto.DataType for types that cannot be read. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  0: 'undefined',
  8: 'string',
  14: 'complex64',
  15: 'complex128',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  23: 'float4e2m1',
}

export interface Constant {
  readonly kind: 'constant'
  readonly dtype: ElementType
  readonly shape: readonly number[]
  /** Row-major. Doubles hold every element exactly, but integers beyond 2^53. */
  readonly data: Float64Array
  /** Of real numbers that the file stores as integers. */
  readonly grid?: Grid
}

/** Scales, and the multiples of them that are zero; one of each, or one for each index along some axis. */
export interface Grid {
  readonly scale: Float64Array
  readonly zeroPoint: Float64Array
  /** Of the integers in the file. */
  readonly dtype: ElementType
}

export function constant(dtype: ElementType, shape: readonly number[], data: Iterable<number>): Constant {
  return { kind: 'constant', dtype, shape, data: Float64Array.from(data) }
}

export function isFloat(dtype: ElementType): boolean {
  return dtype === 'f32' || dtype === 'f16' || dtype === 'bf16' || dtype === 'f64'
}

/** The type with this number; fails with `onnx/unsupported-type`. */
export function elementType(number: number, what: string, file: string): ElementType {
  const type = ELEMENT_TYPES[number]
  if (type !== undefined) return type
  return fail({
    code: 'onnx/unsupported-type',
    message: `${what} has elements of type ${OTHER_TYPES[number] ?? number}, which cannot be read`,
    span: { file, path: what },
    hint: 'export the model in float32, or quantized to integers',
  })
}

/** Gives a file beside the model by its plain name. */
export type ReadBeside = (name: string) => Result<Uint8Array>

const MAX_TENSOR_BYTES = 2 ** 31 - 1

/** The elements of an initializer. Fails with `onnx/bad-tensor`, or as `readBeside` does. */
export function readTensor(
  tensor: TensorProto,
  what: string,
  file: string,
  readBeside: ReadBeside,
): Constant {
  const dtype = elementType(tensor.dataType ?? 0, what, file)
  const shape = tensor.dims ?? []
  checkShape(shape, what, file)
  const count = elementCount(shape)
  const raw = tensor.dataLocation === 1 ? externalBytes(tensor, what, file, readBeside) : tensor.rawData
  const data = raw === undefined ? listed(tensor, dtype, count) : fromBytes(raw, dtype, count, what, file)
  if (data.length !== count) {
    reject(what, file, `it has ${data.length} elements, its shape [${shape}] has ${count}`)
  }
  return { kind: 'constant', dtype, shape, data }
}

/** Sizes that a tensor can have. */
export function checkShape(shape: readonly number[], what: string, file: string): void {
  const isSize = (size: number) => Number.isSafeInteger(size) && size >= 0
  if (shape.every(isSize) && elementCount(shape) * 4 <= MAX_TENSOR_BYTES) return
  reject(what, file, `[${shape}] is not a shape: sizes are at least 0, and a tensor has at most 2 GiB`)
}

function reject(what: string, file: string, why: string): never {
  return fail({
    code: 'onnx/bad-tensor',
    message: `${what} makes no sense: ${why}`,
    span: { file, path: what },
    hint: 'is the file complete? onnx.checker says more about it',
  })
}

/** Elements that are stored as numbers of the message. */
function listed(tensor: TensorProto, dtype: ElementType, count: number): Float64Array {
  switch (dtype) {
    case 'f32':
      return Float64Array.from(tensor.floatData ?? [])
    case 'f64':
      return Float64Array.from(tensor.doubleData ?? [])
    case 'i64':
      return Float64Array.from(tensor.longData ?? [])
    case 'u32':
    case 'u64':
      return Float64Array.from(tensor.unsignedData ?? [], (value) => (value < 0 ? value + 2 ** 64 : value))
    case 'f16':
      return Float64Array.from(tensor.intData ?? [], fromHalf)
    case 'bf16':
      return Float64Array.from(tensor.intData ?? [], fromBrain)
    case 'u4':
    case 'i4':
      return nibbles(Uint8Array.from(tensor.intData ?? []), dtype, count)
    default:
      return Float64Array.from(tensor.intData ?? [])
  }
}

/** Bytes of an element; 4-bit types have two in each. */
const ELEMENT_BYTES: { readonly [T in ElementType]: number } = {
  f32: 4,
  f16: 2,
  bf16: 2,
  f64: 8,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  bool: 1,
  u4: 0.5,
  i4: 0.5,
}

function fromBytes(
  bytes: Uint8Array,
  dtype: ElementType,
  count: number,
  what: string,
  file: string,
): Float64Array {
  const expected = Math.ceil(count * ELEMENT_BYTES[dtype])
  if (bytes.length !== expected)
    reject(what, file, `it has ${bytes.length} bytes, ${count} ${dtype} are ${expected}`)
  if (dtype === 'u4' || dtype === 'i4') return nibbles(bytes, dtype, count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = ELEMENT_BYTES[dtype]
  return Float64Array.from({ length: count }, (_, i) => read(view, i * size, dtype))
}

function read(view: DataView, at: number, dtype: Exclude<ElementType, 'u4' | 'i4'>): number {
  switch (dtype) {
    case 'f32':
      return view.getFloat32(at, true)
    case 'f64':
      return view.getFloat64(at, true)
    case 'f16':
      return fromHalf(view.getUint16(at, true))
    case 'bf16':
      return fromBrain(view.getUint16(at, true))
    case 'u8':
    case 'bool':
      return view.getUint8(at)
    case 'i8':
      return view.getInt8(at)
    case 'u16':
      return view.getUint16(at, true)
    case 'i16':
      return view.getInt16(at, true)
    case 'u32':
      return view.getUint32(at, true)
    case 'i32':
      return view.getInt32(at, true)
    case 'u64':
      return Number(view.getBigUint64(at, true))
    case 'i64':
      return Number(view.getBigInt64(at, true))
  }
}

/** Two elements a byte, the first in the lower bits. */
function nibbles(bytes: Uint8Array, dtype: 'u4' | 'i4', count: number): Float64Array {
  return Float64Array.from({ length: Math.min(count, 2 * bytes.length) }, (_, i) => {
    const code = ((bytes[i >> 1] ?? 0) >> (4 * (i & 1))) & 15
    return dtype === 'i4' && code > 7 ? code - 16 : code
  })
}

/** IEEE 754 binary16. */
function fromHalf(code: number): number {
  const sign = code & 0x8000 ? -1 : 1
  const exponent = (code >> 10) & 31
  const fraction = code & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** The upper half of a float32. */
function fromBrain(code: number): number {
  return new Float32Array(Uint32Array.of((code & 0xffff) << 16).buffer)[0] ?? 0
}

/** Elements in another file of the same folder. */
function externalBytes(tensor: TensorProto, what: string, file: string, readBeside: ReadBeside): Uint8Array {
  const entry = (key: string) => tensor.externalData?.find((each) => each.key === key)?.value
  const name = (entry('location') ?? '').replace(/^\.\//, '')
  if (name === '' || name.startsWith('.') || /[\\/:]/.test(name)) {
    fail({
      code: 'onnx/external-path',
      message: `the elements of ${what} are said to lie in ${JSON.stringify(name)}, which is no file of the model's folder`,
      span: { file, path: what },
      hint: 'save the model again with its data beside it',
    })
  }
  const bytes = unwrap(readBeside(name))
  const offset = Number(entry('offset') ?? 0)
  const length = Number(entry('length') ?? bytes.length - offset)
  if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
    fail({
      code: 'onnx/external-size',
      message: `${what} needs ${length} bytes at ${offset} of ${name}, which has ${bytes.length}`,
      span: { file, path: what },
      hint: 'is it the file that was written with this model, and complete?',
    })
  }
  return bytes.subarray(offset, offset + length)
}
