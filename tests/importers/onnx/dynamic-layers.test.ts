/** Layers of integers whose zero point depends on the data, against integer arithmetic, on every backend. */
import { describe, expect, test } from 'vitest'
import { unwrap } from '../../../ir/diagnostic.ts'
import { compileModel } from '../../../src/pipeline.ts'
import { type FileNode, INT8, INT64, port, tensor, UINT8 } from '../onnx-file.ts'
import {
  dynamicallyQuantized,
  everywhere,
  FLOAT,
  network,
  node,
  QUANTIZER,
  refusal,
  TARGET,
} from './dynamic-network.ts'
import { convolve, graphOf, noise } from './quantized-network.ts'

const { fround } = Math

/** What follows a layer of integers: the sums `r` in float32, times both scales. */
const SCALED = [
  node('Cast', ['r'], ['f'], { to: FLOAT }),
  node('Mul', ['s', 'w_s'], ['scales']),
  node('Mul', ['f', 'scales'], ['y']),
]

describe('a layer of integers', () => {
  const SCALE = 0.25

  test.each([
    ['signed weights', INT8, 0, 1],
    ['unsigned weights around any number', UINT8, 117, 1],
    ['groups', UINT8, 128, 2],
    ['each channel by itself', INT8, 3, 4],
  ] as const)('ConvInteger with %s', async (_, type, zero, groups) => {
    const [channels, size, outputs, kernel] = [4, 5, 4, 3]
    const depth = channels / groups
    const w = noise(outputs * depth * kernel ** 2, 3).map((v) => Math.round(v * 100) + zero)
    const weights = type === INT8 ? w.map((v) => Math.min(127, v)) : w
    const graph = graphOf(
      network(
        [
          QUANTIZER,
          node('ConvInteger', ['q', 'w', 'z', 'w_z'], ['r'], { pads: [1, 1, 1, 1], group: groups }),
          ...SCALED,
        ],
        [1, channels, size, size],
        [
          tensor('w', [outputs, depth, kernel, kernel], weights, type),
          tensor('w_z', [], [zero], type),
          tensor('w_s', [1], [SCALE]),
        ],
      ),
    )
    const x = noise(channels * size ** 2, 7).map((v) => fround(v * 3 + 1))
    const { bytes, scale, zero: zeroPoint } = dynamicallyQuantized(x)
    const sums = convolve(
      bytes.map((q) => q - zeroPoint),
      weights.map((v) => v - zero),
      Array<number>(outputs).fill(0),
      [channels, size, kernel, groups],
    )
    const expected = Float32Array.from(sums, (sum) => sum * fround(scale * SCALE))
    expect(await everywhere(graph, x)).toEqual([expected])
    // Images keep their channels last from the input to the output, whose borders these are.
    expect(graph.nodes.filter(({ op }) => op === 'transpose').length).toBe(2)
  })

  test.each<[string, readonly number[], readonly number[], FileNode['attributes']]>([
    ['an image without border', [1, 3, 6, 6], [2, 3, 3, 3], {}],
    [
      'steps and another border on each side',
      [1, 3, 7, 6],
      [2, 3, 3, 2],
      { pads: [2, 0, 1, 1], strides: [2, 1] },
    ],
    [
      'dilated taps and a border as large as they need',
      [1, 2, 6, 6],
      [3, 2, 3, 3],
      { dilations: [2, 2], auto_pad: 'SAME_UPPER' },
    ],
    ['a signal', [1, 3, 9], [4, 3, 3], { pads: [1, 1] }],
    ['two images', [2, 2, 4, 4], [3, 2, 2, 2], {}],
  ])(
    'ConvInteger on %s is Conv on the bytes less their zero points',
    async (_, shape, kernel, attributes) => {
      const bytes = noise(
        kernel.reduce((a, b) => a * b, 1),
        2,
      ).map((v) => Math.round(v * 120) + 128)
      const graph = graphOf(
        network(
          [
            QUANTIZER,
            node('ConvInteger', ['q', 'w', 'z', 'w_z'], ['r'], attributes),
            node('Cast', ['r'], ['y'], { to: FLOAT }),
            node('Cast', ['q'], ['q_f'], { to: FLOAT }),
            node('Cast', ['z'], ['z_f'], { to: FLOAT }),
            node('Sub', ['q_f', 'z_f'], ['centered']),
            node('Conv', ['centered', 'w_f'], ['real'], attributes),
          ],
          shape,
          [
            tensor('w', kernel, bytes, UINT8),
            tensor('w_z', [], [100], UINT8),
            tensor(
              'w_f',
              kernel,
              bytes.map((w) => w - 100),
            ),
          ],
          [port('y', []), port('real', [])],
        ),
      )
      const x = noise(
        shape.reduce((a, b) => a * b, 1),
        7,
      ).map((v) => fround(v - 0.3))
      const [sums, real] = await everywhere(graph, x)
      expect(sums).toEqual(real)
      expect(sums?.some((sum) => sum !== 0)).toBe(true)
    },
  )

  test('its products are the machine’s, not the host’s', () => {
    const weights = tensor(
      'w',
      [4, 2, 3, 3],
      noise(72, 2).map((v) => Math.round(v * 120)),
      INT8,
    )
    const nodes = [QUANTIZER, node('ConvInteger', ['q', 'w', 'z'], ['r']), ...SCALED]
    const graph = graphOf(network(nodes, [1, 2, 6, 6], [weights, tensor('w_s', [], [SCALE])]))
    const { steps } = unwrap(compileModel(graph, TARGET))
    const onHost = steps.flatMap((step) => ('host' in step ? [step.host.op] : []))
    expect(onHost).not.toContain('conv2d')
    expect(graph.nodes.filter(({ op }) => op === 'conv2d').length).toBe(1)
  })

  /** Sums of a row times a matrix, exact. */
  function multiplied(row: readonly number[], matrix: readonly number[], columns: number) {
    return Array.from({ length: columns }, (_, o) =>
      row.reduce((sum, q, k) => sum + q * (matrix[k * columns + o] ?? 0), 0),
    )
  }

  function product(
    depth: number,
    columns: number,
    weights: readonly number[],
    zeros: readonly number[],
    type = UINT8,
  ) {
    const shape = zeros.length === 1 ? [] : [zeros.length]
    return network(
      [QUANTIZER, node('MatMulInteger', ['q', 'w', 'z', 'w_z'], ['r']), ...SCALED],
      [1, depth],
      [
        tensor('w', [depth, columns], weights, type),
        tensor('w_z', shape, zeros, type),
        tensor('w_s', [], [SCALE]),
      ],
    )
  }

  test.each([
    ['one zero point', [120]],
    ['a zero point for each column', [120, 0, 255]],
  ])('MatMulInteger with %s', async (_, zeros) => {
    const [depth, columns] = [20, 3]
    const weights = noise(depth * columns, 5).map((v) => Math.round(v * 127) + 128)
    const x = noise(depth, 9).map(fround)
    const { bytes, scale, zero } = dynamicallyQuantized(x)
    const centered = weights.map((w, i) => w - (zeros[zeros.length === 1 ? 0 : i % columns] ?? 0))
    const sums = multiplied(
      bytes.map((q) => q - zero),
      centered,
      columns,
    )
    const expected = Float32Array.from(sums, (sum) => sum * fround(scale * SCALE))
    expect(await everywhere(graphOf(product(depth, columns, weights, zeros)), x)).toEqual([expected])
  })

  test('sums beyond 2^24 are rounded once, as a cast of the int32 is', async () => {
    const [depth, columns] = [1200, 2]
    const weights = noise(depth * columns, 5).map((v) => Math.round(100 + 27 * v))
    const x = noise(depth, 9).map((v) => fround(0.9 + 0.1 * v))
    const { bytes, scale } = dynamicallyQuantized(x)
    const sums = multiplied(bytes, weights, columns)
    expect(sums.every((sum) => sum > 2 ** 24)).toBe(true)
    // One float32 sum after another would round more than once.
    const running = bytes.reduce((sum, q, k) => fround(sum + fround(q * (weights[k * columns] ?? 0))), 0)
    expect(running).not.toBe(fround(sums[0] ?? 0))
    const expected = Float32Array.from(sums, (sum) => fround(sum) * fround(scale * SCALE))
    expect(await everywhere(graphOf(product(depth, columns, weights, [0], INT8)), x)).toEqual([expected])
  })

  test('sums that would not be exact even then are refused', () => {
    const weights = Array<number>(9000).fill(127)
    expect(refusal(product(9000, 1, weights, [0], INT8))).toMatch(
      /^onnx\/unsupported-attribute: MatMulInteger: its sums can be too large for float32/,
    )
  })
})

