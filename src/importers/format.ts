/** What kind of file some bytes are: the model formats that can be read, and what people pass by mistake. */
import { isTflite } from './tflite/index.ts'

export type ModelFormat = 'tflite' | 'onnx' | 'esp'

/** The format a path's extension promises. */
export function promisedFormat(path: string): ModelFormat | undefined {
  if (/\.tflite$/i.test(path)) return 'tflite'
  if (/\.onnx$/i.test(path)) return 'onnx'
  return /\.esp$/i.test(path) ? 'esp' : undefined
}

/** The format of the content. A text is a graph if its name or its first word says so. */
export function sniff(bytes: Uint8Array, path: string): ModelFormat | undefined {
  if (isTflite(bytes)) return 'tflite'
  if (isOnnx(bytes, path)) return 'onnx'
  const text = looksLikeText(bytes)
  if (text === undefined) return undefined
  return promisedFormat(path) === 'esp' || /^(\s|\/\/.*\n)*graph\s+"/.test(text) ? 'esp' : undefined
}

interface Signature {
  readonly at: number
  readonly bytes: string
  readonly what: string
  readonly hint?: string
}

const UNPACK = 'unpack it and give the .tflite or .onnx file in it'
const CONVERT = 'convert it to TensorFlow Lite or ONNX'

/** First bytes of files, from their specifications. */
const SIGNATURES: readonly Signature[] = [
  { at: 0, bytes: 'PK\x03\x04', what: 'a ZIP archive (as are .keras, .pt and .npz files)', hint: UNPACK },
  { at: 0, bytes: '\x1f\x8b', what: 'a gzip archive', hint: UNPACK },
  { at: 257, bytes: 'ustar', what: 'a tar archive', hint: UNPACK },
  { at: 0, bytes: '\x89HDF\r\n', what: 'a Keras model (HDF5)', hint: CONVERT },
  { at: 0, bytes: '\x80\x02', what: 'a Python pickle', hint: CONVERT },
  { at: 0, bytes: 'GGUF', what: 'a GGUF language model' },
  { at: 0, bytes: '\x93NUMPY', what: 'a NumPy array', hint: 'give it as --input, and a model as MODEL' },
  { at: 0, bytes: '\x89PNG\r\n', what: 'a PNG image' },
  { at: 0, bytes: '\xff\xd8\xff', what: 'a JPEG image' },
  { at: 0, bytes: '%PDF', what: 'a PDF document' },
  { at: 0, bytes: '\x7fELF', what: 'a program (ELF)' },
  { at: 0, bytes: '\0asm', what: 'a WebAssembly module' },
]

/** What a file that is no model appears to be, in words that follow "this looks like". */
export function guess(bytes: Uint8Array): { readonly what: string; readonly hint?: string } {
  const signature = SIGNATURES.find(({ at, bytes: magic }) => latin1(bytes, at, magic.length) === magic)
  if (signature) return signature
  const text = looksLikeText(bytes)
  if (text === undefined) return { what: 'binary data of an unknown kind' }
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) {
    return { what: 'a web page', hint: 'a download may have saved an error page: fetch the model again' }
  }
  if (text.startsWith('version https://git-lfs')) {
    return { what: 'a Git LFS pointer', hint: 'fetch the file itself: git lfs pull' }
  }
  return { what: /^\s*[{[]/.test(text) ? 'JSON text' : 'plain text' }
}

/**
 * An ONNX file is a protobuf message whose first field is the small integer `ir_version`; a name or a version of its
 * producer, a graph or the operator sets follow.
 */
export function isOnnx(bytes: Uint8Array, path: string): boolean {
  const [first, version = 255, next = 0] = bytes
  const starts = first === 0x08 && version < 32 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(next)
  return starts || (promisedFormat(path) === 'onnx' && first === 0x08)
}

/** The first part of the text, if the bytes are one: no control characters but spacing. */
function looksLikeText(bytes: Uint8Array): string | undefined {
  const head = bytes.subarray(0, 4096)
  const isControl = (byte: number) => byte < 9 || (byte > 13 && byte < 32)
  return head.some(isControl) ? undefined : new TextDecoder().decode(head)
}

function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}
