/**
 * Decodes FlatBuffers tables by a declared schema. No offset, length or vtable of the file is trusted: every read is
 * checked against the file, and all that is decoded together may not exceed a fixed multiple of the file's size, so
 * that a file whose tables point at one another in a crafted way costs no more than an honest one.
 *
 * Format: https://flatbuffers.dev/internals/ (little-endian; a table starts with the signed distance to its vtable).
 */
import { ByteBuffer } from 'flatbuffers'
import { fail } from '../../../ir/diagnostic.ts'
import type { Field, ScalarKind, Table, TableSchema, VectorKind } from './schema.ts'

const SCALAR_BYTES: { readonly [K in ScalarKind]: number } = {
  bool: 1,
  i8: 1,
  u8: 1,
  i32: 4,
  u32: 4,
  u64: 8,
  f32: 4,
}
const ELEMENT_BYTES: { readonly [K in VectorKind]: number } = { i32s: 4, i64s: 8, f32s: 4 }

/** Honest files share vtables, strings and small vectors between tables, but never this much. */
const DECODE_BYTES_PER_FILE_BYTE = 4
/** What a decoded table costs in memory and time besides its bytes. */
const TABLE_OVERHEAD_BYTES = 64

export class FlatbufferReader {
  private readonly bytes: Uint8Array
  private readonly buffer: ByteBuffer
  private readonly file: string
  private budgetBytes: number

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes
    this.buffer = new ByteBuffer(bytes)
    this.file = file
    this.budgetBytes = bytes.length * DECODE_BYTES_PER_FILE_BYTE
  }

  /** The file's root table. Fails with `tflite/truncated` or `tflite/corrupt`. */
  root<T extends TableSchema>(schema: T, path: string): Table<T> {
    return this.table(schema, this.indirect(0, path), path)
  }

  /** The table that starts at `position`; `path` names it in diagnostics. */
  table<T extends TableSchema>(schema: T, position: number, path: string): Table<T> {
    this.within(position, 4, path)
    const vtable = position - this.buffer.readInt32(position)
    this.within(vtable, 4, path)
    const vtableBytes = this.buffer.readUint16(vtable)
    const tableBytes = this.buffer.readUint16(vtable + 2)
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || tableBytes < 4) {
      this.corrupt(vtable, path, `the description of this ${schema.name} table makes no sense`)
    }
    this.within(vtable, vtableBytes, path)
    this.within(position, tableBytes, path)
    this.spend(vtableBytes + tableBytes + TABLE_OVERHEAD_BYTES, position, path)

    const decoded: Record<string, unknown> = {}
    for (const [name, field] of Object.entries(schema.fields)) {
      const entry = 4 + 2 * field[0]
      const distance = entry + 2 <= vtableBytes ? this.buffer.readUint16(vtable + entry) : 0
      if (distance === 0) {
        decoded[name] = absent(field)
        continue
      }
      const fieldPath = path === '' ? name : `${path}.${name}`
      if (distance + fieldBytes(field) > tableBytes) {
        this.corrupt(vtable + entry, fieldPath, `this field lies outside its ${schema.name} table`)
      }
      decoded[name] = this.field(field, position + distance, fieldPath)
    }
    return decoded as Table<T>
  }

  private field(field: Field, at: number, path: string): unknown {
    switch (field[1]) {
      case 'string': {
        const [start, length] = this.vector(at, 1, path)
        this.spend(length, at, path)
        return new TextDecoder().decode(this.bytes.subarray(start, start + length))
      }
      case 'bytes': {
        const [start, length] = this.vector(at, 1, path)
        return this.bytes.subarray(start, start + length)
      }
      case 'i32s':
      case 'i64s':
      case 'f32s':
        return this.numbers(field[1], at, path)
      case 'union':
        return this.indirect(at, path)
      case 'table':
        return this.table(field[2], this.indirect(at, path), path)
      case 'tables': {
        const [start, length] = this.vector(at, 4, path)
        this.spend(length * 4, at, path)
        return Array.from({ length }, (_, i) => {
          const element = `${path}[${i}]`
          return this.table(field[2], this.indirect(start + i * 4, element), element)
        })
      }
      default:
        return this.scalar(field[1], at)
    }
  }

  private scalar(kind: ScalarKind, at: number): number | boolean {
    switch (kind) {
      case 'bool':
        return this.buffer.readUint8(at) !== 0
      case 'i8':
        return this.buffer.readInt8(at)
      case 'u8':
        return this.buffer.readUint8(at)
      case 'i32':
        return this.buffer.readInt32(at)
      case 'u32':
        return this.buffer.readUint32(at)
      case 'u64':
        return Number(this.buffer.readUint64(at))
      case 'f32':
        return this.buffer.readFloat32(at)
    }
  }

  private numbers(kind: VectorKind, at: number, path: string): readonly number[] {
    const [start, length] = this.vector(at, ELEMENT_BYTES[kind], path)
    this.spend(length * ELEMENT_BYTES[kind], at, path)
    return Array.from({ length }, (_, i) => {
      const position = start + i * ELEMENT_BYTES[kind]
      if (kind === 'i32s') return this.buffer.readInt32(position)
      if (kind === 'f32s') return this.buffer.readFloat32(position)
      return Number(this.buffer.readInt64(position))
    })
  }

  /** Start and length of the vector that the offset at `at` leads to. */
  private vector(at: number, elementBytes: number, path: string): readonly [start: number, length: number] {
    const header = this.indirect(at, path)
    this.within(header, 4, path)
    const length = this.buffer.readUint32(header)
    this.within(header + 4, length * elementBytes, path)
    return [header + 4, length]
  }

  /** The position that the offset at `at` leads to. */
  private indirect(at: number, path: string): number {
    this.within(at, 4, path)
    return at + this.buffer.readUint32(at)
  }

  private within(position: number, length: number, path: string): void {
    if (position >= 0 && position + length <= this.bytes.length) return
    fail({
      code: 'tflite/truncated',
      message: `the file ends before its data does: ${length} bytes at offset ${position} are needed, the file has ${this.bytes.length}`,
      span: { file: this.file, offset: Math.max(0, position), ...(path && { path }) },
      hint: 'the file is cut off or damaged: fetch or export it again',
    })
  }

  private spend(bytes: number, position: number, path: string): void {
    this.budgetBytes -= bytes
    if (this.budgetBytes < 0) {
      this.corrupt(position, path, 'the same parts of the file are referenced over and over')
    }
  }

  private corrupt(position: number, path: string, message: string): never {
    fail({
      code: 'tflite/corrupt',
      message,
      span: { file: this.file, offset: position, ...(path && { path }) },
      hint: 'the file is damaged: fetch or export it again',
    })
  }
}

/** Bytes a field occupies in its table: the value of a scalar, the offset to anything else. */
function fieldBytes(field: Field): number {
  return field[1] in SCALAR_BYTES ? SCALAR_BYTES[field[1] as ScalarKind] : 4
}

/** What a table decodes to that has none of its fields. */
export function defaults<T extends TableSchema>(schema: T): Table<T> {
  const fields = Object.entries(schema.fields).map(([name, field]) => [name, absent(field)])
  return Object.fromEntries(fields) as Table<T>
}

function absent(field: Field): unknown {
  switch (field[1]) {
    case 'string':
      return ''
    case 'bytes':
      return new Uint8Array(0)
    case 'i32s':
    case 'i64s':
    case 'f32s':
    case 'tables':
      return []
    case 'table':
    case 'union':
      return undefined
    case 'bool':
      return field[2] ?? false
    default:
      return field[2] ?? 0
  }
}
