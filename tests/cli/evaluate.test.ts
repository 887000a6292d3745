import { expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { evaluateOutputs } from '../../src/evaluate.ts'
import type { NpyArray } from '../../src/tensors/npy.ts'

function scores(shape: number[], values: number[]): NpyArray {
  return { dtype: 'i8', shape, data: Int8Array.from(values) }
}

function labels(shape: number[], values: number[]): NpyArray {
  return { dtype: 'i64', shape, data: BigInt64Array.from(values, BigInt) }
}

test('of equal scores the first counts', () => {
  const outputs = new Map([['y', scores([3, 3], [5, 5, 1, 0, 7, 7, -3, -2, -1])]])
  expect(unwrap(evaluateOutputs(outputs, labels([3], [0, 2, 2]), 'l.npy'))).toEqual({
    metric: 'top-1',
    samples: 3,
    labels: 3,
    correct: 2,
    accuracy: 2 / 3,
  })
})

test('scores of one sample may have axes of their own', () => {
  const outputs = new Map([['y', scores([2, 1, 1, 2], [1, 2, 2, 1])]])
  expect(unwrap(evaluateOutputs(outputs, labels([2], [1, 0]), 'l.npy')).correct).toBe(2)
})

test('labels of a map are compared element by element', () => {
  const outputs = new Map([['y', scores([1, 2, 2, 2], [0, 1, 1, 0, 0, 1, 0, 1])]])
  expect(unwrap(evaluateOutputs(outputs, labels([1, 2, 2], [1, 0, 1, 0]), 'l.npy'))).toMatchObject({
    metric: 'per-element',
    samples: 1,
    labels: 4,
    correct: 3,
  })
})

test('the classes of a map may be its second axis', () => {
  const outputs = new Map([['y', scores([2, 3, 1, 2], [0, 9, 5, 1, 2, 3, 7, 0, 0, 8, 1, 9])]])
  // Best classes: 1 and 0 in the first sample, 0 and 2 in the second.
  const all = evaluateOutputs(outputs, labels([2, 1, 2], [1, 0, 0, 2]), 'l.npy')
  expect(unwrap(all)).toMatchObject({ metric: 'per-element', labels: 4, correct: 4 })
  const some = evaluateOutputs(outputs, labels([2, 1, 2], [1, 1, 1, 2]), 'l.npy')
  expect(unwrap(some).correct).toBe(2)
})

test('several outputs have no accuracy', () => {
  const outputs = new Map([
    ['y', scores([1, 2], [0, 1])],
    ['z', scores([1, 2], [0, 1])],
  ])
  const refused = evaluateOutputs(outputs, labels([1], [1]), 'l.npy')
  expect(refused.ok ? [] : refused.diagnostics).toMatchObject([{ code: 'labels/several-outputs' }])
})
