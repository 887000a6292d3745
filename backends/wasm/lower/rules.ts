/** What the backend does with each op. */
import type { OpName } from '../../../ir/ops/names.ts'
import { conv2d, depthwiseConv2d, fullyConnected } from './convolutions.ts'
import { dequantize, product, quantize, sum, unary } from './elementwise.ts'
import { concat, pad, reshape, stridedSlice, transpose } from './moves.ts'
import { mean, pool } from './pools.ts'
import { resizeBilinear, resizeNearest } from './resizes.ts'
import type { Rule } from './rule.ts'
import { vectorizedOr } from './scalar-convolutions.ts'
import { softmax } from './softmax.ts'
import { transposeConv2d } from './transpose-convolution.ts'

export const RULES: { readonly [N in OpName]: Rule } = {
  conv2d: vectorizedOr(conv2d),
  depthwise_conv2d: vectorizedOr(depthwiseConv2d),
  transpose_conv2d: vectorizedOr(transposeConv2d),
  fully_connected: vectorizedOr(fullyConnected),
  add: sum,
  sub: sum,
  mul: product,
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
  quantize,
  dequantize,
}
