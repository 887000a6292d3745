/** In which order a program's layers and host ops run, for whoever draws its graph. */
import type { Program } from '../backends/trellis/program.ts'

/** Places from 0 of the layers, by their index, and of the host ops, as the steps name them. */
export function runOrder({ steps, segments, layers }: Program): {
  readonly layers: readonly number[]
  readonly hostOps: readonly number[]
} {
  const ofLayer = new Map<number, number>()
  const hostOps: number[] = []
  let next = 0
  for (const step of steps) {
    if ('host' in step) hostOps.push(next++)
    else {
      // Layers are numbered as they are lowered, each after those that it reads.
      const run = new Set(segments[step.run]?.layerOf)
      for (const layer of [...run].sort((a, b) => a - b)) if (!ofLayer.has(layer)) ofLayer.set(layer, next++)
    }
  }
  return { layers: layers.map((_, layer) => ofLayer.get(layer) ?? next++), hostOps }
}
