/**
 * The lowered form: a chain of stages over feature maps. A stage is what one kind of machine instruction does to whole
 * feature maps; the scheduler cuts it into rows, column blocks and list chunks.
 *
 * Feature maps are rows of w * c contiguous bytes (NHWC without the batch): int8, or narrower elements packed into whole bytes a
 * pixel, or int32 sums.
 */
import type { TensorType } from '../../../ir/tensor.ts'
import type { HostOp, Layer } from '../program.ts'
import type { Line } from './staircase.ts'

export type MapId = string

export interface FeatureMap {
  readonly id: MapId
  readonly h: number
  readonly w: number
  /** Bytes of a pixel. */
  readonly c: number
  /** Bits of an element: 1, 2, 4, 8 or 32. */
  readonly bits: number
  /** Elements below 8 bits have no sign. */
  readonly unsigned: boolean
  /** A byte of quantized zeros: what convolutions read outside of the map. */
  readonly padding: number
  /** The DRAM buffer that holds the map whenever it is in DRAM; maps of one buffer are views of the same bytes. */
  readonly buffer: string
  /** It must reach DRAM: a model output, an operand of a host op or of a later stretch, or read through another view. */
  readonly toDram: boolean
}

/** Rows of constant bytes that a stage needs around an input, in pixels. */
export interface Padding {
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly right: number
}
export const NO_PADDING: Padding = { top: 0, left: 0, bottom: 0, right: 0 }

/** How a stage reads one input: which rows it needs, and the padding around the map. */
export interface InputUse {
  readonly map: MapId
  readonly padding: Padding
  /** Input rows [first, end) for output rows [from, to); may reach into the padding. */
  readonly rows: (from: number, to: number) => readonly [first: number, end: number]
}

/** The rounding rules of the post unit, in the order of their numbers in an instruction. */
export const POST_RULES = ['tflite', 'half_even', 'float32'] as const
export type PostRule = (typeof POST_RULES)[number]

/** Elements of a pixel. */
export function channelsOf(map: { readonly c: number; readonly bits: number }): number {
  return (map.c * 8) / map.bits
}

/** How often a column's sum, times its direction, reaches one of its thresholds: times `step`, added to `start`. */
export interface Thresholds {
  readonly steps: number
  /** [channel][step], rising in each channel. */
  readonly values: Int32Array
  /** [channel]: +1 or -1. */
  readonly directions: Int8Array
  readonly start: number
  readonly step: number
  /** The same counts by one multiplication, where that is what the post unit does. */
  readonly line?: Line
}

/** What becomes of the sums of a convolution. */
interface Finish {
  /** Without meaning where sums stay as they are or go through thresholds. */
  readonly requant: Requant
  readonly finish: 'requantize' | 'sums' | Thresholds
  /** Fused 256-entry activation table, indexed by value + 128. */
  readonly table?: Int8Array
}

/** Requantization of accumulators; one entry, or one for each output channel. */
export interface Requant {
  readonly multiplier: Int32Array
  readonly shift: Int32Array
  readonly rule: PostRule
  readonly zeroPoint: number
  readonly min: number
  readonly max: number
}

/** Constants of the exact int8 addition, subtraction or product of two maps. */
export interface BinaryConstants {
  readonly zeroPointA: number
  readonly zeroPointB: number
  readonly a: { readonly multiplier: number; readonly shift: number }
  readonly b: { readonly multiplier: number; readonly shift: number }
  readonly out: { readonly multiplier: number; readonly shift: number }
  readonly zeroPoint: number
  readonly min: number
  readonly max: number
}

/** One weight position: the input pixel it meets, relative to the output's window origin, and its place in the kernel. */
export interface Tap {
  readonly dy: number
  readonly dx: number
  readonly kernelIndex: number
}

/**
 * One dense convolution kernel. Output (y, x) of the phase stands at row originY + y * stepY, column originX + x * stepX of
 * the map; its window starts at input row y * strideY, column x * strideX. An ordinary convolution has one phase, a transposed one stride^2.
 */
export interface Phase {
  readonly originY: number
  readonly originX: number
  readonly taps: readonly Tap[]
  /** Bias with the input's zero point folded in, over the taps of this phase. */
  readonly bias: Int32Array
}

interface StageBase {
  readonly name: string
  /** Index into the program's layers. */
  readonly layer: number
  readonly inputs: readonly InputUse[]
  readonly output: MapId
}

