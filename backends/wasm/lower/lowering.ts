/** A graph on its way to steps: where every tensor lies, what runs in which order, and the bytes of the constants. */

import { zeroPointOf } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import { type Graph, typeOf, type ValueId } from '../../../ir/graph.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import { borderKernel } from '../kernels/border.ts'
import { copyKernel } from '../kernels/copy.ts'
import type { Kernel } from '../kernels/kernel.ts'
import { bitBytes, packBitsKernel } from '../kernels/pack-bits.ts'
import { prepareWeightsKernel } from '../kernels/prepare-weights.ts'
import { unpackWeightsKernel } from '../kernels/unpack-weights.ts'
import { align, type Buffer } from '../memory-plan.ts'
import {
  at,
  type Border,
  bordered,
  contiguous,
  isContiguous,
  isStoredAsInt8,
  NO_BORDER,
  type Place,
  type Placement,
  placedBytes,
} from '../storage.ts'
import type { PackedBits, WeightBlocks } from '../weight-blocks.ts'
import type { Fusion } from './fusion.ts'

/** What a step belongs to: a node of the graph, or a tensor that it brings in or out. */
export interface Label {
  readonly name: string
  readonly op: string
}

/** A call of a kernel. */
export interface Step {
  readonly layer: string
  readonly op: string
  readonly macs: number
  readonly kernel: Kernel
  /** The addresses that it is called with. */
  readonly places: readonly Place[]
}

/** Weights that each variant prepares for itself. */
interface PreparedWeights {
  readonly buffer: string
  /** The buffer of packed weights once they are unpacked. */
  readonly unpacked: string
  readonly file: Place
  readonly blocks: WeightBlocks
  readonly bits: PackedBits | 8
}

/** A layer's weights as they are in the weights file. */
interface GivenWeights {
  readonly bytes: Uint8Array
  readonly blocks: WeightBlocks
  /** Of a weight. */
  readonly bits: PackedBits | 8
  readonly name: string
  readonly index: Place | undefined
}

/** The buffer of all constants: the weights file. */
export const WEIGHTS = 'weights'

export class Lowering {
  readonly graph: Graph
  readonly fusion: Fusion
  readonly steps: Step[] = []
  readonly layers: PreparedWeights[] = []
  /** Run once, when the weights are in place. */
  readonly initial: Step[] = []
  private readonly placements = new Map<ValueId, Placement>()
  private readonly bitPlacements = new Map<string, Placement>()
  private readonly borders: ReadonlyMap<ValueId, Border>
  private readonly sizes = new Map<string, number>()
  private readonly constants: Uint8Array[] = []
  /** Where each begins, and its bytes. */
  private readonly constantParts: { readonly offset: number; readonly bytes: number }[] = []
  private constantBytes = 0
  private readonly sharedWeights = new Map<string, Place>()
  private temporaries = 0

  constructor(graph: Graph, borders: ReadonlyMap<ValueId, Border>, fusion: Fusion) {
    this.graph = graph
    this.borders = borders
    this.fusion = fusion
  }

  type(id: ValueId): TensorType {
    return typeOf(this.graph, id)
  }

  /** The elements of a constant; undefined for a value that is computed. */
  constant(id: ValueId | undefined): TensorData | undefined {
    return id === undefined ? undefined : this.graph.values.get(id)?.data
  }

  step(node: Label, kernel: Kernel, places: readonly Place[], macs = 0): void {
    this.steps.push({ layer: node.name, op: node.op, macs, kernel, places })
  }

  /** Appends bytes to the weights file, at a multiple of 16. */
  weights(bytes: Uint8Array): Place {
    const offset = align(this.constantBytes)
    if (offset > this.constantBytes) this.constants.push(new Uint8Array(offset - this.constantBytes))
    this.constants.push(bytes)
    this.constantParts.push({ offset, bytes: bytes.length })
    this.constantBytes = offset + bytes.length
    return { buffer: WEIGHTS, offset }
  }

  /** Appends bytes to the weights file for all that ask for them by this key. Nothing changes them in memory. */
  shared(key: string, bytes: () => Uint8Array): Place {
    const known = this.sharedWeights.get(key)
    if (known !== undefined) return known
    const place = this.weights(bytes())
    this.sharedWeights.set(key, place)
    return place
  }

