/**
 * Pools of int8 images, and means over rows and columns, which are pools of one window.
 *
 * Loop order: output rows, output columns, 16 channels at a time, the window's rows and columns. Register tile: one
 * vector of 16 channels; its largest elements as bytes, or its sums in two registers of 16 bits where the window is
 * small enough, else in four of 32. Data layout: pixels are runs of channels, rows have a pitch. A window that reaches
 * over the edge is cut off there. With 16 channels or more the last step may do some again.
 *
 * An average's scaling depends on how many pixels its window holds: there is one for each count from `minCount` up. A mean
 * in float32 (ir/arith/onnx.ts, `floatMeanRequant`) adds the reals of a window in the order of its pixels, in four vectors.
 */
import { UNSIGNED } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'
import { clampBytes, isUnsigned, loadWords, narrowWords, storeFirst } from './stored.ts'
import { type FloatEpilogue, loadScaling, SCALING_BYTES, scaleSums } from './sums.ts'

/** One axis of the window and what it slides over, in pixels. */
export interface PoolAxis {
  readonly input: number
  readonly output: number
  readonly kernel: number
  readonly stride: number
  readonly padBefore: number
}

export interface PoolSpec {
  readonly vertical: PoolAxis
  readonly horizontal: PoolAxis
  readonly channels: number
  /** Bytes from row to row. */
  readonly inputRow: number
  readonly outputRow: number
  /** A mean in integers, or in float32; without either the largest element. */
  readonly average?: { readonly minCount: number; readonly epilogue: FloatEpilogue }
  readonly floatMean?: FloatMean
  readonly min: number
  readonly max: number
}

export interface FloatMean {
  readonly scale: number
  readonly inputZeroPoint: number
  /** Of every sum; 0 for as many pixels as lie inside. */
  readonly divisor: number
  readonly outputScale: number
  readonly outputZeroPoint: number
}

/** Bytes of a window whose sums fit into 16 bits, signed or not. */
const NARROW_COUNT = 256

/** Addresses: input, scalings, output. */
export function poolKernel(spec: PoolSpec): Kernel {
  const { vertical, horizontal, channels, average, floatMean } = spec
  const kind = floatMean ? 'float32 average' : average ? 'average' : 'max'
  const size = `${vertical.output}x${horizontal.output}x${channels}`
  return {
    name: `${kind} pool ${size}, window ${vertical.kernel}x${horizontal.kernel}`,
    define: (b) =>
      b.define(`pool ${JSON.stringify(spec)}`, 3, (f, x, scalings, y) =>
        new Emitter(b, f, spec, must(x, 'x'), must(scalings, 'scalings'), must(y, 'y')).emit(),
      ),
  }
}

/** Whether some window reaches over the edge. */
export function isCut({ input, output, kernel, stride, padBefore }: PoolAxis): boolean {
  return padBefore > 0 || (output - 1) * stride + kernel > input
}

/** The pixels of a window along an axis: how many, the same for all windows or not, and where they start. */
interface Extent {
  readonly count: () => Expression
  /** The count where it is always the same. */
  readonly fixed: number | undefined
}

class Emitter {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: PoolSpec
  private readonly x: Local
  private readonly scalings: Local
  private readonly y: Local
  private readonly row: Local
  private readonly window: Local
  private readonly channel: Local
  private readonly run: Local
  private readonly bytes: Local
  private readonly scaling: { readonly bias: Local; readonly scale: Local; readonly offset: Local }

  constructor(b: ModuleBuilder, f: FunctionBuilder, spec: PoolSpec, x: Local, scalings: Local, y: Local) {
    this.b = b
    this.f = f
    this.spec = spec
    this.x = x
    this.scalings = scalings
    this.y = y
    this.row = f.i32()
    this.window = f.i32()
    this.channel = f.i32()
    this.run = f.i32()
    this.bytes = f.v128()
    this.scaling = { bias: f.v128(), scale: f.v128(), offset: f.v128() }
  }

  emit(): readonly Expression[] {
    const { f, spec, x, y, row, window } = this
    const { vertical, horizontal, channels } = spec
    return this.positions(vertical, x, spec.inputRow, row, (rows) => [
      ...this.positions(horizontal, row, channels, window, (columns) => [
        ...this.prepare(rows, columns),
        ...this.blocks((count) => this.block(rows, columns, count)),
        ...f.advance(y, channels),
      ]),
      ...f.advance(y, spec.outputRow - horizontal.output * channels),
    ])
  }

