/** All graph operations: one definition for each name. */
import { add } from './add.ts'
import { avgPool2d } from './avg_pool2d.ts'
import { concat } from './concat.ts'
import { conv2d } from './conv2d.ts'
import { depthwiseConv2d } from './depthwise_conv2d.ts'
import { dequantize } from './dequantize.ts'
import { fullyConnected } from './fully_connected.ts'
import { hardSwish } from './hard_swish.ts'
import { leakyRelu } from './leaky_relu.ts'
import { logistic } from './logistic.ts'
import { maxPool2d } from './max_pool2d.ts'
import { mean } from './mean.ts'
import { mul } from './mul.ts'
import type { OpName } from './names.ts'
import type { OpDef } from './op.ts'
import { pad } from './pad.ts'
import { quantize } from './quantize.ts'
import { REAL_OPS } from './real/elementwise.ts'
import { REDUCTION_OPS } from './real/reductions.ts'
import { relu } from './relu.ts'
import { relu6 } from './relu6.ts'
import { reshape } from './reshape.ts'
import { resizeBilinear } from './resize_bilinear.ts'
import { resizeNearest } from './resize_nearest.ts'
import { softmax } from './softmax.ts'
import { stridedSlice } from './strided_slice.ts'
import { sub } from './sub.ts'
import { tanh } from './tanh.ts'
import { threshold } from './threshold.ts'
import { transpose } from './transpose.ts'
import { transposeConv2d } from './transpose_conv2d.ts'

export const OPS: { readonly [N in OpName]: OpDef } = {
  conv2d,
  depthwise_conv2d: depthwiseConv2d,
  transpose_conv2d: transposeConv2d,
  fully_connected: fullyConnected,
  add,
  sub,
  mul,
  pad,
  avg_pool2d: avgPool2d,
  max_pool2d: maxPool2d,
  mean,
  reshape,
  transpose,
  concat,
  softmax,
  logistic,
  tanh,
  relu,
  relu6,
  leaky_relu: leakyRelu,
  hard_swish: hardSwish,
  strided_slice: stridedSlice,
  resize_nearest: resizeNearest,
  resize_bilinear: resizeBilinear,
  threshold,
  quantize,
  dequantize,
  ...REAL_OPS,
  ...REDUCTION_OPS,
}
