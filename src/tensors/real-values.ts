/**
 * From an array of real values to a model's input: scaling, then quantization.
 *
 * Scaling is x*S, then (x-M)/D for each channel, in double precision and rounded once to float32: what the model's
 * float original would have been given. Quantization is TensorFlow Lite's QUANTIZE of a float32 tensor
 * (`AffineQuantize` in its reference kernels): round(x / scale), halves away from zero, plus the zero point, clamped.
 */
import { type Diagnostic, fail, must } from '../../ir/diagnostic.ts'
import { allocate, DTYPE_RANGE, type TensorData } from '../../ir/dtype.ts'
import type { NpyArray } from './npy.ts'
import { type Port, typeText } from './port.ts'

export interface Scaling {
  /** S: every value is multiplied by it. */
  readonly scale?: number
  /** M: one value, or one for each channel. */
  readonly mean?: readonly number[]
  /** D: one value, or one for each channel. */
  readonly std?: readonly number[]
}

/** More than this share of clamped values is no outlier but a forgotten `--scale`. */
const SUSPICIOUS_CLAMPED_SHARE = 0.05

export function isScaling(scaling: Scaling): boolean {
  return scaling.scale !== undefined || scaling.mean !== undefined || scaling.std !== undefined
}

/**
 * The array's values after scaling, in its own order. `channelAxis` is the axis of the array that `mean` and `std` run
 * along; it matters only when they hold more than one value.
 */
export function realValues(
  array: NpyArray,
  scaling: Scaling,
  channelAxis: number,
  file: string,
): Float32Array {
  const { data, shape } = array
  const channels = shape[channelAxis] ?? 1
  const inner = shape.slice(channelAxis + 1).reduce((a, b) => a * b, 1)
  const scale = scaling.scale ?? 1
  const mean = perChannel(scaling.mean ?? [0], channels)
  const std = perChannel(scaling.std ?? [1], channels)
  const out = new Float32Array(data.length)
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / inner) % channels
    const real = (Number(data[i]) * scale - (mean[channel] ?? 0)) / (std[channel] ?? 1)
    if (!Number.isFinite(real)) notFinite(data[i], i, array, file)
    out[i] = real
  }
  return out
}

function perChannel(values: readonly number[], channels: number): readonly number[] {
  return values.length === 1 ? new Array(channels).fill(values[0]) : values
}

/** Stops at a NaN or an infinity in an array that is used as it is. */
export function requireFinite(array: NpyArray, file: string): void {
  if (array.dtype !== 'f32' && array.dtype !== 'f64') return
  const data = array.data as Float32Array | Float64Array
  const at = data.findIndex((value) => !Number.isFinite(value))
  if (at >= 0) notFinite(data[at], at, array, file)
}

function notFinite(value: number | bigint | undefined, at: number, array: NpyArray, file: string): never {
  const index: number[] = []
  let rest = at
  for (const size of [...array.shape].reverse()) {
    index.unshift(rest % size)
    rest = Math.floor(rest / size)
  }
  return fail({
    code: 'input/not-finite',
    message: `the value at [${index.join(', ')}] is ${value}, which after scaling is no finite number`,
    span: { file },
    hint: 'inputs must be finite: look for a division by zero or missing data where the array was made',
  })
}

/** Real values as elements of the model's own input type. */
export function toInputType(
  real: Float32Array,
  port: Port,
  file: string,
  warn: (diagnostic: Diagnostic) => void,
): TensorData {
  const { dtype, quant } = port.type
  if (dtype === 'f32') return real
  const range = DTYPE_RANGE[dtype]
  if (quant === undefined || range === undefined) {
    return fail({
      code: 'input/not-quantized',
      message: `input '${port.name}' takes ${typeText(dtype, port.type.shape)} without scale and zero point, so real values cannot be turned into it`,
      span: { file },
      hint: `save the array with the model's own type ${dtype}`,
    })
  }
  const scale = Math.fround(must(quant.scale[0], 'scale of an input'))
  const zeroPoint = must(quant.zeroPoint[0], 'zero point of an input')
  const [min, max] = range
  const out = allocate(dtype, real.length)
  let clamped = 0
  for (let i = 0; i < real.length; i++) {
    const steps = Math.fround((real[i] ?? 0) / scale)
    // Math.round takes halves up; away from zero is wanted.
    const q = Math.sign(steps) * Math.round(Math.abs(steps)) + zeroPoint
    if (q < min || q > max) clamped++
    out[i] = Math.min(max, Math.max(min, q))
  }
  if (clamped > real.length * SUSPICIOUS_CLAMPED_SHARE) {
    const low = ((min - zeroPoint) * scale).toPrecision(4)
    const high = ((max - zeroPoint) * scale).toPrecision(4)
    warn({
      code: 'input/out-of-range',
      severity: 'warning',
      message: `${Math.round((100 * clamped) / real.length)} % of the values lie outside what input '${port.name}' can hold, ${low} to ${high}, and were clamped`,
      span: { file },
      hint: 'real values are expected; scale them with --scale, --mean and --std (pixels 0..255: --scale 1/255)',
    })
  }
  return out
}
