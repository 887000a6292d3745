/**
 * The part of the TFLite schema (version 3c) that the importer reads, as data: for each table its fields, each with
 * the position in the vtable, the type, and the value of an absent field. Source: tensorflow/lite/schema/schema.fbs.
 */

export type ScalarKind = 'bool' | 'i8' | 'u8' | 'i32' | 'u32' | 'u64' | 'f32'
/** `bytes` is a view of the file; `union` is the position of a table whose type another field tells. */
type BlobKind = 'string' | 'bytes' | 'union'
export type VectorKind = 'i32s' | 'i64s' | 'f32s'

export type Field =
  | readonly [slot: number, kind: ScalarKind, fallback?: number | boolean]
  | readonly [slot: number, kind: BlobKind | VectorKind]
  | readonly [slot: number, kind: 'table' | 'tables', of: TableSchema]

export interface TableSchema {
  readonly name: string
  readonly fields: Readonly<Record<string, Field>>
}

const QUANTIZATION = {
  name: 'QuantizationParameters',
  fields: {
    scale: [2, 'f32s'],
    zeroPoint: [3, 'i64s'],
    detailsType: [4, 'u8'],
    axis: [6, 'i32'],
  },
} as const satisfies TableSchema

/** Only its presence matters: sparse tensors are not imported. */
const SPARSITY = { name: 'SparsityParameters', fields: {} } as const satisfies TableSchema

const TENSOR = {
  name: 'Tensor',
  fields: {
    shape: [0, 'i32s'],
    type: [1, 'i8'],
    buffer: [2, 'u32'],
    name: [3, 'string'],
    quantization: [4, 'table', QUANTIZATION],
    isVariable: [5, 'bool'],
    sparsity: [6, 'table', SPARSITY],
    externalBuffer: [10, 'u32'],
  },
} as const satisfies TableSchema

const OPERATOR = {
  name: 'Operator',
  fields: {
    opcodeIndex: [0, 'u32'],
    inputs: [1, 'i32s'],
    outputs: [2, 'i32s'],
    optionsType: [3, 'u8'],
    options: [4, 'union'],
  },
} as const satisfies TableSchema

const OPERATOR_CODE = {
  name: 'OperatorCode',
  fields: {
    deprecatedBuiltinCode: [0, 'i8'],
    customCode: [1, 'string'],
    builtinCode: [3, 'i32'],
  },
} as const satisfies TableSchema

const SUBGRAPH = {
  name: 'SubGraph',
  fields: {
    tensors: [0, 'tables', TENSOR],
    inputs: [1, 'i32s'],
    outputs: [2, 'i32s'],
    operators: [3, 'tables', OPERATOR],
  },
} as const satisfies TableSchema

const BUFFER = {
  name: 'Buffer',
  fields: {
    data: [0, 'bytes'],
    /** From the start of the file; valid if above 1. Used instead of `data` by files over 2 GB. */
    offset: [1, 'u64'],
    size: [2, 'u64'],
  },
} as const satisfies TableSchema

export const MODEL = {
  name: 'Model',
  fields: {
    version: [0, 'u32'],
    operatorCodes: [1, 'tables', OPERATOR_CODE],
    subgraphs: [2, 'tables', SUBGRAPH],
    buffers: [4, 'tables', BUFFER],
  },
} as const satisfies TableSchema

