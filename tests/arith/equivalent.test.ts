import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { equivalentMultiplier, integerEquivalent } from '../../ir/arith/equivalent.ts'
import { fullyConnectedRequant } from '../../ir/arith/requant.ts'
import { multiplyHalfEven, multiplyReal } from '../../ir/arith/rounding.ts'
import { type Activation, clamp } from '../../ir/arith/saturate.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { typeOf } from '../../ir/graph.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'
import { perChannel, quantized } from '../ops/tensors.ts'

const factor = fc.double({ min: 2 ** -12, max: 0.9, noNaN: true })

test('the integers round like the real factor', () => {
  fc.assert(
    fc.property(factor, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (real, anywhere) => {
      const found = equivalentMultiplier(real, -128, 127)
      // About one small factor in a hundred has none.
      fc.pre(found !== undefined)
      const differs = (x: number) =>
        clamp(multiplyHalfEven(x, found.multiplier, found.shift), -128, 127) !==
        clamp(multiplyReal(x, real), -128, 127)
      // Around every step is where they could differ.
      const steps = Array.from({ length: 255 }, (_, n) => Math.round((n - 127.5) / real))
      const sums = [anywhere, ...steps.flatMap((x) => [x - 2, x - 1, x, x + 1, x + 2])]
      expect(sums.filter(differs)).toEqual([])
    }),
    { numRuns: 200 },
  )
})

test('a factor that no multiplier can follow has none', () => {
  // With 16 bits of output and sums of 2^31 the steps lie closer than a 31-bit multiplier can place them.
  const found = Array.from({ length: 20 }, (_, n) =>
    equivalentMultiplier(2 ** -16 * (1 + n / 19.3), -32768, 32767),
  )
  expect(found).toContain(undefined)
})

test.skipIf(!hasZoo)('every fully connected layer of the zoo has integers', () => {
  const layers = INT8_MODELS.flatMap((model) => {
    const graph = unwrap(importTflite(readFileSync(zooPath(`${model}.tflite`)), model))
    return graph.nodes
      .filter((node) => node.op === 'fully_connected')
      .map((node) => {
        const [x, w] = node.inputs.map((id) => typeOf(graph, id))
        const y = typeOf(graph, must(node.outputs[0], 'output'))
        const requant = fullyConnectedRequant(
          must(x, 'x'),
          must(w, 'w'),
          y,
          node.attrs.activation as Activation,
        )
        return { model, node: node.name, found: integerEquivalent(requant) !== undefined }
      })
  })
  expect(layers.length).toBeGreaterThan(20)
  expect(layers.filter(({ found }) => !found)).toEqual([])
})

test('of a layer with a scale for each channel', () => {
  const scales = [0.011, 0.0007, 0.002].map(Math.fround)
  const requant = fullyConnectedRequant(
    quantized('i8', [1, 4], Math.fround(0.02), 3),
    perChannel('i8', [3, 4], scales, 0),
    quantized('i8', [1, 3], Math.fround(0.05), -7),
    'relu',
  )
  expect(requant.rule).toBe('real')
  const integers = integerEquivalent(requant)
  expect(integers?.rule).toBe('half_even')
  expect(integers?.multiplier.length).toBe(3)
  expect({ ...integers, rule: 'real', multiplier: 0, shift: 0 }).toEqual({
    ...requant,
    multiplier: 0,
    shift: 0,
  })
})
