/**
 * How fast a machine reads: a loop that does nothing but load vectors, over working sets that the caches hold or do not.
 * Each is a roof of the roofline for layers whose bytes fit into that working set (Ilic, Pratas and Sousa, "Cache-aware
 * Roofline model", IEEE Computer Architecture Letters 13, 2014).
 */
import { ModuleBuilder } from './codegen/module.ts'

const KIB = 1024

/** Bytes that are read over and over: within caches of the first, second and last level of today's processors, and beyond. */
export const WORKING_SETS = [16 * KIB, 256 * KIB, 4096 * KIB, 65_536 * KIB] as const

/** The export that reads a working set once from its beginning to its end. */
export function readExport(bytes: number): string {
  return `read_${bytes}`
}

const VECTOR_BYTES = 16
/** Vectors of an iteration, each with a sum of its own, so that loads do not wait for one another. */
const UNROLLED = 8
const ITERATION_BYTES = UNROLLED * VECTOR_BYTES

/** Where the sums go, which keeps the engine from leaving the loads out; the working sets begin behind them. */
const SUMS = 16
const START = SUMS + ITERATION_BYTES

/** A module, the same for every variant, that exports `memory` and a function without parameters for each working set. */
export function bandwidthModule(): Uint8Array {
  const b = new ModuleBuilder('plain', START + Math.max(...WORKING_SETS))
  const { i32, i32x4, v128 } = b.wasm
  for (const bytes of WORKING_SETS) {
    const name = b.define(`read ${bytes}`, 0, (f) => {
      const at = f.i32()
      const sums = Array.from({ length: UNROLLED }, () => f.v128())
      return [
        at.set(i32.const(START)),
        ...f.repeat(bytes / ITERATION_BYTES, () => [
          ...sums.map((sum, n) =>
            sum.set(i32x4.add(sum.get(), v128.load(n * VECTOR_BYTES, VECTOR_BYTES, at.get()))),
          ),
          ...f.advance(at, ITERATION_BYTES),
        ]),
        ...sums.map((sum, n) => v128.store(n * VECTOR_BYTES, VECTOR_BYTES, i32.const(SUMS), sum.get())),
      ]
    })
    b.exportFunction(readExport(bytes), [b.call(name, [])])
  }
  return b.finish()
}

/** Pages that were never written may all be one page of zeros, which any cache holds. */
export function fillBandwidthMemory(memory: WebAssembly.Memory): void {
  new Uint8Array(memory.buffer).fill(1)
}
