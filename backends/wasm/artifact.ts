/** What the compiler makes of a graph: modules that run it, and the bytes that they all need. */
import type { TensorType } from '../../ir/tensor.ts'

/**
 * How a module multiplies bytes. The relaxed dot product (`i32x4.relaxed_dot_i8x16_i7x16_add_s`) leaves open whether
 * its second operand is signed: x86 with VNNI reads it as unsigned, Arm as signed. Each gets a module of its own;
 * `plain` needs SIMD128 only. In order of preference.
 */
export const VARIANTS = ['relaxed_unsigned', 'relaxed_signed', 'plain'] as const
export type Variant = (typeof VARIANTS)[number]

/** A tensor of the model in an instance's memory: its elements row-major, as in the model. */
export interface WasmPort {
  readonly name: string
  readonly type: TensorType
  /** Byte offset, a multiple of 16. */
  readonly address: number
}

/** A step of `run`, for reports: a layer of the model or the movement of data that it needs. */
export interface WasmLayer {
  readonly name: string
  readonly op: string
  readonly macs: number
  /** The kernel that runs it, and what it was specialized to. */
  readonly kernel: string
  /** What it reads and writes, each once. */
  readonly operands: readonly WasmOperand[]
}

/** A tensor or a constant in memory, whole and with the border around it: steps that name the same one share it. */
export interface WasmOperand {
  readonly name: string
  /** Weights are wider in a module that multiplies wider numbers. */
  readonly bytes: { readonly [V in Variant]: number }
}

/**
 * A module imports nothing. It exports `memory`, which never grows; `init()`, called once when the weights are in place;
 * and `run()`, which reads the inputs' memory and fills the outputs'. A module made for measurement exports `layer_0`,
 * `layer_1`, ... besides: the steps of `run` in order.
 */
export interface WasmArtifact {
  readonly model: string
  readonly inputs: readonly WasmPort[]
  readonly outputs: readonly WasmPort[]
  readonly layers: readonly WasmLayer[]
  /** To be copied to `weightsAddress` before `init`; the same for every variant. */
  readonly weights: Uint8Array
  readonly weightsAddress: number
  readonly modules: { readonly [V in Variant]: Uint8Array }
}
