/**
 * NumPy's `.npy` array files, read and written.
 *
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1.0, 2.0 and 3.0: a magic
 * string, a Python dictionary with `descr`, `fortran_order` and `shape`, then the elements. Arrays come out row-major
 * (C order) and in the machine's byte order, whatever the file has.
 */
import { attempt, fail, type Result } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import { elementCount } from '../../ir/tensor.ts'

/** Element types, by the names of the graph IR; NumPy's own names are in `ELEMENTS`. */
export const NPY_DTYPES = ['i8', 'u8', 'i16', 'i32', 'i64', 'f32', 'f64'] as const
export type NpyDType = (typeof NPY_DTYPES)[number]
export type NpyData = TensorData | Float64Array

export interface NpyArray {
  readonly dtype: NpyDType
  readonly shape: readonly number[]
  /** `elementCount(shape)` elements, row-major. */
  readonly data: NpyData
}

interface Element {
  /** NumPy's type code without the byte order: a kind and a size in bytes. */
  readonly code: string
  readonly bytes: number
  readonly view: (buffer: ArrayBuffer) => NpyData
}

const ELEMENTS: { readonly [D in NpyDType]: Element } = {
  i8: { code: 'i1', bytes: 1, view: (b) => new Int8Array(b) },
  u8: { code: 'u1', bytes: 1, view: (b) => new Uint8Array(b) },
  i16: { code: 'i2', bytes: 2, view: (b) => new Int16Array(b) },
  i32: { code: 'i4', bytes: 4, view: (b) => new Int32Array(b) },
  i64: { code: 'i8', bytes: 8, view: (b) => new BigInt64Array(b) },
  f32: { code: 'f4', bytes: 4, view: (b) => new Float32Array(b) },
  f64: { code: 'f8', bytes: 8, view: (b) => new Float64Array(b) },
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY
const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
/** The elements start at a multiple of this, so that a reader may map the file into memory. */
const ALIGNMENT_BYTES = 64

/** Reads the bytes of a `.npy` file. `file` names it in diagnostics (`npy/...`). */
export function readNpy(bytes: Uint8Array, file: string): Result<NpyArray> {
  return attempt(() => {
    const { text, dataOffset } = header(bytes, file)
    const { dtype, swapped, fortranOrder, shape } = describe(text, file)
    const element = ELEMENTS[dtype]
    const needed = elementCount(shape) * element.bytes
    const available = bytes.length - dataOffset
    if (needed > available) {
      fail({
        code: 'npy/truncated',
        message: `the header promises ${needed} bytes of elements for shape [${shape.join(', ')}], the file has ${available}`,
        span: { file, offset: dataOffset },
        hint: 'the file was cut short: write or copy it again',
      })
    }
    // A copy, not `slice`: of a Node Buffer that would be a view into a larger buffer.
    const raw = new Uint8Array(bytes.subarray(dataOffset, dataOffset + needed))
    if (swapped) reverseEach(raw, element.bytes)
    const data = element.view(raw.buffer)
    return { dtype, shape, data: fortranOrder ? toRowMajor(data, element, shape) : data }
  })
}

/** The bytes of a `.npy` file, version 1.0, little-endian, C order. */
export function writeNpy(array: NpyArray): Uint8Array {
  const element = ELEMENTS[array.dtype]
  const order = element.bytes === 1 ? '|' : '<'
  const shape = array.shape.length === 1 ? `(${array.shape[0]},)` : `(${array.shape.join(', ')})`
  const text = `{'descr': '${order}${element.code}', 'fortran_order': False, 'shape': ${shape}, }`
  const prefix = MAGIC.length + 4
  const end = Math.ceil((prefix + text.length + 1) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
  const out = new Uint8Array(end + array.data.byteLength)
  out.set(MAGIC)
  const headerBytes = end - prefix
  out.set([1, 0, headerBytes & 0xff, headerBytes >> 8], MAGIC.length)
  out.set(new TextEncoder().encode(`${text.padEnd(headerBytes - 1)}\n`), prefix)
  out.set(new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength), end)
  if (!HOST_IS_LITTLE_ENDIAN) reverseEach(out.subarray(end), element.bytes)
  return out
}

/** The dictionary's text, and where the elements start. */
function header(bytes: Uint8Array, file: string): { text: string; dataOffset: number } {
  if (bytes.length === 0) {
    fail({
      code: 'npy/empty',
      message: 'the file is empty',
      span: { file },
      hint: 'write it with numpy.save',
    })
  }
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    fail({
      code: 'npy/not-npy',
      message: 'this is not a NumPy .npy file: it does not start with \\x93NUMPY',
      span: { file, offset: 0 },
      hint: 'write arrays with numpy.save (one array) or numpy.savez (several)',
    })
  }
  const [major, minor] = [bytes[6] ?? 0, bytes[7] ?? 0]
  if (major < 1 || major > 3 || minor !== 0) {
    fail({
      code: 'npy/version',
      message: `version ${major}.${minor} of the .npy format is unknown; known are 1.0, 2.0 and 3.0`,
      span: { file, offset: 6 },
      hint: 'save the array again with a current NumPy',
    })
  }
  const lengthBytes = major === 1 ? 2 : 4
  let length = 0
  for (let i = lengthBytes - 1; i >= 0; i--) length = length * 256 + (bytes[8 + i] ?? 0)
  const start = 8 + lengthBytes
  if (start + length > bytes.length) {
    fail({
      code: 'npy/truncated',
      message: `the header takes ${length} bytes, the file ends after ${Math.max(0, bytes.length - start)} of them`,
      span: { file, offset: 8 },
      hint: 'the file was cut short: write or copy it again',
    })
  }
  return {
    text: new TextDecoder().decode(bytes.subarray(start, start + length)),
    dataOffset: start + length,
  }
}

