/** Writes small TFLite files from a description, by the same table of fields that the importer reads with. */
import { Builder } from 'flatbuffers'
import { BUILTIN_OPERATORS, CUSTOM, TENSOR_TYPES } from '../../src/importers/tflite/names.ts'
import { type Field, MODEL, type TableSchema } from '../../src/importers/tflite/schema.ts'

type Values = Readonly<Record<string, unknown>>

export interface TensorSketch {
  readonly type: string
  readonly shape: readonly number[]
  readonly name?: string
  readonly scale?: number | readonly number[]
  readonly zeroPoint?: number | readonly number[]
  readonly axis?: number
  /** Bytes of a constant. */
  readonly data?: Uint8Array
  /** Fields of the schema's Tensor table that have no name above. */
  readonly fields?: Values
}

export interface OperatorSketch {
  /** As in the schema; a custom operator has `CUSTOM:` before its name. */
  readonly name: string
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly options?: readonly [schema: TableSchema & { readonly union: number }, values: Values]
}

export interface ModelSketch {
  readonly tensors: readonly TensorSketch[]
  readonly operators: readonly OperatorSketch[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Further buffers, after the empty one and those of the tensors' data. */
  readonly buffers?: readonly Values[]
}

export function tfliteFile({ tensors, operators, inputs, outputs, buffers = [] }: ModelSketch): Uint8Array {
  const list = (x: number | readonly number[] | undefined) =>
    x === undefined ? [] : typeof x === 'number' ? [x] : x
  const constants = tensors.filter((tensor) => tensor.data)
  const model = {
    version: 3,
    operatorCodes: operators.map(({ name }) => operatorCode(name)),
    buffers: [{}, ...constants.map(({ data }) => ({ data })), ...buffers],
    subgraphs: [
      {
        tensors: tensors.map((tensor) => ({
          name: tensor.name ?? '',
          shape: tensor.shape,
          type: TENSOR_TYPES.findIndex((type) => type.name === tensor.type),
          buffer: constants.indexOf(tensor) + 1,
          quantization: {
            scale: list(tensor.scale),
            zeroPoint: list(tensor.zeroPoint),
            axis: tensor.axis ?? 0,
          },
          ...tensor.fields,
        })),
        operators: operators.map((operator, opcodeIndex) => ({
          opcodeIndex,
          inputs: operator.inputs,
          outputs: operator.outputs,
          optionsType: operator.options?.[0].union ?? 0,
          options: operator.options,
        })),
        inputs,
        outputs,
      },
    ],
  }
  const builder = new Builder()
  builder.finish(encode(builder, MODEL, model), 'TFL3')
  return builder.asUint8Array()
}

function operatorCode(name: string): Values {
  if (name.startsWith('CUSTOM:')) {
    return { deprecatedBuiltinCode: CUSTOM, builtinCode: CUSTOM, customCode: name.slice(7) }
  }
  const code = BUILTIN_OPERATORS.indexOf(name)
  return { deprecatedBuiltinCode: Math.min(code, 127), builtinCode: code }
}

/** FlatBuffers are written from the leaves up: first what a table refers to, then the table. */
function encode(builder: Builder, schema: TableSchema, values: Values): number {
  const fields = Object.entries(schema.fields).filter(([name]) => values[name] !== undefined)
  const written = fields.map(([name, field]) => [field, prepare(builder, field, values[name])] as const)
  builder.startObject(Math.max(-1, ...fields.map(([, field]) => field[0])) + 1)
  for (const [field, value] of written) addField(builder, field, value)
  return builder.endObject()
}

/** The offset of what a field refers to, or its value if it is a scalar. */
function prepare(builder: Builder, field: Field, value: unknown): number | bigint {
  switch (field[1]) {
    case 'string':
      return builder.createString(value as string)
    case 'bytes': {
      const bytes = value as Uint8Array
      builder.startVector(1, bytes.length, 16)
      for (let i = bytes.length - 1; i >= 0; i--) builder.addInt8(bytes[i] ?? 0)
      return builder.endVector()
    }
    case 'i32s':
    case 'f32s':
    case 'i64s': {
      const numbers = value as readonly number[]
      const bytes = field[1] === 'i64s' ? 8 : 4
      builder.startVector(bytes, numbers.length, bytes)
      for (const number of numbers.toReversed()) {
        if (field[1] === 'i32s') builder.addInt32(number)
        else if (field[1] === 'f32s') builder.addFloat32(number)
        else builder.addInt64(BigInt(number))
      }
      return builder.endVector()
    }
    case 'table':
      return encode(builder, field[2], value as Values)
    case 'union': {
      const [schema, values] = value as readonly [TableSchema, Values]
      return encode(builder, schema, values)
    }
    case 'tables': {
      const tables = (value as readonly Values[]).map((table) => encode(builder, field[2], table))
      builder.startVector(4, tables.length, 4)
      for (const table of tables.toReversed()) builder.addOffset(table)
      return builder.endVector()
    }
    case 'u64':
      return BigInt(value as number)
    default:
      return Number(value)
  }
}

function addField(builder: Builder, field: Field, value: number | bigint): void {
  const [slot, kind] = field
  switch (kind) {
    case 'bool':
    case 'i8':
    case 'u8':
      // The default that no value has: what is given is written.
      builder.addFieldInt8(slot, Number(value), -129)
      break
    case 'i32':
    case 'u32':
      builder.addFieldInt32(slot, Number(value), -(2 ** 33))
      break
    case 'u64':
      builder.addFieldInt64(slot, BigInt(value), -1n)
      break
    case 'f32':
      builder.addFieldFloat32(slot, Number(value), Number.NaN)
      break
    default:
      builder.addFieldOffset(slot, Number(value), 0)
      break
  }
}
