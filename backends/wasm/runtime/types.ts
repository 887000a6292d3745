/** Types of the runtime, for any model; the index.d.ts of a bundle has those of its own. */
import type { Variant } from '../artifact.ts'

/** Element types by the names of WebNN (`MLOperandDataType`), and alike where it has none. */
export type ElementType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2'
  | 'binary'

export type Elements = Int8Array | Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array
export type ElementsByName = Readonly<Record<string, Elements>>

/** A tensor that enters or leaves the model, row-major. Where it is quantized, real = scale * (element - zeroPoint). */
export interface RuntimePort {
  readonly name: string
  readonly dtype: ElementType
  readonly shape: readonly number[]
  readonly scale?: number
  readonly zeroPoint?: number
}

/** What a caller of the modules has to know. */
export interface Signature {
  readonly inputs: readonly RuntimePort[]
  readonly outputs: readonly RuntimePort[]
  /** Byte addresses in an instance's memory; those of inputs and outputs in the model's order. */
  readonly memory: {
    readonly inputs: readonly number[]
    readonly outputs: readonly number[]
    readonly weights: number
  }
}

/** What a module exports, and the layers of one made for measurement; `memory` never grows. */
export type ModuleExports = WebAssembly.Exports & {
  readonly memory: WebAssembly.Memory
  readonly init: () => void
  readonly run: () => void
}

/** A file beside index.js, and what its content is checked against: of a module, what precedes its stamp. */
export interface RuntimeFile {
  readonly name: string
  readonly crc32: number
  readonly url: () => URL
}

export interface RuntimeFiles {
  readonly modules: Readonly<Record<Variant, RuntimeFile>>
  readonly weights: RuntimeFile & { readonly bytes: number }
}

/** A CRC over bytes that are copied into `memory`, after its table: `update` carries it on over those up to `end`. */
export interface Checksum {
  readonly memory: Uint8Array
  readonly update: (crc: number, end: number) => number
}

export type Bytes = ArrayBuffer | ArrayBufferView

/** The index.d.ts of every bundle says what each is for. */
export interface LoadOptions {
  readonly variant?: Variant
  readonly base?: string | URL
  readonly module?: Bytes | WebAssembly.Module
  readonly weights?: Bytes
  readonly fetch?: typeof globalThis.fetch
  readonly signal?: AbortSignal
}

/** Codes of `ModelError`, each with what it means, for the index.d.ts of a bundle. */
export const MODEL_ERRORS = {
  'no-simd': 'The engine has no 128-bit SIMD.',
  'variant-not-exact': 'The engine does not execute the variant exactly.',
  'option-invalid': 'An option of `load` is of the wrong kind.',
  'fetch-failed': 'A file could not be fetched; `url` says which, `status` how the server answered.',
  'module-invalid': 'The module is damaged, cannot be compiled, or is not of this bundle.',
  'weights-length': 'The weights are too short or too long.',
  'weights-corrupted': 'The weights are damaged, or not of this bundle.',
  'out-of-memory': 'There is no memory for a further instance.',
  'input-type': 'What was given is no array of the right type.',
  'input-length': 'An input has too few or too many elements.',
  'input-missing': 'An input was not given.',
  'input-unknown': 'There is no such input.',
  'output-unknown': 'There is no such output.',
  'not-quantized': 'The tensor has no scale and zero point.',
} as const
export type ErrorCode = keyof typeof MODEL_ERRORS