  /**
   * Appends a layer's weights, to be prepared for each variant; sparse ones have an index. The place is in a buffer of
   * their own, which may be their part of the weights file.
   */
  layerWeights({ bytes, blocks, bits, name, index }: GivenWeights): Place {
    const file = this.weights(bytes)
    const n = this.layers.length
    const place = { buffer: `weights ${n}`, offset: 0 }
    const unpacked = bits === 8 ? file : { buffer: `unpacked weights ${n}`, offset: 0 }
    this.layers.push({ buffer: place.buffer, unpacked: unpacked.buffer, file, blocks, bits })
    const step = (kernel: Kernel, from: Place, to: Place) =>
      this.initial.push({
        layer: name,
        op: 'weights',
        macs: 0,
        kernel,
        places: index === undefined ? [from, to] : [from, to, index],
      })
    if (bits !== 8) step(unpackWeightsKernel(blocks, bits), file, unpacked)
    step(prepareWeightsKernel(blocks), unpacked, place)
    return place
  }

  /** The constant of the weights file that lies there. */
  constantAt(offset: number): { readonly offset: number; readonly bytes: number } {
    return must(
      this.constantParts.findLast((part) => part.offset <= offset),
      `the constant at ${offset}`,
    )
  }

  weightsFile(): Uint8Array {
    const file = new Uint8Array(this.constantBytes)
    let offset = 0
    for (const part of this.constants) {
      file.set(part, offset)
      offset += part.length
    }
    return file
  }

  /** A new buffer. */
  buffer(bytes: number, name = `temporary ${this.temporaries++}`): Place {
    this.sizes.set(name, bytes)
    return { buffer: name, offset: 0 }
  }

  /** Makes room for a node's result; its border, where its readers need one, is filled. */
  allocate(id: ValueId, node: Label): Placement {
    const type = this.type(id)
    const border = this.border(id)
    const name = `value ${id}`
    const placement = bordered(type, border, name)
    this.sizes.set(name, placement.images * placement.imagePitch)
    this.placements.set(id, placement)
    if (!isContiguous(placement)) {
      this.step(node, borderKernel(placement, zeroPointOf(type)), [{ buffer: name, offset: 0 }])
    }
    return placement
  }

  /** Says that a value lies where something else does already. */
  place(id: ValueId, placement: Placement): void {
    this.placements.set(id, placement)
  }

  /** Where a value lies. A constant is put into the weights file when it is first asked for. */
  placement(id: ValueId): Placement {
    const known = this.placements.get(id)
    if (known !== undefined) return known
    const placement = this.constantPlacement(id)
    this.placements.set(id, placement)
    return placement
  }

  private constantPlacement(id: ValueId): Placement {
    const data = must(this.constant(id), `the place of ${id}`)
    const type = this.type(id)
    const border = this.border(id)
    const placement = bordered(type, border, WEIGHTS)
    const { place, images, rows, rowBytes, rowPitch, imagePitch } = placement
    const elements = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const bytes = new Uint8Array(align(images * imagePitch))
    if (!isContiguous(placement)) bytes.fill(zeroPointOf(type))
    for (let image = 0; image < images; image++) {
      for (let row = 0; row < rows; row++) {
        const from = (image * rows + row) * rowBytes
        bytes.set(
          elements.subarray(from, from + rowBytes),
          place.offset + image * imagePitch + row * rowPitch,
        )
      }
    }
    const start = this.weights(bytes)
    if (isStoredAsInt8(type.dtype)) this.convertInPlace(start, bytes.length, id)
    return { ...placement, place: at(start, place.offset) }
  }

  /** Brings constants of at most 8 bits into the form in which each variant stores them. */
  private convertInPlace(place: Place, bytes: number, id: ValueId): void {
    const kernel = copyKernel({ dimensions: [], bytes, convert: true })
    this.initial.push({ layer: id, op: 'initial', macs: 0, kernel, places: [place, place] })
  }

  /** Makes room for the packed bits of a result, pixels in one run (see kernels/bit-products.ts). */
  allocateBits(id: ValueId): Placement {
    const type = this.type(id)
    const pixel = must(type.shape.at(-1), 'channels')
    return this.bitPlacement(id, pixel, this.buffer(bitsBytes(type, pixel), `bits ${id}`))
  }