export interface ConvStage extends StageBase, Finish {
  readonly kind: 'conv'
  readonly strideY: number
  readonly strideX: number
  readonly stepY: number
  readonly stepX: number
  readonly phases: readonly Phase[]
  /** [output channel][kernel index][input byte], as they stand in the array's lanes. */
  readonly weights: Int8Array
  readonly kernelSize: number
  /** Bytes of an input pixel. */
  readonly cin: number
  /** Bits of an operand in a lane. */
  readonly bits: number
  /** Bits of a weight in DRAM, at most as many. */
  readonly weightBits: number
  /** Fused addition of a second map (inputs[1]). */
  readonly residual?: BinaryConstants
}

export interface DepthwiseStage extends StageBase, Finish {
  readonly kind: 'depthwise'
  readonly kernelH: number
  readonly kernelW: number
  readonly strideY: number
  readonly strideX: number
  readonly padTop: number
  readonly padLeft: number
  /** [kernel index][channel], int8. */
  readonly weights: Int8Array
  /** Bits of a weight in DRAM. */
  readonly weightBits: number
  /** With the input's zero point folded in. */
  readonly bias: Int32Array
}

export interface PoolStage extends StageBase {
  readonly kind: 'pool'
  readonly maximum: boolean
  readonly kernelH: number
  readonly kernelW: number
  readonly strideY: number
  readonly strideX: number
  readonly padTop: number
  readonly padLeft: number
  /** For a sum of `count` elements: each less `zeroPointIn`, scaled, plus `zeroPoint`. */
  readonly scale: (count: number) => {
    readonly multiplier: number
    readonly shift: number
    readonly rule: PostRule
    readonly zeroPointIn: number
    readonly zeroPoint: number
  }
}

export interface BinaryStage extends StageBase {
  readonly kind: 'binary'
  readonly op: 'add' | 'sub' | 'mul'
  readonly constants: BinaryConstants
}

/** Moves bytes, possibly through a requantization or a table: concatenation, slices, nearest resize, padding, activations. */
export interface MoveStage extends StageBase {
  readonly kind: 'move'
  readonly parts: readonly MovePart[]
  /** Bytes of the output that no part writes hold this value. */
  readonly fill?: number
  readonly table?: Int8Array
  readonly requant?: {
    readonly zeroPointIn: number
    readonly multiplier: number
    readonly shift: number
    readonly zeroPoint: number
    readonly min: number
    readonly max: number
  }
}

/**
 * Output pixel (offsetY + y, offsetX + x), channels from offsetC, takes input pixel (floor(y / up) * stride + begin), channels from beginC; along each axis.
 */
export interface MovePart {
  /** Index into the stage's inputs. */
  readonly input: number
  readonly h: number
  readonly w: number
  readonly c: number
  readonly offsetY: number
  readonly offsetX: number
  readonly offsetC: number
  readonly beginY: number
  readonly beginX: number
  readonly beginC: number
  readonly strideY: number
  readonly strideX: number
  readonly upY: number
  readonly upX: number
}

export type Stage = ConvStage | DepthwiseStage | PoolStage | BinaryStage | MoveStage

/** What the network has become: stages that run on the machine, in stretches between host ops. */
export interface Lowered {
  readonly maps: ReadonlyMap<MapId, FeatureMap>
  readonly steps: readonly LoweredStep[]
  readonly layers: readonly LoweredLayer[]
  /** Every DRAM buffer; constants hold their bytes. */
  readonly buffers: readonly LoweredBuffer[]
  /** Model inputs and outputs: their names and types, and the buffers that hold them. */
  readonly inputs: readonly LoweredPort[]
  readonly outputs: readonly LoweredPort[]
}

/** A layer before it has a schedule and a target, which says what its blocks are. */
export type LoweredLayer = Omit<Layer, 'schedule' | 'density' | 'usefulMacs' | 'inputs' | 'outputs'>

export interface LoweredPort {
  readonly name: string
  readonly type: TensorType
  readonly buffer: string
}

export type LoweredStep = { readonly stages: readonly Stage[] } | { readonly host: HostOp }

export interface LoweredBuffer {
  readonly id: string
  readonly type: TensorType
  /** Bits of an element. */
  readonly bits: number
  /** As stored. */
  readonly data?: Uint8Array
}
