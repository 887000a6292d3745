/**
 * The static memory plan: buffers whose lifetimes do not overlap may share memory. Greedy by size: the largest buffer
 * first, each at the lowest address where it fits (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
 * Inference", MLSys 2020).
 */

export interface Buffer {
  readonly name: string
  readonly bytes: number
  /** The steps from the first that writes it to the last that reads it; it shares memory with no other meanwhile. */
  readonly from: number
  readonly to: number
}

export interface MemoryPlan {
  readonly addresses: ReadonlyMap<string, number>
  /** One past the last byte. */
  readonly end: number
}

const ALIGNMENT = 16

export function planMemory(buffers: readonly Buffer[], start: number): MemoryPlan {
  const bySize = [...buffers].sort((a, b) => b.bytes - a.bytes)
  const placed: { readonly buffer: Buffer; readonly address: number }[] = []
  for (const buffer of bySize) {
    const neighbours = placed
      .filter((p) => p.buffer.from <= buffer.to && buffer.from <= p.buffer.to)
      .sort((a, b) => a.address - b.address)
    let address = align(start)
    for (const other of neighbours) {
      if (address + buffer.bytes <= other.address) break
      address = Math.max(address, align(other.address + other.buffer.bytes))
    }
    placed.push({ buffer, address })
  }
  return {
    addresses: new Map(placed.map(({ buffer, address }) => [buffer.name, address])),
    end: placed.reduce((end, { buffer, address }) => Math.max(end, address + buffer.bytes), align(start)),
  }
}

export function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT
}
