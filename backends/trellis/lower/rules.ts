/** What Trellis does with each op: one total table. The reasons become rows of docs/supported-ops.md. */
import type { Node } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { type LoweringContext, type Unsupported, unsupported } from './context.ts'
import { lowerConv, lowerDepthwise, lowerFullyConnected, lowerTransposeConv } from './conv.ts'
import {
  lowerBinary,
  lowerConcat,
  lowerPad,
  lowerRescale,
  lowerResizeNearest,
  lowerStridedSlice,
  lowerTable,
} from './elementwise.ts'
import { lowerMean, lowerPool } from './pool.ts'
import { lowerReshape } from './reshape.ts'
import type { Stage } from './stage.ts'

/** A stage; undefined where nothing needs to be done; or why the op runs on the host. */
export type Lowering = Stage | undefined | Unsupported

export interface Rule {
  /** The instruction that does it, or why none does. */
  readonly runsAs: string | Unsupported
  readonly lower: (ctx: LoweringContext, node: Node) => Lowering
}

/** What did not become part of a convolution. */
function lowerThreshold(): Lowering {
  return unsupported(
    'only sums that nothing else reads go through thresholds, whose constants fit into half of parameter memory',
  )
}

const on = (runsAs: string, lower: Rule['lower']): Rule => ({ runsAs, lower })
const host = (why: string): Rule => ({ runsAs: unsupported(why), lower: () => unsupported(why) })

/** Why float32 tensors, of any op, are the host's. */
export const NO_FLOATING_POINT = unsupported('the machine has no floating point')

/** For ops of f32 tensors alone. */
const REAL: Rule = { runsAs: NO_FLOATING_POINT, lower: () => NO_FLOATING_POINT }

export const RULES: { readonly [N in OpName]: Rule } = {
  conv2d: on('mac.dense, post.acc', lowerConv),
  depthwise_conv2d: on('mac.depthwise, post.acc', lowerDepthwise),
  transpose_conv2d: on('mac.dense for each phase, post.acc', lowerTransposeConv),
  fully_connected: on('mac.dense, post.acc', lowerFullyConnected),
  add: on('post.binary, or fused into post.acc', lowerBinary),
  sub: on('post.binary', lowerBinary),
  mul: on('post.binary', lowerBinary),
  pad: on('post.unary and post.fill; usually fused into a convolution before that', lowerPad),
  avg_pool2d: on('post.pool; with the arithmetic onnx, in float32, on the host', lowerPool),
  max_pool2d: on('post.pool', lowerPool),
  mean: on('post.pool, over rows and columns', lowerMean),
  reshape: on('no instruction: another view of the same bytes', lowerReshape),
  transpose: host('no unit of the machine reorders bytes within a pixel'),
  concat: on('post.unary', lowerConcat),
  softmax: host('it needs exponentials and a division, which no unit has'),
  logistic: on('post.unary or post.acc, by table', lowerTable),
  tanh: on('post.unary or post.acc, by table', lowerTable),
  relu: on('post.unary, requantizing', lowerRescale),
  relu6: on('post.unary, requantizing', lowerRescale),
  leaky_relu: on('post.unary or post.acc, by table', lowerTable),
  hard_swish: on('post.unary or post.acc, by table', lowerTable),
  strided_slice: on('post.unary', lowerStridedSlice),
  resize_nearest: on('post.unary, whole factors', lowerResizeNearest),
  resize_bilinear: host('interpolation needs products that the post unit has no operands for'),
  threshold: on('fused into post.acc behind a convolution', lowerThreshold),
  quantize: on('post.unary, int8 to int8; from float on the host', lowerRescale),
  dequantize: REAL,
  div: REAL,
  pow: REAL,
  minimum: REAL,
  maximum: REAL,
  prelu: REAL,
  clip: REAL,
  elu: REAL,
  hard_sigmoid: REAL,
  softplus: REAL,
  exp: REAL,
  log: REAL,
  sqrt: REAL,
  abs: REAL,
  neg: REAL,
  sign: REAL,
  floor: REAL,
  ceil: REAL,
  round: REAL,
  reduce_sum: REAL,
  reduce_prod: REAL,
  reduce_min: REAL,
  reduce_max: REAL,
}
