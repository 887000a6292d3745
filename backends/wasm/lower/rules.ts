/** What the backend does with each op. */
import type { OpName } from '../../../ir/ops/names.ts'
import { conv2d, depthwiseConv2d, fullyConnected } from './convolutions.ts'
import { dequantize, product, quantize, sum, unary } from './elementwise.ts'
import { concat, pad, reshape, stridedSlice, transpose } from './moves.ts'
import { mean, pool } from './pools.ts'
import { realOnly } from './real.ts'
import { resizeBilinear, resizeNearest } from './resizes.ts'
import type { Rule } from './rule.ts'
import { vectorizedOr } from './scalar-convolutions.ts'
import { softmax } from './softmax.ts'
import { threshold } from './sums.ts'
import { transposeConv2d } from './transpose-convolution.ts'

export const RULES: { readonly [N in OpName]: Rule } = {
  conv2d: vectorizedOr(conv2d),
  depthwise_conv2d: vectorizedOr(depthwiseConv2d),
  transpose_conv2d: vectorizedOr(transposeConv2d),
  fully_connected: vectorizedOr(fullyConnected),
  add: sum,
  sub: sum,
  mul: product,
  div: realOnly,
  clip: realOnly,
  pad,
  avg_pool2d: pool,
  max_pool2d: pool,
  mean,
  reshape,
  transpose,
  concat,
  softmax,
  logistic: unary,
  tanh: unary,
  relu: unary,
  relu6: unary,
  leaky_relu: unary,
  hard_swish: unary,
  strided_slice: stridedSlice,
  resize_nearest: resizeNearest,
  resize_bilinear: resizeBilinear,
  threshold,
  quantize,
  dequantize,
}

/** What the op is on int8 tensors, for the list of supported ops. On others it is the same, element by element. */
export const RUNS_AS: { readonly [N in OpName]: string } = {
  conv2d: 'matrix product of windows where they lie; of b1 by counting bits',
  depthwise_conv2d: 'products of channels side by side',
  transpose_conv2d: 'a convolution for each phase of the output',
  fully_connected: 'matrix product; of b1 by counting bits',
  add: 'fixed-point sums',
  sub: 'fixed-point sums',
  mul: 'products and requantization',
  div: 'no code yet',
  clip: 'no code yet',
  pad: 'fill and copy; usually fused into a convolution before that',
  avg_pool2d: 'sums and requantization',
  max_pool2d: 'largest of vectors',
  mean: 'as avg_pool2d',
  reshape: 'no code: another view of the same bytes',
  transpose: 'copy; from planes to pixels by shuffles',
  concat: 'copy',
  softmax: 'exponentials by table',
  logistic: 'table',
  tanh: 'table',
  relu: 'table; usually fused into an op before that',
  relu6: 'table; usually fused into an op before that',
  leaky_relu: 'table',
  hard_swish: 'table',
  strided_slice: 'copy',
  resize_nearest: 'copy of pixels by table',
  resize_bilinear: 'interpolation in integers',
  threshold: 'comparisons with each threshold of the channel, usually in the convolution before that',
  quantize: 'vectors of float32; between quantizations a table',
  dequantize: 'vectors of float32',
}