/** The options of each operator that has any, with their number in the union `BuiltinOptions`. */
export const OPTIONS = {
  conv2d: {
    name: 'Conv2DOptions',
    union: 1,
    fields: {
      padding: [0, 'i8'],
      strideW: [1, 'i32'],
      strideH: [2, 'i32'],
      activation: [3, 'i8'],
      dilationW: [4, 'i32', 1],
      dilationH: [5, 'i32', 1],
    },
  },
  depthwiseConv2d: {
    name: 'DepthwiseConv2DOptions',
    union: 2,
    fields: {
      padding: [0, 'i8'],
      strideW: [1, 'i32'],
      strideH: [2, 'i32'],
      activation: [4, 'i8'],
      dilationW: [5, 'i32', 1],
      dilationH: [6, 'i32', 1],
    },
  },
  pool2d: {
    name: 'Pool2DOptions',
    union: 5,
    fields: {
      padding: [0, 'i8'],
      strideW: [1, 'i32'],
      strideH: [2, 'i32'],
      filterW: [3, 'i32'],
      filterH: [4, 'i32'],
      activation: [5, 'i8'],
    },
  },
  fullyConnected: {
    name: 'FullyConnectedOptions',
    union: 8,
    fields: {
      activation: [0, 'i8'],
      weightsFormat: [1, 'i8'],
      keepDims: [2, 'bool'],
      asymmetricQuantizeInputs: [3, 'bool'],
    },
  },
  softmax: { name: 'SoftmaxOptions', union: 9, fields: { beta: [0, 'f32'] } },
  concatenation: {
    name: 'ConcatenationOptions',
    union: 10,
    fields: { axis: [0, 'i32'], activation: [1, 'i8'] },
  },
  add: {
    name: 'AddOptions',
    union: 11,
    fields: { activation: [0, 'i8'], powerOfTwoScaleInt16: [1, 'bool', true] },
  },
  resizeBilinear: {
    name: 'ResizeBilinearOptions',
    union: 15,
    fields: { alignCorners: [2, 'bool'], halfPixelCenters: [3, 'bool'] },
  },
  reshape: { name: 'ReshapeOptions', union: 17, fields: { newShape: [0, 'i32s'] } },
  mul: { name: 'MulOptions', union: 21, fields: { activation: [0, 'i8'] } },
  reducer: { name: 'ReducerOptions', union: 27, fields: { keepDims: [0, 'bool'] } },
  sub: {
    name: 'SubOptions',
    union: 28,
    fields: { activation: [0, 'i8'], powerOfTwoScaleInt16: [1, 'bool', true] },
  },
  stridedSlice: {
    name: 'StridedSliceOptions',
    union: 32,
    fields: {
      beginMask: [0, 'i32'],
      endMask: [1, 'i32'],
      ellipsisMask: [2, 'i32'],
      newAxisMask: [3, 'i32'],
      shrinkAxisMask: [4, 'i32'],
      offset: [5, 'bool'],
    },
  },
  transposeConv: {
    name: 'TransposeConvOptions',
    union: 49,
    fields: { padding: [0, 'i8'], strideW: [1, 'i32'], strideH: [2, 'i32'], activation: [3, 'i8'] },
  },
  sequenceLstm: {
    name: 'UnidirectionalSequenceLSTMOptions',
    union: 71,
    fields: {
      activation: [0, 'i8'],
      cellClip: [1, 'f32'],
      timeMajor: [3, 'bool'],
      diagonalRecurrentTensors: [5, 'bool'],
    },
  },
  resizeNearest: {
    name: 'ResizeNearestNeighborOptions',
    union: 74,
    fields: { alignCorners: [0, 'bool'], halfPixelCenters: [1, 'bool'] },
  },
  leakyRelu: { name: 'LeakyReluOptions', union: 75, fields: { alpha: [0, 'f32'] } },
} as const satisfies Record<string, TableSchema & { readonly union: number }>

type Scalar<K extends ScalarKind> = K extends 'bool' ? boolean : number
type FieldValue<F> = F extends readonly [number, infer K extends ScalarKind, unknown?]
  ? Scalar<K>
  : F extends readonly [number, 'string']
    ? string
    : F extends readonly [number, 'bytes']
      ? Uint8Array
      : F extends readonly [number, VectorKind]
        ? readonly number[]
        : F extends readonly [number, 'union']
          ? number | undefined
          : F extends readonly [number, 'table', infer T extends TableSchema]
            ? Table<T> | undefined
            : F extends readonly [number, 'tables', infer T extends TableSchema]
              ? readonly Table<T>[]
              : never

/** What a table of schema `T` decodes to. An absent vector or string is empty, an absent table undefined. */
export type Table<T extends TableSchema> = { readonly [N in keyof T['fields']]: FieldValue<T['fields'][N]> }

export type TfliteModel = Table<typeof MODEL>
export type TfliteTensor = Table<typeof TENSOR>
export type TfliteOperator = Table<typeof OPERATOR>