interface Description {
  dtype: NpyDType
  /** Whether the elements' byte order is not the machine's. */
  swapped: boolean
  fortranOrder: boolean
  shape: number[]
}

/** What the header's Python dictionary says. Its three keys may stand in any order. */
function describe(text: string, file: string): Description {
  const malformed = (what: string): never =>
    fail({
      code: 'npy/header',
      message: `the header ${what}: ${JSON.stringify(text.trim().slice(0, 120))}`,
      span: { file, offset: 8 },
      hint: 'save the array again with numpy.save',
    })
  const fortran =
    /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1] ?? malformed("has no 'fortran_order'")
  // Python 2 wrote long integers with an L.
  const shapeText = /['"]shape['"]\s*:\s*\(([\dL,\s]*)\)/.exec(text)?.[1] ?? malformed("has no 'shape'")
  const shape = shapeText
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '')
    .map(Number)
  if (!shape.every(Number.isSafeInteger) || !Number.isSafeInteger(elementCount(shape) * 8)) {
    malformed('has a shape that is no list of reasonable sizes')
  }
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1]
  if (descr === undefined && !/['"]descr['"]\s*:\s*\[/.test(text)) malformed("has no 'descr'")
  const code = descr?.slice(1)
  const dtype = NPY_DTYPES.find((name) => ELEMENTS[name].code === code)
  const order = descr?.[0] ?? ''
  if (dtype === undefined || !'<>|='.includes(order)) {
    return fail({
      code: 'npy/dtype',
      message: `elements of type ${descr === undefined ? 'record' : `'${descr}'`} cannot be read`,
      span: { file, path: 'descr' },
      notes: [`types that can be: ${NPY_DTYPES.map((name) => ELEMENTS[name].code).join(' ')}`],
      hint: 'convert the array before saving it, for example array.astype(numpy.float32)',
    })
  }
  const littleEndian = order === '<' || (order !== '>' && HOST_IS_LITTLE_ENDIAN)
  return { dtype, swapped: littleEndian !== HOST_IS_LITTLE_ENDIAN, fortranOrder: fortran === 'True', shape }
}

/** Reverses the bytes of every element, in place. */
function reverseEach(bytes: Uint8Array, elementBytes: number): void {
  if (elementBytes === 1) return
  for (let i = 0; i < bytes.length; i += elementBytes) bytes.subarray(i, i + elementBytes).reverse()
}

/** Column-major elements, first index fastest, put in row-major order, last index fastest. */
function toRowMajor(data: NpyData, element: Element, shape: readonly number[]): NpyData {
  const out = element.view(new ArrayBuffer(data.byteLength))
  const index = shape.map(() => 0)
  const strides: number[] = []
  let stride = 1
  for (const size of shape) {
    strides.push(stride)
    stride *= size
  }
  let from = 0
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from] as never
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1
      from += strides[axis] ?? 0
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next
        break
      }
      index[axis] = 0
      from -= next * (strides[axis] ?? 0)
    }
  }
  return out
}