  private bitPlacement(id: ValueId, pixel: number, place: Place): Placement {
    const type = this.type(id)
    const flat = contiguous(type, place)
    const rowBytes = bitsBytes(type, pixel) / (flat.images * flat.rows)
    const placement = { ...flat, rowBytes, rowPitch: rowBytes, imagePitch: flat.rows * rowBytes }
    this.bitPlacements.set(`${id} ${pixel}`, placement)
    return placement
  }

  /** The packed bits of a value in pixels of so many elements, its last dimension if that is not said. */
  bits(id: ValueId, node: Label, pixel = must(this.type(id).shape.at(-1), 'channels')): Placement {
    const known = this.bitPlacements.get(`${id} ${pixel}`)
    if (known !== undefined) return known
    const type = this.type(id)
    const x = pixel === type.shape.at(-1) ? this.placement(id) : this.flat(id, node)
    const packed = this.bitPlacement(id, pixel, this.buffer(bitsBytes(type, pixel)))
    const isFlat = isContiguous(x)
    const kernel = packBitsKernel({
      rows: isFlat ? 1 : x.rows,
      pixels: isFlat ? placedBytes(x) / pixel : x.rowBytes / pixel,
      channels: pixel,
      x: x.rowPitch,
    })
    for (let n = 0; n < (isFlat ? 1 : x.images); n++) {
      this.step(node, kernel, [at(x.place, n * x.imagePitch), at(packed.place, n * packed.imagePitch)])
    }
    return packed
  }

  /** A value in one run: where it lies, or a copy of it. */
  flat(id: ValueId, node: Label): Placement {
    const placement = this.placement(id)
    if (isContiguous(placement)) return placement
    const flat = contiguous(placement.type, this.buffer(placedBytes(placement)))
    this.copy(placement, flat, node)
    return flat
  }

  /** For a kernel that writes its result in one run: gives the place, and `finish` to be called after its step. */
  flatResult(id: ValueId, node: Label): { readonly placement: Placement; readonly finish: () => void } {
    const placement = this.allocate(id, node)
    if (isContiguous(placement)) return { placement, finish: () => {} }
    const flat = contiguous(placement.type, this.buffer(placedBytes(placement)))
    return { placement: flat, finish: () => this.copy(flat, placement, node) }
  }

  /** Copies a tensor from one placement to another of the same shape. */
  copy(from: Placement, to: Placement, node: Label, convert = false): void {
    const kernel = copyKernel({
      dimensions: [
        { count: from.images, from: from.imagePitch, to: to.imagePitch },
        { count: from.rows, from: from.rowPitch, to: to.rowPitch },
      ],
      bytes: from.rowBytes,
      convert,
    })
    this.step(node, kernel, [from.place, to.place])
  }

  /** Copies the elements of a box of `shape`, each `bytes` long; distances between neighbours are in bytes. */
  move(
    node: Label,
    shape: readonly number[],
    bytes: number,
    from: { readonly place: Place; readonly strides: readonly number[] },
    to: { readonly place: Place; readonly strides: readonly number[] },
  ): void {
    const dimensions = shape.map((count, axis) => ({
      count,
      from: must(from.strides[axis], 'axis'),
      to: must(to.strides[axis], 'axis'),
    }))
    this.step(node, copyKernel({ dimensions, bytes, convert: false }), [from.place, to.place])
  }

  /** The border that a value's readers need around it. */
  border(id: ValueId): Border {
    return this.borders.get(id) ?? NO_BORDER
  }

  /** Every buffer but the weights, with its lifetime; those of `kept` live always. */
  buffers(kept: ReadonlySet<string>): readonly Buffer[] {
    const from = new Map<string, number>()
    const to = new Map<string, number>()
    this.steps.forEach((step, index) => {
      for (const { buffer } of step.places) {
        if (!from.has(buffer)) from.set(buffer, index)
        to.set(buffer, index)
      }
    })
    return [...this.sizes].map(([name, bytes]) => ({
      name,
      bytes,
      from: kept.has(name) ? -1 : (from.get(name) ?? 0),
      to: kept.has(name) ? this.steps.length : (to.get(name) ?? 0),
    }))
  }
}

/** Of a tensor's packed bits. */
function bitsBytes({ shape }: TensorType, pixel: number): number {
  return (elementCount(shape) / pixel) * bitBytes(pixel)
}
