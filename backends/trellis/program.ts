/** A compiled program: what the compiler hands to the image writer and to the machine. */
import type { Attrs } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import type { TensorType } from '../../ir/tensor.ts'
import type { Instruction } from './isa/table.ts'
import type { Target } from './target.ts'

/** A tensor with a place in DRAM: model inputs and outputs, what host ops read and write, and what did not fit on chip. */
export interface Buffer {
  readonly id: string
  readonly type: TensorType
  /** Bits of an element there: those of its type, or more for types below 8 bits. */
  readonly bits: number
  readonly address: number
  readonly bytes: number
}

/** One layer of the model as the reports show it. */
export interface Layer {
  readonly name: string
  readonly op: OpName
  /** Output shape in the model. */
  readonly shape: readonly number[]
  /**
   * Names of the tensors that it reads, constants aside, and of those that it writes: edges of the network's graph. A tensor
   * that only shows the bytes of another under other dimensions goes by the other's name; so it does in buffers and host ops.
   */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly precision: string
  /** Share of weights in blocks that are kept; 1 without sparsity. */
  readonly density: number
  readonly macs: number
  /** Of these, the ones whose weights stand in kept blocks. */
  readonly usefulMacs: number
  /** Bytes that no schedule can avoid reading: weights, and biases with requantization constants. */
  readonly weightBytes: number
  readonly parameterBytes: number
  /** How the layer was scheduled, for people. */
  readonly schedule: string
}

/** Instructions that run without the host in between; the last is `end`. */
export interface Segment {
  readonly instructions: readonly Instruction[]
  /** For each instruction the index into `layers` of the layer that it works for. */
  readonly layerOf: Uint16Array
  /** DRAM address of the encoded instructions. */
  readonly address: number
}

/** An operation that the array cannot do: the host reads the inputs from DRAM and writes the outputs there. */
export interface HostOp {
  readonly name: string
  readonly op: OpName
  readonly attrs: Attrs
  /** Why it runs on the host. */
  readonly reason: string
  /** Ids of buffers, and the types with which the op sees their bytes. */
  readonly inputs: readonly string[]
  readonly inputTypes: readonly TensorType[]
  readonly outputs: readonly string[]
  readonly outputTypes: readonly TensorType[]
}

export type Step = { readonly run: number } | { readonly host: HostOp }

/** What DRAM holds where, for splitting traffic by kind. `constants` of host ops are weights too. */
export interface DramRegion {
  readonly kind: 'weights' | 'parameters' | 'instructions' | 'activations'
  readonly start: number
  readonly end: number
}

export interface Program {
  readonly model: string
  readonly target: Target
  /** Samples of the model's own batch; the steps run once for each. */
  readonly batch: number
  /** Model inputs and outputs, in the model's order, for one of the `batch` samples. */
  readonly inputs: readonly Buffer[]
  readonly outputs: readonly Buffer[]
  /** Every buffer by id, inputs and outputs included. */
  readonly buffers: readonly Buffer[]
  readonly steps: readonly Step[]
  readonly segments: readonly Segment[]
  readonly layers: readonly Layer[]
  /** Constants (weights, lists, parameters, tables): written to DRAM at `weightsAddress` before the first step. */
  readonly weights: Uint8Array
  readonly weightsAddress: number
  readonly regions: readonly DramRegion[]
  readonly dramBytes: number
  /** Cycles that the compiler expects, from the same costs as the simulator's but without contention. */
  readonly estimatedCycles: number
  /** max(MAC roofline, compulsory DRAM bytes / bandwidth). */
  readonly lowerBound: { readonly cycles: number; readonly dramBytes: number }
}
