/**
 * Random int8 networks that run: every op, realistic scales, odd channel counts, values with several readers, several
 * inputs and outputs, batches. A network is a list of layers, so that a failure shrinks to the few that matter.
 */
import fc from 'fast-check'
import { must } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import { perTensor } from '../../ir/tensor.ts'
import { type NetworkArithmetic, NetworkBuilder } from './network-builder.ts'
import { randomLayer } from './random-layers.ts'
import { channels, quantOf, zeroPoint } from './random-parts.ts'

const inputShape = fc.record({
  height: fc.integer({ min: 1, max: 12 }),
  width: fc.integer({ min: 1, max: 12 }),
  channels,
  zeroPoint,
  /** One in sixteen is a float image that the network quantizes itself. */
  real: fc.nat(15).map((n) => n === 15),
  quant: quantOf,
})

export interface NetworkLimits {
  readonly maxLayers?: number
  readonly maxBatch?: number
}

export function randomNetwork({ maxLayers = 8, maxBatch = 3 }: NetworkLimits = {}): fc.Arbitrary<Graph> {
  return fc
    .record({
      arithmetic: fc.constantFrom<NetworkArithmetic>('tflite', 'onnx', 'in turn'),
      // Mostly 1, as most models have.
      batch: fc.nat(4 + maxBatch).map((n) => (n < 5 ? 1 : n - 3)),
      inputs: fc.array(inputShape, { minLength: 1, maxLength: 2 }),
      layers: fc.array(randomLayer, { minLength: 1, maxLength: maxLayers }),
      outputs: fc.array(fc.nat(), { maxLength: 2 }),
    })
    .map(({ arithmetic, batch, inputs, layers, outputs }) => {
      const builder = new NetworkBuilder(arithmetic)
      for (const { height, width, channels, zeroPoint, real, quant } of inputs) {
        const shape = [Math.min(batch, maxBatch), height, width, channels]
        if (real) builder.input({ dtype: 'f32', shape })
        else
          builder.input({ dtype: 'i8', shape, quant: perTensor(Math.fround(0.05 * quant.factor), zeroPoint) })
        if (real)
          builder.node(
            'quantize',
            [must(builder.activations.at(-1), 'input').id],
            {},
            perTensor(Math.fround(0.05 * quant.factor), zeroPoint),
          )
      }
      for (const layer of layers) layer(builder)
      return builder.graph(outputs)
    })
}
