/** Running a model on arrays: a feed's runs one after another, their outputs stacked. */
import type { TensorData } from '../ir/dtype.ts'
import type { Feed } from './tensors/feed.ts'
import type { NpyArray } from './tensors/npy.ts'
import type { Port } from './tensors/port.ts'
import { stackOutputs } from './tensors/stack.ts'

/** A model ready to run, whatever runs it. */
export interface Executable {
  readonly name: string
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /** One evaluation: inputs and outputs in the model's order, each with as many elements as its type says. */
  readonly run: (inputs: readonly TensorData[]) => readonly TensorData[]
}

/**
 * Runs the model once for each run of the feed and calls `step` after each. The arrays, by output name, are in the
 * model's own element types, samples first, the model's own leading 1 left out.
 */
export function runFeed(
  executable: Executable,
  feed: Feed,
  step: () => void = () => {},
): ReadonlyMap<string, NpyArray> {
  const stack = stackOutputs(executable.outputs, feed)
  for (let run = 0; run < feed.runs; run++) {
    stack.add(executable.run(feed.inputs(run)))
    step()
  }
  return stack.arrays()
}
