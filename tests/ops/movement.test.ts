/** Ops that move elements: small cases that can be checked by eye, and laws. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DType } from '../../ir/dtype.ts'
import type { Attrs } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import type { Tensor } from '../../ir/tensor.ts'
import { fill, quantized, seed, size, tensor } from './tensors.ts'

const i8 = (shape: readonly number[], values: readonly number[]) =>
  tensor(quantized('i8', shape, 0.5, 0), values)
const count = (shape: readonly number[]) => {
  const n = shape.reduce((a, b) => a * b, 1)
  return i8(
    shape,
    Array.from({ length: n }, (_, i) => i),
  )
}

function run(op: OpName, inputs: readonly Tensor[], attrs: Attrs) {
  const types = inputs.map(({ type }) => type)
  const shape = OPS[op].inferShape(types, attrs)
  const output = { ...inputs[0]?.type, dtype: inputs[0]?.type.dtype as DType, shape }
  const broken = OPS[op].constraints.filter(
    ({ holds }) => !holds({ inputs: types, outputs: [output], attrs }),
  )
  expect(broken.map(({ sentence }) => sentence)).toEqual([])
  return { shape, data: Array.from(OPS[op].evaluate(inputs, output, attrs) as Int8Array) }
}

describe('transpose', () => {
  test('a matrix', () => {
    expect(run('transpose', [count([2, 3])], { perm: [1, 0] })).toEqual({
      shape: [3, 2],
      data: [0, 3, 1, 4, 2, 5],
    })
  })

  test('there and back is the identity', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), seed, (perm, seed) => {
        const x = fill(quantized('i8', [2, 3, 4, 5], 1, 0), seed)
        const there = run('transpose', [x], { perm })
        const inverse = perm.map((_, axis) => perm.indexOf(axis))
        const back = run('transpose', [i8(there.shape, there.data)], { perm: inverse })
        expect(back).toEqual({ shape: [2, 3, 4, 5], data: Array.from(x.data as Int8Array) })
      }),
    )
  })

  test('refuses axes twice', () => {
    expect(() => OPS.transpose.inferShape([count([2, 3]).type], { perm: [0, 0] })).toThrow(
      /expected the axes/,
    )
  })
})

test('reshape keeps the order', () => {
  expect(run('reshape', [count([2, 3])], { shape: [3, 2] })).toEqual({
    shape: [3, 2],
    data: [0, 1, 2, 3, 4, 5],
  })
  expect(() => OPS.reshape.inferShape([count([2, 3]).type], { shape: [4] })).toThrow(/4 elements, x has 6/)
})

describe('pad', () => {
  test('with a value', () => {
    const attrs = { paddings: [1, 0, 0, 2], value: -7 }
    expect(run('pad', [count([2, 2])], attrs)).toEqual({
      shape: [3, 4],
      data: [-7, -7, -7, -7, 0, 1, -7, -7, 2, 3, -7, -7],
    })
  })

  test('then slice is the identity', () => {
    fc.assert(
      fc.property(seed, fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }), (seed, paddings) => {
        const x = fill(quantized('i8', [2, 3, 2], 1, 0), seed)
        const padded = run('pad', [x], { paddings, value: 5 })
        const begin = [0, 1, 2].map((axis) => paddings[2 * axis] ?? 0)
        const end = begin.map((b, axis) => b + (x.type.shape[axis] ?? 0))
        const cut = run('strided_slice', [i8(padded.shape, padded.data)], { begin, end, strides: [1, 1, 1] })
        expect(cut.data).toEqual(Array.from(x.data as Int8Array))
      }),
    )
  })

  test('a float tensor', () => {
    const x = tensor({ dtype: 'f32', shape: [1] }, [2.5])
    expect(run('pad', [x], { paddings: [1, 0], value: 0.5 }).data).toEqual([0.5, 2.5])
  })
})

describe('strided_slice', () => {
  test('every second, backwards, and with an axis removed', () => {
    expect(run('strided_slice', [count([6])], { begin: [1], end: [6], strides: [2] }).data).toEqual([1, 3, 5])
    expect(run('strided_slice', [count([4])], { begin: [3], end: [-1], strides: [-1] }).data).toEqual([
      3, 2, 1, 0,
    ])
    expect(
      run('strided_slice', [count([2, 3])], { begin: [1, 0], end: [2, 3], strides: [1, 1], shrink: [0] }),
    ).toEqual({ shape: [3], data: [3, 4, 5] })
  })

  test.each([
    [{ begin: [0], end: [0], strides: [1] }, /empty or out of range/],
    [{ begin: [0], end: [9], strides: [1] }, /empty or out of range/],
    [{ begin: [0], end: [2], strides: [0] }, /empty or out of range/],
    [{ begin: [0, 0], end: [2], strides: [1] }, /begin has 2 entries, expected 1/],
    [{ begin: [0], end: [2], strides: [1], shrink: [0] }, /whose size is 2, not 1/],
  ])('refuses %j', (attrs, message) => {
    expect(() => OPS.strided_slice.inferShape([count([4]).type], attrs)).toThrow(message)
  })
})

describe('concat', () => {
  test('along the last axis and the first', () => {
    const [a, b] = [count([2, 2]), i8([2, 1], [8, 9])]
    expect(run('concat', [a, b], { axis: 1 })).toEqual({ shape: [2, 3], data: [0, 1, 8, 2, 3, 9] })
    expect(run('concat', [a, i8([1, 2], [8, 9]), a], { axis: 0 }).data).toEqual([
      0, 1, 2, 3, 8, 9, 0, 1, 2, 3,
    ])
  })

  test('refuses other shapes', () => {
    expect(() => OPS.concat.inferShape([count([2, 2]).type, count([3, 3]).type], { axis: 0 })).toThrow(
      /operand 1 has shape \[3,3\]/,
    )
  })
})

describe('resize', () => {
  const image = i8([1, 2, 2, 1], [0, 10, 20, 30])

  test('nearest', () => {
    const up = [0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 30, 30, 20, 20, 30, 30]
    expect(run('resize_nearest', [image], { size: [4, 4] }).data).toEqual(up)
    expect(run('resize_nearest', [image], { size: [4, 4], half_pixel_centers: true }).data).toEqual(up)
    const corners = run('resize_nearest', [image], { size: [3, 3], align_corners: true })
    expect(corners.data).toEqual([0, 10, 10, 20, 30, 30, 20, 30, 30])
  })

  test('bilinear', () => {
    expect(run('resize_bilinear', [image], { size: [3, 3], align_corners: true }).data).toEqual([
      0, 5, 10, 10, 15, 20, 20, 25, 30,
    ])
    expect(run('resize_bilinear', [image], { size: [1, 4], half_pixel_centers: true }).data).toEqual([
      10, 13, 18, 20,
    ])
    // The position's own coordinates: 0, 1/2, 1, 3/2, and past the last pixel it stays.
    expect(run('resize_bilinear', [image], { size: [2, 4] }).data).toEqual([0, 5, 10, 10, 20, 25, 30, 30])
  })

  test('to the same size changes nothing', () => {
    fc.assert(
      fc.property(seed, size(5), size(5), fc.constantFrom<DType>('i8', 'i16'), (seed, h, w, dtype) => {
        const x = fill(quantized(dtype, [2, h, w, 3], 1, 0), seed)
        for (const op of ['resize_nearest', 'resize_bilinear'] as const) {
          for (const rule of [{}, { align_corners: true }, { half_pixel_centers: true }]) {
            expect(run(op, [x], { size: [h, w], ...rule }).data).toEqual(Array.from(x.data as Int8Array))
          }
        }
      }),
      { numRuns: 30 },
    )
  })
})
