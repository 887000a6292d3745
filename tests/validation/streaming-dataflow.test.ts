/** FINN's folding arithmetic: each published figure, and a unit stepped cycle by cycle. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CNV_W1A1, matrixVectorLayer } from '../../scripts/docs/validation/finn-section.ts'
import { foldedCycles } from '../../scripts/docs/validation/streaming-dataflow.ts'

test('CNV-W1A1 at its published folding', () => {
  const cycles = CNV_W1A1.map((layer) => foldedCycles(matrixVectorLayer(layer), layer))
  expect(cycles).toEqual([32_400, 28_224, 20_736, 28_800, 20_736, 18_432, 32_768, 32_768, 1_024])
  expect(CNV_W1A1.map(({ published }) => published)).toEqual(cycles)
})

test('it is as many cycles as a unit steps through', () => {
  const size = fc.integer({ min: 1, max: 20 })
  fc.assert(
    fc.property(size, size, size, size, size, (pixels, depth, outputs, pe, simd) => {
      let cycles = 0
      for (let pixel = 0; pixel < pixels; pixel++) {
        for (let output = 0; output < outputs; output += pe) {
          for (let product = 0; product < depth; product += simd) cycles++
        }
      }
      expect(foldedCycles({ pixels, depth, outputs }, { pe, simd })).toBe(cycles)
    }),
  )
})
