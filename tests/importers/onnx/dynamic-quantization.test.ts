/** Quantization whose scale and zero point depend on the data, against its definition in ONNX, on every backend. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TensorData } from '../../../ir/dtype.ts'
import { type Graph, typeOf } from '../../../ir/graph.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { INT8, INT32, INT64, onnxFile, port, tensor, UINT8 } from '../onnx-file.ts'
import {
  dynamicallyQuantized,
  everywhere,
  FLOAT,
  nearest,
  network,
  node,
  QUANTIZER,
  refusal,
} from './dynamic-network.ts'
import { graphOf } from './quantized-network.ts'

const { fround } = Math

function run(graph: Graph, ...inputs: readonly (readonly number[])[]): readonly TensorData[] {
  return createInterpreter(graph).run(inputs.map((values) => Float32Array.from(values)))
}

describe('DynamicQuantizeLinear', () => {
  const outputs = [port('q', [2, 3], UINT8), port('s', []), port('z', [], UINT8)]
  const graph = graphOf(network([QUANTIZER], [2, 3], [], outputs))

  test('gives bytes without sign, a scale and a zero point', () => {
    expect(graph.outputs.map((id) => typeOf(graph, id)).map(({ dtype, shape }) => [dtype, shape])).toEqual([
      ['u8', [2, 3]],
      ['f32', []],
      ['u8', []],
    ])
  })

  test('is ONNX’s definition, to the bit', () => {
    const elements = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 6,
      maxLength: 6,
    })
    const near = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(fc.oneof(elements, near), (x) => {
        const { bytes, scale, zero } = dynamicallyQuantized(x)
        expect(run(graph, x)).toEqual([Uint8Array.from(bytes), Float32Array.of(scale), Uint8Array.of(zero)])
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['zeros, whose scale is 1', [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], 1, 0],
    ['numbers above 0', [255, 1, 2, 100.5, 101.5, 0.25], [255, 1, 2, 100, 102, 0], 1, 0],
    ['numbers below 0', [-255, -1, -2, -100.5, -101.5, -0.25], [0, 254, 253, 155, 153, 255], 1, 255],
    ['numbers around 0', [-1, 4.1, 0, 0.02, 2, 1], [0, 255, 50, 51, 150, 100], fround(fround(5.1) / 255), 50],
  ])('of %s', async (_, x, bytes, scale, zero) => {
    expect(await everywhere(graph, x)).toEqual([
      Uint8Array.from(bytes),
      Float32Array.of(scale),
      Uint8Array.of(zero),
    ])
  })
})

describe('bytes of a computed scale', () => {
  const values = [-1, 0.3, 2.5, 0.01, 3, -0.7]
  const { bytes, scale, zero } = dynamicallyQuantized(values)

  test('become real numbers again', async () => {
    const graph = graphOf(network([QUANTIZER, node('DequantizeLinear', ['q', 's', 'z'], ['y'])], [2, 3]))
    const reals = bytes.map((q) => fround((q - zero) * scale))
    expect(await everywhere(graph, values)).toEqual([Float32Array.from(reals)])
  })

  test('are cast to their numbers, and numbers to bytes', () => {
    const casts = [
      node('Mul', ['x', 'many'], ['m']),
      node('Cast', ['m'], ['u'], { to: UINT8 }),
      node('Cast', ['u'], ['y'], { to: FLOAT }),
    ]
    const outputs = [port('u', [], UINT8), port('y', [])]
    const graph = graphOf(network(casts, [2, 3], [tensor('many', [], [100])], outputs))
    const whole = [0, 30, 250, 1, 255, 0]
    expect(run(graph, values)).toEqual([Uint8Array.from(whole), Float32Array.from(whole)])
  })

  test.each([
    ['uint8', UINT8, 200],
    ['int8', INT8, -3],
  ] as const)('are %s if their zero point is', (_, type, zeroPoint) => {
    const nodes = [
      node('ReduceMax', ['x'], ['top'], { keepdims: 0 }),
      node('QuantizeLinear', ['x', 'top', 'zero'], ['y']),
    ]
    const graph = graphOf(
      network(nodes, [2, 3], [tensor('zero', [], [zeroPoint], type)], [port('y', [], type)]),
    )
    const quotients = values.map((v) => nearest(fround(v / 3)) + zeroPoint)
    expect(run(graph, values)).toEqual([
      type === UINT8 ? Uint8Array.from(quotients) : Int8Array.from(quotients),
    ])
  })

  test('stay bytes where they move', async () => {
    const moves = [
      QUANTIZER,
      node('Transpose', ['q'], ['t'], { perm: [1, 0] }),
      node('Concat', ['t', 't'], ['c'], { axis: 1 }),
      node('Reshape', ['c', 'flat'], ['y']),
    ]
    const graph = graphOf(network(moves, [2, 3], [tensor('flat', [1], [-1], INT64)], [port('y', [], UINT8)]))
    const moved = [0, 1, 2].flatMap((c) => [0, 3, 0, 3].map((row) => bytes[row + c] ?? 0))
    expect(await everywhere(graph, values)).toEqual([Uint8Array.from(moved)])
  })
})

describe('what is refused', () => {
  const matrix = [tensor('w', [3, 2], [1, 2, 3, 4, 5, 6], INT8), tensor('w_z', [], [0], INT8)]
  const times = node('MatMulInteger', ['q', 'w', 'z', 'w_z'], ['y'])
  const quantizeLinear = node('QuantizeLinear', ['x', 's'], ['y'])

  test.each<[string, Uint8Array, RegExp]>([
    [
      'arithmetic on bytes',
      network([QUANTIZER, node('Add', ['q', 'q'], ['y'])], [2, 3]),
      /^onnx\/unsupported-type: Add: it computes on u8 elements whose scale depends on the data/,
    ],
    [
      'sums as an output',
      network([QUANTIZER, times], [2, 3], matrix, [port('y', [], INT32)]),
      /^onnx\/unsupported-type: output "y" has the sums of a layer/,
    ],
    [
      'products of sums',
      network(
        [QUANTIZER, times, { ...times, inputs: ['y', 'v'], outputs: ['z2'] }],
        [2, 3],
        [...matrix, tensor('v', [2, 1], [1, 1], INT8)],
        [port('z2', [])],
      ),
      /^onnx\/unsupported-type: MatMulInteger: it multiplies sums/,
    ],
    [
      'more zero points of weights than columns',
      network(
        [QUANTIZER, times],
        [2, 3],
        [tensor('w', [3, 2], [1, 2, 3, 4, 5, 6], INT8), tensor('w_z', [3], [0, 0, 0], INT8)],
      ),
      /^onnx\/bad-shape: MatMulInteger: its weights have 3 zero points for 2 channels/,
    ],
    [
      'a batch of matrices as weights',
      network(
        [QUANTIZER, { ...times, inputs: ['q', 'w', 'z'] }],
        [3, 2],
        [tensor('w', [1, 2, 1], [1, 2], INT8)],
      ),
      /^onnx\/unsupported-rank: MatMulInteger: a second matrix of shape \[1,2,1\]/,
    ],
    [
      'a cast of sums to bytes',
      network([QUANTIZER, times, node('Cast', ['y'], ['b'], { to: UINT8 })], [2, 3], matrix, [
        port('b', [], UINT8),
      ]),
      /^onnx\/unsupported-type: Cast: a computed value can be cast to float32/,
    ],
    [
      'a cast of bytes whose scale is constant: whether they had a sign in the file is not known',
      network(
        [node('QuantizeLinear', ['x', 'one'], ['b']), node('Cast', ['b'], ['y'], { to: FLOAT })],
        [2, 3],
        [tensor('one', [], [1])],
      ),
      /^onnx\/unsupported-type: Cast: i8 elements of a computed value cannot be cast/,
    ],
    [
      'bytes of a computed scale that are neither uint8 nor int8',
      network(
        [QUANTIZER, { ...quantizeLinear, inputs: ['x', 's', 'four'] }],
        [2, 3],
        [tensor('four', [], [4], INT32)],
      ),
      /^onnx\/unsupported-type: QuantizeLinear: elements of type i32/,
    ],
    [
      'a zero point of real numbers',
      network([QUANTIZER, { ...quantizeLinear, inputs: ['x', 's', 's'] }], [2, 3]),
      /^onnx\/bad-node: QuantizeLinear: its zero point is f32, expected u8/,
    ],
    [
      'bytes with sign around a zero point without',
      network([QUANTIZER, { ...times, inputs: ['q', 'w', 'w_z'] }], [2, 3], matrix),
      /^onnx\/bad-node: MatMulInteger: its zero point is i8, expected u8/,
    ],
    [
      'several computed scales',
      network([node('ReduceMax', ['x'], ['s'], { keepdims: 0, axes: [0] }), quantizeLinear], [2, 3]),
      /^onnx\/not-constant: QuantizeLinear: several scales/,
    ],
    [
      'a zero point that is an input of the network',
      onnxFile({
        nodes: [QUANTIZER, node('DequantizeLinear', ['q', 's', 'given'], ['y'])],
        inputs: [port('x', [2, 3]), port('given', [], UINT8)],
        outputs: [port('y', [])],
      }),
      /^onnx\/not-constant: DequantizeLinear: its zero point is an input of integers/,
    ],
  ])('%s', (_, bytes, expected) => {
    expect(refusal(bytes)).toMatch(expected)
  })
})