  /** The body for each window along an axis, with `at` at its first pixel; `from` is where the input starts. */
  private positions(
    axis: PoolAxis,
    from: Local,
    step: number,
    at: Local,
    body: (extent: Extent) => readonly Expression[],
  ): readonly Expression[] {
    const { f, b } = this
    const { i32 } = b.wasm
    if (!isCut(axis)) {
      return [
        at.set(from.get()),
        ...f.repeat(axis.output, () => [
          ...body({ count: () => i32.const(axis.kernel), fixed: axis.kernel }),
          ...f.advance(at, axis.stride * step),
        ]),
      ]
    }
    const [start, first, count] = [f.i32(), f.i32(), f.i32()]
    const end = () => i32.add(start.get(), i32.const(axis.kernel))
    const isInside = i32.lt_s
    return [
      start.set(i32.const(-axis.padBefore)),
      ...f.repeat(axis.output, () => [
        first.set(b.wasm.select(isInside(start.get(), i32.const(0)), i32.const(0), start.get())),
        count.set(
          i32.sub(
            b.wasm.select(isInside(end(), i32.const(axis.input)), end(), i32.const(axis.input)),
            first.get(),
          ),
        ),
        at.set(i32.add(from.get(), i32.mul(first.get(), i32.const(step)))),
        ...body({ count: count.get, fixed: undefined }),
        ...f.advance(start, axis.stride),
      ]),
    ]
  }

  /** Loads the scaling of a window. */
  private prepare(rows: Extent, columns: Extent): readonly Expression[] {
    const { b, spec, scaling, scalings } = this
    const { i32, i32x4 } = b.wasm
    if (spec.average === undefined) return []
    const count = () => i32.mul(rows.count(), columns.count())
    const index = i32.sub(count(), i32.const(spec.average.minCount))
    const address = this.f.i32()
    return [
      address.set(i32.add(scalings.get(), i32.mul(index, i32.const(SCALING_BYTES)))),
      ...loadScaling(b, scaling, address.get),
      ...(isUnsigned(b)
        ? [
            scaling.bias.set(
              i32x4.sub(scaling.bias.get(), i32x4.splat(i32.mul(count(), i32.const(storedZero(b.variant))))),
            ),
          ]
        : []),
    ]
  }

  /** The body for each 16 channels from `channel` on, with the number of those that it has to store. */
  private blocks(body: (count: number) => readonly Expression[]): readonly Expression[] {
    const { f, b, spec, channel } = this
    const { i32 } = b.wasm
    const count = Math.min(16, spec.channels)
    const last = spec.channels - count
    return [
      channel.set(i32.const(0)),
      ...f.repeat(Math.ceil(spec.channels / 16), () => [
        ...body(count),
        ...f.advance(channel, 16),
        ...(last % 16 === 0
          ? []
          : [
              channel.set(
                b.wasm.select(i32.gt_u(channel.get(), i32.const(last)), i32.const(last), channel.get()),
              ),
            ]),
      ]),
    ]
  }

  private block(rows: Extent, columns: Extent, count: number): readonly Expression[] {
    const { f, b, window, channel, run, bytes, y } = this
    const { i32 } = b.wasm
    const target = f.i32()
    return [
      run.set(i32.add(window.get(), channel.get())),
      ...this.reduce(rows, columns),
      target.set(i32.add(y.get(), channel.get())),
      ...storeFirst(b, target.get, bytes, count),
    ]
  }

  /** Leaves the window's 16 results in `bytes`. */
  private reduce(rows: Extent, columns: Extent): readonly Expression[] {
    const { average, floatMean } = this.spec
    if (floatMean) return this.floatMean(rows, columns, floatMean)
    return average ? this.average(rows, columns, average.epilogue) : this.largest(rows, columns)
  }

  /** The body for each pixel of a window, with `run` at it. */
  private pixels(rows: Extent, columns: Extent, body: () => readonly Expression[]): readonly Expression[] {
    const { f, b, spec, run } = this
    const { i32 } = b.wasm
    const repeat = (extent: Extent, inner: () => readonly Expression[]) =>
      extent.fixed === undefined ? f.repeatCounted(extent.count(), inner) : f.repeat(extent.fixed, inner)
    const back = i32.mul(columns.count(), i32.const(spec.channels))
    return repeat(rows, () => [
      ...repeat(columns, () => [...body(), ...f.advance(run, spec.channels)]),
      run.set(i32.add(run.get(), i32.sub(i32.const(spec.inputRow), back))),
    ])
  }

