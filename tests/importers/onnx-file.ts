/** Writes ONNX files for tests: only the fields that the importer reads. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

type Bytes = Uint8Array

/** A message of numbered fields: numbers are varints, texts and bytes are themselves. */
export function message(...fields: readonly (readonly [number, number | string | Bytes])[]): Bytes {
  const writer = new BinaryWriter()
  for (const [field, value] of fields) {
    if (typeof value === 'number') writer.tag(field, WireType.Varint).int64(value)
    else if (typeof value === 'string') writer.tag(field, WireType.LengthDelimited).string(value)
    else writer.tag(field, WireType.LengthDelimited).bytes(value)
  }
  return writer.finish()
}

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly strings: readonly string[] }
  | Bytes

function attribute(name: string, value: AttributeValue): Bytes {
  if (typeof value === 'number') return message([1, name], [3, value], [20, 2])
  if (typeof value === 'string') return message([1, name], [4, new TextEncoder().encode(value)], [20, 3])
  if (value instanceof Uint8Array) return message([1, name], [5, value], [20, 4])
  if ('strings' in value) {
    const texts = value.strings.map((text) => [9, text] as const)
    return message([1, name], ...texts, [20, 8])
  }
  if ('float' in value) {
    const writer = new BinaryWriter()
    writer.tag(1, WireType.LengthDelimited).string(name).tag(2, WireType.Bit32).float(value.float)
    return writer.tag(20, WireType.Varint).int64(1).finish()
  }
  return message([1, name], ...value.map((each) => [8, each] as const), [20, 7])
}

export interface FileNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  readonly domain?: string
}

/** TensorProto.DataType. */
const FLOAT = 1
export const UINT8 = 2
export const INT8 = 3
export const INT32 = 6
export const INT64 = 7

const BYTES: Readonly<Record<number, (values: readonly number[]) => ArrayBufferView>> = {
  [FLOAT]: (values) => Float32Array.from(values),
  [UINT8]: (values) => Uint8Array.from(values),
  [INT8]: (values) => Int8Array.from(values),
  [INT32]: (values) => Int32Array.from(values),
  [INT64]: (values) => BigInt64Array.from(values, BigInt),
}

export function tensor(
  name: string,
  shape: readonly number[],
  values: readonly number[],
  type = FLOAT,
): Bytes {
  const raw = new Uint8Array((BYTES[type]?.(values) ?? new Uint8Array()).buffer as ArrayBuffer)
  return message(...shape.map((size) => [1, size] as const), [2, type], [8, name], [9, raw])
}

/** An input or output; a size given as a name is left open. */
export function port(name: string, shape: readonly (number | string)[], type = FLOAT): Bytes {
  const dims = shape.map((size) => [1, message(typeof size === 'number' ? [1, size] : [2, size])] as const)
  return message([1, name], [2, message([1, message([1, type], [2, message(...dims)])])])
}

export interface FileParts {
  readonly nodes: readonly FileNode[]
  readonly inputs: readonly Bytes[]
  readonly outputs: readonly Bytes[]
  readonly initializers?: readonly Bytes[]
  readonly opset?: number
}

export function onnxFile({ nodes, inputs, outputs, initializers = [], opset = 17 }: FileParts): Bytes {
  const graph = message(
    ...nodes.map((node, n) => [1, nodeBytes(node, n)] as const),
    [2, 'graph'],
    ...initializers.map((bytes) => [5, bytes] as const),
    ...inputs.map((bytes) => [11, bytes] as const),
    ...outputs.map((bytes) => [12, bytes] as const),
  )
  return message([1, 8], [2, 'tests'], [7, graph], [8, message([2, opset])])
}

function nodeBytes({ op, inputs, outputs, attributes = {}, domain = '' }: FileNode, n: number): Bytes {
  return message(
    ...inputs.map((name) => [1, name] as const),
    ...outputs.map((name) => [2, name] as const),
    [3, `${op}_${n}`],
    [4, op],
    ...Object.entries(attributes).map(([name, value]) => [5, attribute(name, value)] as const),
    ...(domain === '' ? [] : [[7, domain] as const]),
  )
}