test('a network as onnxruntime quantizes it dynamically', async () => {
  const [channels, size, outputs, classes] = [2, 4, 3, 5]
  const features = outputs * size ** 2
  const w1 = noise(outputs * channels * 9, 1).map((v) => Math.round(v * 90) + 110)
  const w2 = noise(features * classes, 2).map((v) => Math.round(v * 127))
  const [bias1, bias2] = [noise(outputs, 3).map(fround), noise(classes, 4).map(fround)]
  const [scale1, scale2] = [fround(0.01), fround(0.02)]
  const graph = graphOf(
    network(
      [
        node('DynamicQuantizeLinear', ['x'], ['x_q', 'x_s', 'x_z']),
        node('ConvInteger', ['x_q', 'w1', 'x_z', 'w1_z'], ['c'], { pads: [1, 1, 1, 1] }),
        node('Cast', ['c'], ['c_f'], { to: FLOAT }),
        node('Mul', ['x_s', 'w1_s'], ['c_s']),
        node('Mul', ['c_f', 'c_s'], ['c_r']),
        node('Reshape', ['bias1', 'per_channel'], ['bias1_r']),
        node('Add', ['c_r', 'bias1_r'], ['c_b']),
        node('Relu', ['c_b'], ['h']),
        node('Flatten', ['h'], ['row']),
        node('DynamicQuantizeLinear', ['row'], ['h_q', 'h_s', 'h_z']),
        node('MatMulInteger', ['h_q', 'w2', 'h_z', 'w2_z'], ['m']),
        node('Cast', ['m'], ['m_f'], { to: FLOAT }),
        node('Mul', ['h_s', 'w2_s'], ['m_s']),
        node('Mul', ['m_f', 'm_s'], ['m_r']),
        node('Add', ['bias2', 'm_r'], ['y']),
      ],
      [1, channels, size, size],
      [
        tensor('w1', [outputs, channels, 3, 3], w1, UINT8),
        tensor('w1_z', [], [110], UINT8),
        tensor('w1_s', [], [scale1]),
        tensor('bias1', [outputs], bias1),
        tensor('per_channel', [4], [1, -1, 1, 1], INT64),
        tensor('w2', [features, classes], w2, INT8),
        tensor('w2_z', [], [0], INT8),
        tensor('w2_s', [], [scale2]),
        tensor('bias2', [classes], bias2),
      ],
    ),
  )
  const x = noise(channels * size ** 2, 6).map((v) => fround(v * 2))

  const first = dynamicallyQuantized(x)
  const sums = convolve(
    first.bytes.map((q) => q - first.zero),
    w1.map((w) => w - 110),
    Array<number>(outputs).fill(0),
    [channels, size, 3, 1],
  )
  const hidden = sums.map((sum, i) => {
    const real = fround(sum * fround(first.scale * scale1))
    return Math.max(0, fround(real + (bias1[Math.floor(i / size ** 2)] ?? 0)))
  })
  const second = dynamicallyQuantized(hidden)
  const expected = bias2.map((bias, o) => {
    const sum = second.bytes.reduce((all, q, k) => all + (q - second.zero) * (w2[k * classes + o] ?? 0), 0)
    return fround(fround(sum * fround(second.scale * scale2)) + bias)
  })
  expect(await everywhere(graph, x)).toEqual([Float32Array.from(expected)])
})