  private largest(rows: Extent, columns: Extent): readonly Expression[] {
    const { b, spec, run, bytes } = this
    const { i8x16, i32, v128 } = b.wasm
    const max = isUnsigned(b) ? i8x16.max_u : i8x16.max_s
    return [
      bytes.set(i8x16.splat(i32.const(isUnsigned(b) ? 0 : -128))),
      ...this.pixels(rows, columns, () => [bytes.set(max(bytes.get(), v128.load(0, 1, run.get())))]),
      bytes.set(clampBytes(b, bytes.get(), spec.min, spec.max)),
    ]
  }

  private average(rows: Extent, columns: Extent, epilogue: FloatEpilogue): readonly Expression[] {
    const { f, b, spec, run, scaling, bytes } = this
    const { i16x8, i32x4, v128 } = b.wasm
    const sums = [f.v128(), f.v128(), f.v128(), f.v128()]
    const unsigned = isUnsigned(b)
    const extendLow = unsigned ? i32x4.extend_low_i16x8_u : i32x4.extend_low_i16x8_s
    const extendHigh = unsigned ? i32x4.extend_high_i16x8_u : i32x4.extend_high_i16x8_s
    const sum = (n: number) => must(sums[n], 'sum')
    const accumulate = (to: Local, value: Expression) => to.set(i32x4.add(to.get(), value))
    const scaled = scaleSums(b, f, epilogue, sums, scaling, bytes)
    if (spec.vertical.kernel * spec.horizontal.kernel > NARROW_COUNT) {
      const words = f.v128()
      return [
        ...sums.map((local) => local.set(scaling.bias.get())),
        ...this.pixels(rows, columns, () =>
          [0, 1].flatMap((half) => [
            words.set(loadWords(b, 8 * half, run.get())),
            accumulate(sum(2 * half), extendLow(words.get())),
            accumulate(sum(2 * half + 1), extendHigh(words.get())),
          ]),
        ),
        ...scaled,
      ]
    }
    const words = [f.v128(), f.v128()]
    return [
      ...words.map((local) => local.set(v128.const(new Uint8Array(16)))),
      ...this.pixels(rows, columns, () =>
        words.map((local, half) => local.set(i16x8.add(local.get(), loadWords(b, 8 * half, run.get())))),
      ),
      ...words.flatMap((local, half) => [
        sum(2 * half).set(i32x4.add(scaling.bias.get(), extendLow(local.get()))),
        sum(2 * half + 1).set(i32x4.add(scaling.bias.get(), extendHigh(local.get()))),
      ]),
      ...scaled,
    ]
  }

  private floatMean(rows: Extent, columns: Extent, mean: FloatMean): readonly Expression[] {
    const { f, b, spec, run, bytes } = this
    const { f32, f32x4, i16x8, i32, i32x4 } = b.wasm
    const sums = [f.v128(), f.v128(), f.v128(), f.v128()]
    const [words, divisor] = [f.v128(), f.v128()]
    const zero = storedZero(b.variant)
    const float = (value: number) => f32x4.splat(f32.const(value))
    const add = (to: Local, integers: Expression) =>
      to.set(f32x4.add(to.get(), f32x4.mul(f32x4.convert_i32x4_s(integers), float(mean.scale))))
    const sum = (n: number) => must(sums[n], 'sum')
    const count = f32.convert_s.i32(i32.mul(rows.count(), columns.count()))
    // The zero point of the unsigned output is added before the rounding.
    const steps = (of: Local) => {
      const scaled = f32x4.div(f32x4.div(of.get(), divisor.get()), float(mean.outputScale))
      const unsigned = f32x4.add(scaled, float(mean.outputZeroPoint + UNSIGNED))
      return i32x4.trunc_sat_f32x4_s(f32x4.nearest(unsigned))
    }
    const results = (n: number) =>
      i16x8.add_saturate_s(
        i16x8.narrow_i32x4_s(steps(sum(n)), steps(sum(n + 1))),
        i16x8.splat(i32.const(zero - UNSIGNED)),
      )
    return [
      ...sums.map((local) => local.set(float(0))),
      ...this.pixels(rows, columns, () =>
        [0, 1].flatMap((half) => [
          words.set(
            i16x8.sub(loadWords(b, 8 * half, run.get()), i16x8.splat(i32.const(mean.inputZeroPoint + zero))),
          ),
          add(sum(2 * half), i32x4.extend_low_i16x8_s(words.get())),
          add(sum(2 * half + 1), i32x4.extend_high_i16x8_s(words.get())),
        ]),
      ),
      divisor.set(mean.divisor === 0 ? f32x4.splat(count) : float(mean.divisor)),
      bytes.set(clampBytes(b, narrowWords(b, results(0), results(2)), spec.min, spec.max)),
    ]
  }
}
