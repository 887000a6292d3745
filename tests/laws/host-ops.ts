/** Which ops of an int8 network the host may have to do, and why. All else runs on the machine. */
import type { HostOp } from '../../backends/trellis/program.ts'
import type { DType } from '../../ir/dtype.ts'
import type { OpName } from '../../ir/ops/names.ts'
import type { TensorType } from '../../ir/tensor.ts'

const WINDOW = /^a pool window is at most/
const POOL = [/^a pool with a fused activation/, WINDOW]
const CONVOLUTION = [/^its weights have a zero point/, /^the post unit cannot round by real/]
const NO_INTEGERS = /^no integers/
const BINARY = [/^the post unit broadcasts only its second operand/, NO_INTEGERS]
const REAL = [/^the machine has no floating point/]

/** The reasons that an op may have though its tensors are maps of int8. An op without reasons is never on the host. */
const REASONS: { readonly [N in OpName]: readonly RegExp[] } = {
  conv2d: [...CONVOLUTION, /^it is a grouped convolution/],
  depthwise_conv2d: CONVOLUTION,
  transpose_conv2d: [...CONVOLUTION, /^its kernel is smaller than its stride/],
  fully_connected: [...CONVOLUTION, /^its input is a reshaped map/],
  add: BINARY,
  sub: BINARY,
  mul: BINARY,
  pad: [/^it pads channels/],
  avg_pool2d: [...POOL, /^its window is too large/, /^its float32 sums depend on the order/],
  max_pool2d: POOL,
  mean: [WINDOW, /^the post unit averages over rows and columns only/, /^it removes dimensions/],
  reshape: [],
  transpose: [/^no unit of the machine reorders bytes/],
  concat: [],
  softmax: [/^it needs exponentials/],
  logistic: [],
  tanh: [],
  relu: [],
  relu6: [],
  leaky_relu: [],
  hard_swish: [],
  strided_slice: [
    /^it reverses, or skips channels/,
    /^it removes dimensions/,
    /^its channels do not begin with a whole byte/,
  ],
  resize_nearest: [/^it resizes by a factor that is not whole/, /^aligned corners/],
  resize_bilinear: [/^interpolation needs products/],
  threshold: [/^only sums that nothing else reads/],
  quantize: [],
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

/** Their other operands are parameters. */
const CONVOLUTIONS: ReadonlySet<OpName> = new Set([
  'conv2d',
  'depthwise_conv2d',
  'transpose_conv2d',
  'fully_connected',
])

/** Fails where the machine could do what runs on the host. */
export function expectOnHost(host: HostOp): void {
  const { op, name, reason, inputTypes, outputTypes } = host
  if (REASONS[op].some((known) => known.test(reason))) return
  const activations = CONVOLUTIONS.has(op) ? inputTypes.slice(0, 1) : inputTypes
  const isMap = CONVOLUTIONS.has(op) || MOVES.has(op) ? isAnyMap : isInt8Map
  if (!activations.every(isMap) || !outputTypes.every((t) => isMap(t) || isSums(op, t))) return
  throw new Error(`${op} ${name} is on the host: ${reason}`)
}

const MOVES: ReadonlySet<OpName> = new Set(['max_pool2d', 'reshape', 'concat', 'strided_slice'])

/** What the post unit computes on: int8, rows, columns and channels of one sample. */
function isInt8Map({ dtype, shape, quant }: TensorType): boolean {
  if (dtype !== 'i8' || quant === undefined) return false
  return shape.length < 4 || (shape.length === 4 && shape[0] === 1)
}

/** What the array multiplies, and both units move: 8 bits and less. */
function isAnyMap(type: TensorType): boolean {
  return isInt8Map({ ...type, dtype: LOW_BIT.has(type.dtype) ? 'i8' : type.dtype })
}
const LOW_BIT: ReadonlySet<DType> = new Set(['i4', 'u4', 'i2', 'u2', 'b1'])

function isSums(op: OpName, { dtype, shape }: TensorType): boolean {
  return dtype === 'i32' && CONVOLUTIONS.has(op) && (shape.length < 4 || shape[0] === 1)
}
