/** A model's outputs of many runs, put together as arrays with the samples first. */
import { must } from '../../ir/diagnostic.ts'
import { allocate, type DType, type TensorData } from '../../ir/dtype.ts'
import { elementCount } from '../../ir/tensor.ts'
import type { Feed } from './feed.ts'
import type { NpyArray, NpyDType } from './npy.ts'
import type { Port } from './port.ts'

/** Types below a byte are kept one element a byte, as in memory. */
const CONTAINER: { readonly [D in DType]: NpyDType } = {
  i8: 'i8',
  u8: 'u8',
  i16: 'i16',
  i32: 'i32',
  i64: 'i64',
  f32: 'f32',
  i4: 'i8',
  u4: 'u8',
  i2: 'i8',
  u2: 'u8',
  b1: 'i8',
}

export interface Stack {
  /** Adds the outputs of the next run, in the model's order. */
  readonly add: (outputs: readonly TensorData[]) => void
  /** The arrays by output name; the model's own leading 1 is left out. */
  readonly arrays: () => ReadonlyMap<string, NpyArray>
}

/** An empty stack for the outputs of all of a feed's runs, which `add` takes in order. */
export function stackOutputs(ports: readonly Port[], feed: Pick<Feed, 'runs' | 'samplesPerRun'>): Stack {
  const buffers = ports.map((port) => allocate(port.type.dtype, feed.runs * elementCount(port.type.shape)))
  let run = 0
  return {
    add: (outputs) => {
      ports.forEach((port, i) => {
        const data = must(outputs[i], `output ${port.name}`)
        must(buffers[i], 'buffer').set(data as never, run * elementCount(port.type.shape))
      })
      run++
    },
    arrays: () =>
      new Map(
        ports.map((port, i) => [
          port.name,
          {
            dtype: CONTAINER[port.type.dtype],
            shape: stackedShape(port.type.shape, feed),
            data: must(buffers[i], 'buffer'),
          },
        ]),
      ),
  }
}

function stackedShape(shape: readonly number[], feed: Pick<Feed, 'runs' | 'samplesPerRun'>): number[] {
  const [batch, ...rest] = shape
  if (batch === feed.samplesPerRun) return [feed.runs * batch, ...rest]
  return [feed.runs, ...(batch === 1 ? rest : shape)]
}
