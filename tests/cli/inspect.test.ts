/** What `inspect --json` says of tensors: ranges, values, and which layers they hang between. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DTYPE_RANGE, type DType, type TensorData } from '../../ir/dtype.ts'
import type { Graph } from '../../ir/graph.ts'
import { perTensor, type Quant } from '../../ir/tensor.ts'
import type { Inspection } from '../../src/inspect.ts'
import { type InspectedTensor, inspectTensors } from '../../src/inspect-tensors.ts'
import { hasZoo, zooPath } from '../importers/zoo.ts'
import { call } from './call.ts'

const MODELS = [
  'examples/digits/digits_int8.tflite',
  'examples/digits/digits_sparse_int8.tflite',
  'examples/digits/digits_1w1a.onnx',
  ...(hasZoo
    ? ['resnet8_int8', 'mobilenet_v2_int8_224'].map((name) => zooPath(`models/${name}.tflite`))
    : []),
]

async function inspect(model: string): Promise<Inspection> {
  const { code, out, err } = await call('inspect', model, '--json')
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out)
}

describe.each(MODELS)('%s', (model) => {
  test('bytes, parameters and MACs add up to the totals', async () => {
    const { layers, tensors, ...totals } = await inspect(model)
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
    const constants = tensors.filter(({ role }) => role === 'constant')
    expect(totals).toMatchObject({
      weight_bytes: sum(constants.map(({ bytes }) => bytes)),
      parameters: sum(layers.map(({ parameters }) => parameters)),
      macs: sum(layers.map(({ macs }) => macs)),
    })
  })

  test('layers and tensors are one graph', async () => {
    const { layers, tensors, inputs, outputs } = await inspect(model)
    const roles = new Map(tensors.map(({ name, role }) => [name, role]))
    expect(roles.size).toBe(tensors.length)
    const made = layers.flatMap((layer) => layer.outputs)
    expect(new Set(made).size).toBe(made.length)
    const given = (name: string) => ['input', 'constant'].includes(roles.get(name) ?? '')
    expect(
      layers.flatMap((layer) => layer.inputs).filter((name) => !(given(name) || made.includes(name))),
    ).toEqual([])
    expect([...inputs, ...outputs].filter(({ name }) => !roles.has(name))).toEqual([])
    const read = new Set(layers.flatMap((layer) => layer.inputs))
    expect(
      tensors.filter(({ name, role }) => role === 'intermediate' && !(made.includes(name) && read.has(name))),
    ).toEqual([])
  })

  test('every element of a constant is counted once, and lies where its type can hold it', async () => {
    const { tensors } = await inspect(model)
    for (const { name, dtype, elements, role, values, quantization } of tensors) {
      expect([name, values !== undefined]).toEqual([name, role === 'constant' && elements > 0])
      if (values === undefined) continue
      const { stored, real, zeros, histogram, not_finite = 0 } = values
      expect(histogram.counts.reduce((a, b) => a + b, 0) + not_finite).toBe(elements)
      expect(zeros).toBeLessThanOrEqual(elements)
      const [low, high] = DTYPE_RANGE[dtype as DType] ?? [-Infinity, Infinity]
      expect(stored[0]).toBeGreaterThanOrEqual(low)
      expect(stored[1]).toBeLessThanOrEqual(high)
      if (quantization) {
        expect(real[0]).toBeGreaterThanOrEqual(quantization.range[0])
        expect(real[1]).toBeLessThanOrEqual(quantization.range[1])
      }
    }
  })
})

/** The one constant of a graph that has nothing else. */
function inspected(
  dtype: DType,
  shape: readonly number[],
  data: TensorData,
  quant?: Quant,
): InspectedTensor | undefined {
  const type = { dtype, shape, ...(quant && { quant }) }
  const graph: Graph = {
    name: 'g',
    inputs: [],
    outputs: [],
    nodes: [],
    values: new Map([['c', { type, data }]]),
  }
  return inspectTensors(graph)[0]
}

test('weights with a scale for each channel', () => {
  const quant = { axis: 0, scale: Float64Array.of(0.5, 2), zeroPoint: Int32Array.of(0, 0) }
  expect(inspected('i8', [2, 3], Int8Array.of(-127, 0, 4, 8, -2, 0), quant)).toEqual({
    ...{ name: 'c', role: 'constant', dtype: 'i8', shape: [2, 3], elements: 6, bytes: 6 },
    quantization: { axis: 0, channels: 2, scale: [0.5, 2], zero_point: [0, 0], range: [-256, 254] },
    values: {
      ...{ stored: [-127, 8], real: [-63.5, 16], zeros: 2 },
      histogram: { from: -128, to: 128, counts: counts(32, { 0: 1, 15: 1, 16: 3, 17: 1 }) },
    },
  })
})

test('zero is where the zero point is', () => {
  const values = inspected('u8', [4], Uint8Array.of(128, 128, 0, 255), perTensor(0.1, 128))?.values
  expect([values?.zeros, values?.stored]).toEqual([2, [0, 255]])
  expect(values?.real[0]).toBeCloseTo(-12.8)
  expect(values?.real[1]).toBeCloseTo(12.7)
})

test('four bits have a bin for each value', () => {
  const values = inspected('i4', [5], Int8Array.of(-8, -8, 0, 7, 7), perTensor(1, 0))?.values
  expect(values?.histogram).toEqual({ from: -8, to: 8, counts: counts(16, { 0: 2, 8: 1, 15: 2 }) })
})

test('floats are counted from the smallest to the largest, without those that are none', () => {
  const data = Float32Array.of(-1, 3, Number.NaN, Infinity, 0, -0)
  const values = inspected('f32', [6], data)?.values
  expect(values).toEqual({
    ...{ stored: [-1, 3], real: [-1, 3], zeros: 2, not_finite: 2 },
    histogram: { from: -1, to: 3, counts: counts(32, { 0: 1, 8: 2, 31: 1 }) },
  })
})

test('one value, no finite value, no element', () => {
  expect(inspected('i32', [2], Int32Array.of(7, 7))?.values?.histogram).toEqual({
    from: 7,
    to: 7,
    counts: [2],
  })
  const nothing = inspected('f32', [1], Float32Array.of(Number.NaN))?.values
  expect(nothing).toMatchObject({ stored: [0, 0], not_finite: 1, histogram: { from: 0, to: 0, counts: [0] } })
  expect(inspected('f32', [0], new Float32Array(0))).not.toHaveProperty('values')
})

test('each element is in the bin that its value belongs to', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 1, maxLength: 60 }),
      (elements) => {
        const found = inspected('i32', [elements.length], Int32Array.from(elements))?.values
        const { from, to, counts: bins } = found?.histogram ?? { from: 0, to: 0, counts: [] }
        const width = (to - from) / bins.length
        bins.forEach((count, k) => {
          const isLast = k === bins.length - 1
          const within = elements.filter(
            (x) => x >= from + k * width && (isLast || x < from + (k + 1) * width),
          )
          // Where a bin ends is rounded: an element on the border may stand on either side.
          const near = elements.filter(
            (x) => x >= from + k * width - 1e-9 && (isLast || x <= from + (k + 1) * width + 1e-9),
          )
          expect(count).toBeGreaterThanOrEqual(within.filter((x) => x > from + k * width + 1e-9).length)
          expect(count).toBeLessThanOrEqual(near.length)
        })
      },
    ),
  )
})

function counts(bins: number, given: Readonly<Record<number, number>>): number[] {
  return Array.from({ length: bins }, (_, k) => given[k] ?? 0)
}
