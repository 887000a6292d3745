/**
 * Block-sparse weights. A weight tensor of two or more dimensions is cut along its first axis (output channels) and
 * its last (input channels); each of the axes between, the taps of a kernel, stays whole. Blocks at the ends are
 * smaller. A block of nothing but 0 (a float -0 is something) is not kept.
 */
import { fail } from './diagnostic.ts'
import { allocate, type DType, packedBytes, type TensorData } from './dtype.ts'
import { pack, unpack } from './packing.ts'
import { elementCount } from './tensor.ts'

/** Elements of one block. */
export interface BlockShape {
  readonly outputs: number
  readonly inputs: number
}

interface Grid {
  readonly rows: number
  readonly taps: number
  readonly columns: number
}

/** Blocks of a tensor, in the order [row of blocks, tap, column of blocks]. */
function gridOf(shape: readonly number[], { outputs, inputs }: BlockShape): Grid {
  return {
    rows: Math.ceil((shape[0] ?? 1) / outputs),
    taps: elementCount(shape.slice(1, -1)),
    columns: Math.ceil((shape.at(-1) ?? 1) / inputs),
  }
}

export function blockCount(shape: readonly number[], block: BlockShape): number {
  const { rows, taps, columns } = gridOf(shape, block)
  return rows * taps * columns
}

/** Indices of the elements of a block, row by row. */
function elementsOf(shape: readonly number[], block: BlockShape, index: number): readonly number[] {
  const { taps, columns } = gridOf(shape, block)
  const channels = shape.at(-1) ?? 1
  const row = Math.floor(index / (taps * columns))
  const tap = Math.floor(index / columns) % taps
  const column = index % columns
  const elements: number[] = []
  const lastOutput = Math.min(shape[0] ?? 1, (row + 1) * block.outputs)
  const lastInput = Math.min(channels, (column + 1) * block.inputs)
  for (let o = row * block.outputs; o < lastOutput; o++) {
    for (let i = column * block.inputs; i < lastInput; i++) elements.push((o * taps + tap) * channels + i)
  }
  return elements
}

/** The blocks that are not all 0, by rising index. */
export function keptBlocks(shape: readonly number[], data: TensorData, block: BlockShape): readonly number[] {
  const all = Array.from({ length: blockCount(shape, block) }, (_, index) => index)
  return all.filter((index) => elementsOf(shape, block, index).some((i) => !Object.is(Number(data[i]), 0)))
}

/** Kept blocks over all blocks. */
export function blockDensity(shape: readonly number[], data: TensorData, block: BlockShape): number {
  const blocks = blockCount(shape, block)
  return blocks === 0 ? 1 : keptBlocks(shape, data, block).length / blocks
}

/**
 * The kept blocks as bytes, little-endian: their number and their indices as u32, then their elements one block after
 * another, packed as `pack` does.
 */
export function packBlocks(
  dtype: DType,
  shape: readonly number[],
  data: TensorData,
  block: BlockShape,
): Uint8Array {
  const kept = keptBlocks(shape, data, block)
  const sources = kept.flatMap((index) => elementsOf(shape, block, index))
  const elements = allocate(dtype, sources.length)
  sources.forEach((source, i) => {
    elements[i] = data[source] as never
  })
  const index = Uint32Array.of(kept.length, ...kept)
  const bytes = new Uint8Array(index.byteLength + packedBytes(dtype, elements.length))
  bytes.set(new Uint8Array(index.buffer))
  bytes.set(pack(elements, dtype), index.byteLength)
  return bytes
}

/** The dense elements of what `packBlocks` wrote at the start of `bytes`. Fails with `text/blocks` if it wrote no such thing. */
export function unpackBlocks(
  bytes: Uint8Array,
  dtype: DType,
  shape: readonly number[],
  block: BlockShape,
): TensorData {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = (n: number) =>
    4 * n + 4 <= bytes.length ? words.getUint32(4 * n, true) : refuse('they end early')
  const count = word(0)
  const blocks = blockCount(shape, block)
  // Other types have an element 0 to stand where nothing is stored; b1 has none.
  if (count > blocks || (dtype === 'b1' && count < blocks)) refuse(`${count} are kept of ${blocks}`)
  const kept = Array.from({ length: count }, (_, n) => word(n + 1))
  kept.forEach((index, n) => {
    if (index >= blocks || index <= (kept[n - 1] ?? -1)) refuse(`block ${index} of ${blocks} is out of order`)
  })
  const targets = kept.flatMap((index) => elementsOf(shape, block, index))
  const start = 4 * (count + 1)
  if (start + packedBytes(dtype, targets.length) > bytes.length) refuse('they end early')
  const elements = unpack(bytes.subarray(start), dtype, targets.length)
  const data = allocate(dtype, elementCount(shape))
  targets.forEach((target, i) => {
    data[target] = elements[i] as never
  })
  return data
}

function refuse(why: string): never {
  return fail({
    code: 'text/blocks',
    message: `the kept blocks in the file of weights make no sense: ${why}`,
    hint: 'is it the file that was written with this text?',
  })
}
