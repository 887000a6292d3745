/** Decodes protobuf messages by a declared schema. The only file that knows the protobuf library. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { Diagnosed, fail } from '../../../ir/diagnostic.ts'
import type { Message, ScalarKind } from './schema.ts'

/** Messages in one another; real models have six. */
const MAX_DEPTH = 16

/**
 * The message in `bytes` as an object of the schema's field names; a field that is absent is undefined, repeated or
 * not. Fails with `onnx/corrupt`, at an offset in the file, if it is none.
 */
export function decode<T>(message: Message, bytes: Uint8Array, file: string): T {
  const reader = new BinaryReader(bytes)
  try {
    return new Decoder(bytes, reader, file).message(message, reader.len, 0) as T
  } catch (error) {
    if (error instanceof Diagnosed) throw error
    // The reader throws at the first byte that cannot be.
    return corrupt(file, reader.pos, error instanceof Error ? error.message : String(error))
  }
}

function corrupt(file: string, offset: number, why: string): never {
  return fail({
    code: 'onnx/corrupt',
    message: `this is not a complete ONNX file: ${why}`,
    span: { file, offset },
    hint: 'was it written, or fetched, to the end?',
  })
}

class Decoder {
  private readonly bytes: Uint8Array
  private readonly reader: BinaryReader
  private readonly file: string

  constructor(bytes: Uint8Array, reader: BinaryReader, file: string) {
    this.bytes = bytes
    this.reader = reader
    this.file = file
  }

  message(message: Message, end: number, depth: number): Record<string, unknown> {
    if (depth > MAX_DEPTH) this.corrupt(`messages are nested more than ${MAX_DEPTH} deep`)
    const decoded: Record<string, unknown> = {}
    while (this.reader.pos < end) {
      const [number, wire] = this.reader.tag()
      const field = message.fields[number]
      if (field === undefined) {
        this.reader.skip(wire, number)
      } else {
        const [name, type, repeated] = field
        const values =
          typeof type === 'string' ? this.scalars(type, wire, name) : [this.child(type(), wire, depth)]
        if (repeated === undefined) decoded[name] = values.at(-1)
        else decoded[name] = concatenated(decoded[name] as unknown[] | undefined, values)
      }
      if (this.reader.pos > end) this.corrupt(`a ${message.name} runs past its end`)
    }
    return decoded
  }

  private child(message: Message, wire: WireType, depth: number): unknown {
    return this.message(message, this.lengthDelimited(wire, message.name), depth + 1)
  }

  /** Where the part that starts here ends. */
  private lengthDelimited(wire: WireType, name: string): number {
    if (wire !== WireType.LengthDelimited) this.corrupt(`${name} has wire type ${wire}`)
    const length = this.reader.uint32()
    const end = this.reader.pos + length
    if (end > this.reader.len)
      this.corrupt(`${name} needs ${length} bytes, ${this.reader.len - this.reader.pos} are left`)
    return end
  }

  /** One value, or many in a row: numbers may be packed. */
  private scalars(kind: ScalarKind, wire: WireType, name: string): readonly unknown[] {
    if (kind === 'string' || kind === 'bytes') {
      const end = this.lengthDelimited(wire, name)
      const bytes = this.bytes.subarray(this.reader.pos, end)
      this.reader.pos = end
      return [kind === 'bytes' ? bytes : new TextDecoder().decode(bytes)]
    }
    if (wire !== WireType.LengthDelimited) return [this.number(kind, wire, name)]
    const end = this.lengthDelimited(wire, name)
    const values: number[] = []
    while (this.reader.pos < end) values.push(this.number(kind, WIRE_TYPES[kind], name))
    return values
  }

  private number(kind: keyof typeof WIRE_TYPES, wire: WireType, name: string): number {
    if (wire !== WIRE_TYPES[kind]) this.corrupt(`${name} has wire type ${wire}`)
    switch (kind) {
      case 'int64':
        return Number(this.reader.int64())
      case 'float':
        return this.reader.float()
      case 'double':
        return this.reader.double()
    }
  }

  private corrupt(why: string): never {
    return corrupt(this.file, this.reader.pos, why)
  }
}

const WIRE_TYPES = { int64: WireType.Varint, float: WireType.Bit32, double: WireType.Bit64 } as const

function concatenated(list: unknown[] | undefined, values: readonly unknown[]): unknown[] {
  if (list === undefined) return [...values]
  for (const value of values) list.push(value)
  return list
}
