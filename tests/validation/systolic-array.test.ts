/** The closed form of a systolic array's cycles: each published figure, and a fold stepped product by product. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Dataflow, systolicCycles } from '../../scripts/docs/validation/systolic-array.ts'
import {
  ALEXNET_CONV1,
  GEMM,
  GEMM_CYCLES,
  RESNET8,
  RESNET8_CYCLES,
} from '../../scripts/docs/validation/systolic-section.ts'

const DATAFLOWS = Object.keys(GEMM_CYCLES) as Dataflow[]
const array = (side: number) => ({ rows: side, cols: side })

test('AlexNet conv1 on 32x32, weight stationary', () => {
  expect(systolicCycles(ALEXNET_CONV1.product, array(32), 'weight stationary')).toBe(112_283)
})

test.each([
  ['output stationary', 10_175],
  ['weight stationary', 11_199],
  ['input stationary', 14_207],
] as const)('GEMM M 256, N 128, K 256 on 32x32, %s', (dataflow, cycles) => {
  expect(systolicCycles(GEMM.product, array(32), dataflow)).toBe(cycles)
})

test('the layers of ResNet8 on 16x16, weight stationary', () => {
  const cycles = RESNET8.map(({ product }) => systolicCycles(product, array(16), 'weight stationary'))
  const published = RESNET8.flatMap((layer, i) =>
    layer.published === undefined ? [] : [[i, layer.published]],
  )
  expect(published.map(([, figure]) => figure)).toEqual([9_629, 5_435, 10_871, 603, 15_839, 187])
  for (const [i, figure] of published) expect(cycles[i as number]).toBe(figure)
  const all = RESNET8.reduce((sum, { count }, i) => sum + count * (cycles[i] as number), 0)
  expect(all).toBe(RESNET8_CYCLES)
  expect(all).toBe(63_130)
})

test('the layers of ResNet8 are all its products', () => {
  const macs = RESNET8.reduce((sum, { count, product: { m, k, n } }) => sum + count * m * k * n, 0)
  expect(macs).toBe(12_501_632)
})

const size = fc.integer({ min: 1, max: 12 })

/** The last cycle of one fold: an element in row r and column c does step t when both skewed operands have reached it. */
function lastProduct(rows: number, cols: number, steps: number, preload: number): number {
  let last = 0
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      for (let t = 0; t < steps; t++) last = Math.max(last, preload + r + c + t)
    }
  }
  return last
}

test('one fold ends with the last product of the last element', () => {
  fc.assert(
    fc.property(size, size, size, (rows, cols, steps) => {
      const fold = { rows, cols }
      expect(systolicCycles({ m: rows, n: cols, k: steps }, fold, 'output stationary')).toBe(
        lastProduct(rows, cols, steps, 0),
      )
      expect(systolicCycles({ k: rows, n: cols, m: steps }, fold, 'weight stationary')).toBe(
        lastProduct(rows, cols, steps, rows),
      )
      expect(systolicCycles({ k: rows, m: cols, n: steps }, fold, 'input stationary')).toBe(
        lastProduct(rows, cols, steps, rows),
      )
    }),
  )
})

test('no dataflow beats one product an element and cycle', () => {
  const extent = fc.integer({ min: 1, max: 300 })
  fc.assert(
    fc.property(
      extent,
      extent,
      extent,
      size,
      size,
      fc.constantFrom(...DATAFLOWS),
      (m, k, n, rows, cols, how) => {
        const cycles = systolicCycles({ m, k, n }, { rows, cols }, how) + 1
        expect(cycles * rows * cols).toBeGreaterThanOrEqual(m * k * n)
      },
    ),
  )
})
