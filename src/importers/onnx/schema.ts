/**
 * The part of ONNX's protobuf messages that a graph needs (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 * Fields that are not named here are skipped.
 */

export type ScalarKind = 'int64' | 'float' | 'double' | 'string' | 'bytes'

/** A field: its name, its type, and whether it repeats. */
type Field =
  | readonly [name: string, type: ScalarKind]
  | readonly [name: string, type: ScalarKind, repeated: 'repeated']
  | readonly [name: string, type: () => Message]
  | readonly [name: string, type: () => Message, repeated: 'repeated']

export interface Message {
  readonly name: string
  /** By field number. */
  readonly fields: Readonly<Record<number, Field>>
}

/** Integers of all widths; those beyond 2^53 are rounded. */
export interface TensorProto {
  readonly dims?: readonly number[]
  readonly dataType?: number
  readonly floatData?: readonly number[]
  readonly intData?: readonly number[]
  readonly stringData?: readonly Uint8Array[]
  readonly longData?: readonly number[]
  readonly name?: string
  readonly rawData?: Uint8Array
  readonly doubleData?: readonly number[]
  readonly unsignedData?: readonly number[]
  readonly externalData?: readonly { readonly key?: string; readonly value?: string }[]
  readonly dataLocation?: number
}

export interface AttributeProto {
  readonly name?: string
  readonly f?: number
  readonly i?: number
  readonly s?: Uint8Array
  readonly t?: TensorProto
  readonly g?: object
  readonly floats?: readonly number[]
  readonly ints?: readonly number[]
  readonly strings?: readonly Uint8Array[]
  readonly type?: number
  readonly refAttrName?: string
}

export interface NodeProto {
  readonly input?: readonly string[]
  readonly output?: readonly string[]
  readonly name?: string
  readonly opType?: string
  readonly attribute?: readonly AttributeProto[]
  readonly domain?: string
}

export interface ValueInfoProto {
  readonly name?: string
  readonly type?: {
    readonly tensor?: {
      readonly elemType?: number
      readonly shape?: { readonly dim?: readonly { readonly value?: number; readonly param?: string }[] }
    }
  }
}

export interface GraphProto {
  readonly node?: readonly NodeProto[]
  readonly name?: string
  readonly initializer?: readonly TensorProto[]
  readonly input?: readonly ValueInfoProto[]
  readonly output?: readonly ValueInfoProto[]
  readonly sparseInitializer?: readonly object[]
}

export interface ModelProto {
  readonly irVersion?: number
  readonly graph?: GraphProto
  readonly opsetImport?: readonly { readonly domain?: string; readonly version?: number }[]
}

const ENTRY: Message = {
  name: 'StringStringEntryProto',
  fields: { 1: ['key', 'string'], 2: ['value', 'string'] },
}

export const TENSOR: Message = {
  name: 'TensorProto',
  fields: {
    1: ['dims', 'int64', 'repeated'],
    2: ['dataType', 'int64'],
    4: ['floatData', 'float', 'repeated'],
    5: ['intData', 'int64', 'repeated'],
    6: ['stringData', 'bytes', 'repeated'],
    7: ['longData', 'int64', 'repeated'],
    8: ['name', 'string'],
    9: ['rawData', 'bytes'],
    10: ['doubleData', 'double', 'repeated'],
    11: ['unsignedData', 'int64', 'repeated'],
    13: ['externalData', () => ENTRY, 'repeated'],
    14: ['dataLocation', 'int64'],
  },
}

const ATTRIBUTE: Message = {
  name: 'AttributeProto',
  fields: {
    1: ['name', 'string'],
    2: ['f', 'float'],
    3: ['i', 'int64'],
    4: ['s', 'bytes'],
    5: ['t', () => TENSOR],
    6: ['g', () => SUBGRAPH],
    7: ['floats', 'float', 'repeated'],
    8: ['ints', 'int64', 'repeated'],
    9: ['strings', 'bytes', 'repeated'],
    20: ['type', 'int64'],
    21: ['refAttrName', 'string'],
  },
}

/** A graph in an attribute: that it is there is enough to refuse it. */
const SUBGRAPH: Message = { name: 'GraphProto', fields: {} }

const NODE: Message = {
  name: 'NodeProto',
  fields: {
    1: ['input', 'string', 'repeated'],
    2: ['output', 'string', 'repeated'],
    3: ['name', 'string'],
    4: ['opType', 'string'],
    5: ['attribute', () => ATTRIBUTE, 'repeated'],
    7: ['domain', 'string'],
  },
}

const DIMENSION: Message = {
  name: 'TensorShapeProto.Dimension',
  fields: { 1: ['value', 'int64'], 2: ['param', 'string'] },
}
const SHAPE: Message = { name: 'TensorShapeProto', fields: { 1: ['dim', () => DIMENSION, 'repeated'] } }
const TENSOR_TYPE: Message = {
  name: 'TypeProto.Tensor',
  fields: { 1: ['elemType', 'int64'], 2: ['shape', () => SHAPE] },
}
const TYPE: Message = { name: 'TypeProto', fields: { 1: ['tensor', () => TENSOR_TYPE] } }
const VALUE_INFO: Message = {
  name: 'ValueInfoProto',
  fields: { 1: ['name', 'string'], 2: ['type', () => TYPE] },
}

const GRAPH: Message = {
  name: 'GraphProto',
  fields: {
    1: ['node', () => NODE, 'repeated'],
    2: ['name', 'string'],
    5: ['initializer', () => TENSOR, 'repeated'],
    11: ['input', () => VALUE_INFO, 'repeated'],
    12: ['output', () => VALUE_INFO, 'repeated'],
    15: ['sparseInitializer', () => SUBGRAPH, 'repeated'],
  },
}

const OPSET: Message = {
  name: 'OperatorSetIdProto',
  fields: { 1: ['domain', 'string'], 2: ['version', 'int64'] },
}

export const MODEL: Message = {
  name: 'ModelProto',
  fields: {
    1: ['irVersion', 'int64'],
    7: ['graph', () => GRAPH],
    8: ['opsetImport', () => OPSET, 'repeated'],
  },
}
