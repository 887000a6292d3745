/**
 * Networks whose windows leave rows unread, or read them through another view: the smallest cases that random networks
 * found, each once computed wrongly or beat its own lower bound.
 */
import { expect, test } from 'vitest'
import type { Attrs, Graph, Node, Value } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { perTensor } from '../../ir/tensor.ts'
import { verify } from '../../ir/verifier.ts'
import { checkOnTrellis, TARGETS } from '../laws/trellis-law.ts'

interface Layer {
  readonly op: OpName
  /** Weights' shape, for ops that have some. */
  readonly weights?: readonly number[]
  readonly attrs: Attrs
  readonly shape: readonly number[]
}

/** A chain of layers; weights are small odd numbers, scales keep values in range. */
function chain(input: readonly number[], layers: readonly Layer[]): Graph {
  const image = (shape: readonly number[]): Value => ({
    type: { dtype: 'i8', shape, quant: perTensor(0.05, 3) },
  })
  const values = new Map<string, Value>([['x', image(input)]])
  const nodes = layers.map(({ op, weights, attrs, shape }, n): Node => {
    const [from, to, w] = [n === 0 ? 'x' : `v${n - 1}`, `v${n}`, `w${n}`]
    values.set(to, image(shape))
    if (weights) {
      const data = Int8Array.from(
        { length: weights.reduce((a, b) => a * b, 1) },
        (_, i) => ((i * 37) % 91) - 45,
      )
      values.set(w, { type: { dtype: 'i8', shape: weights, quant: perTensor(0.01, 0) }, data })
    }
    return { op, name: to, inputs: weights ? [from, w] : [from], outputs: [to], attrs }
  })
  return { name: 'cropped', inputs: ['x'], outputs: [`v${layers.length - 1}`], values, nodes }
}

const window = (stride: number, pads: readonly number[], dilation = 1): Attrs => ({
  ...{ stride: [stride, stride], pads, dilation: [dilation, dilation], activation: 'none' },
})

const CASES: Readonly<Record<string, Graph>> = {
  'a mean over columns alone, without kept dimensions': chain(
    [1, 2, 3, 4],
    [
      { op: 'mean', attrs: { axes: [2], keep_dims: false }, shape: [1, 2, 4] },
      { op: 'relu', attrs: {}, shape: [1, 2, 4] },
    ],
  ),
  'only padding above the map is read': chain(
    [1, 3, 3, 8],
    [
      { op: 'conv2d', weights: [8, 1, 1, 8], attrs: window(1, [0, 0, 0, 0]), shape: [1, 3, 3, 8] },
      { op: 'depthwise_conv2d', weights: [1, 1, 1, 8], attrs: window(1, [1, 0, 0, 0]), shape: [1, 4, 3, 8] },
      { op: 'depthwise_conv2d', weights: [1, 1, 1, 8], attrs: window(4, [0, 0, 0, 0]), shape: [1, 1, 1, 8] },
    ],
  ),
  'rows between strides are made and not read': chain(
    [1, 9, 8, 40],
    [
      { op: 'conv2d', weights: [40, 1, 1, 40], attrs: window(1, [0, 0, 0, 0]), shape: [1, 9, 8, 40] },
      { op: 'conv2d', weights: [14, 2, 3, 40], attrs: window(2, [1, 0, 1, 3], 2), shape: [1, 5, 4, 14] },
      { op: 'conv2d', weights: [4, 1, 2, 14], attrs: window(3, [0, 1, 0, 1], 2), shape: [1, 2, 2, 4] },
    ],
  ),
  'a transposed convolution cropped to one phase': chain(
    [1, 1, 1, 8],
    [
      {
        op: 'transpose_conv2d',
        weights: [23, 2, 4, 8],
        attrs: { stride: [2, 2], pads: [1, 2, 1, 2], output_size: [1, 1], activation: 'none' },
        shape: [1, 1, 1, 23],
      },
    ],
  ),
  'a map is read through another view in the stretch that makes it': chain(
    [1, 7, 7, 17],
    [
      { op: 'relu', attrs: {}, shape: [1, 7, 7, 17] },
      { op: 'reshape', attrs: { shape: [1, 49, 1, 17] }, shape: [1, 49, 1, 17] },
      { op: 'conv2d', weights: [1, 2, 1, 17], attrs: window(1, [2, 0, 2, 0], 2), shape: [1, 51, 1, 1] },
      { op: 'conv2d', weights: [17, 2, 2, 1], attrs: window(1, [1, 2, 2, 2], 2), shape: [1, 52, 3, 17] },
      { op: 'conv2d', weights: [17, 1, 1, 17], attrs: window(1, [0, 0, 0, 0]), shape: [1, 52, 3, 17] },
    ],
  ),
  'of a transposed convolution only rows of its cheap phase are read': chain(
    [1, 1, 1, 10],
    [
      {
        op: 'transpose_conv2d',
        weights: [31, 3, 3, 10],
        attrs: { stride: [2, 2], pads: [1, 0, 0, 0], output_size: [2, 3], activation: 'none' },
        shape: [1, 2, 3, 31],
      },
      { op: 'conv2d', weights: [1, 1, 1, 31], attrs: window(3, [0, 0, 0, 0]), shape: [1, 1, 1, 1] },
    ],
  ),
  'more rows than an instruction counts': chain(
    [1, 4320, 1, 1],
    [
      {
        op: 'depthwise_conv2d',
        weights: [1, 1, 2, 1],
        attrs: window(1, [0, 1, 0, 0]),
        shape: [1, 4320, 1, 1],
      },
    ],
  ),
}

test.each(Object.entries(CASES))('%s', (_, graph) => {
  expect(verify(graph)).toEqual([])
  for (const target of TARGETS) expect(checkOnTrellis(graph, target, 1), target.name).toBe('exact')
})
