/**
 * Convolutions and matrix products of float32: vectors of four output channels, which take their products in the order
 * of ir/ops/real/convolution.ts, each rounded twice, so that every bit is the interpreter's.
 *
 * Loop order: images, rows, groups, blocks of output channels, tiles of pixels along a row, the window's rows, columns
 * and channels; a depthwise window has no channels of its own. The sums of a tile are registers. Data layout: weights
 * [group, block, tap, input channel, 4 * vectors of the block], input and output without gaps. Columns whose windows
 * reach over the edge are computed one by one, with a look at each tap; in between, a window's row is one run.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'

/** Output o meets tap t at input (o * stride - pad + t * dilation) / inputStride, where that is an input. */
export interface RealAxis {
  readonly input: number
  readonly output: number
  readonly kernel: number
  readonly stride: number
  readonly padBefore: number
  readonly dilation: number
  readonly inputStride: number
}

export interface RealWindowSpec {
  readonly images: number
  readonly vertical: RealAxis
  readonly horizontal: RealAxis
  readonly groups: number
  /** Of a group. */
  readonly inputChannels: number
  readonly outputChannels: number
  /** Whether output channels meet input channels of the same index: there is one group, and no loop over channels. */
  readonly isDepthwise: boolean
  /** Vectors of four output channels in a block of weights. */
  readonly vectors: number
  readonly hasBias: boolean
  readonly min: number
  readonly max: number
}

const FLOAT = 4
const VECTOR = 16

/** How many pixels a tile has: eight sums, or more where blocks are wide. */
export function tilePixels(vectors: number): number {
  return Math.max(1, Math.floor(8 / vectors))
}

/** Addresses: input, weights, bias, output. */
export function realWindowKernel(spec: RealWindowSpec): Kernel {
  const { vertical, horizontal, groups, inputChannels, outputChannels } = spec
  const window = vertical.kernel * horizontal.kernel * (spec.isDepthwise ? 1 : inputChannels)
  return {
    name: `${spec.isDepthwise ? 'depthwise ' : ''}float convolution ${vertical.output}x${horizontal.output}x${groups * outputChannels}, window ${window}`,
    define: (b) =>
      b.define(`real window ${JSON.stringify(spec)}`, 4, (f, ...p) => new Emitter(b, f, spec, p).emit()),
  }
}

class Emitter {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: RealWindowSpec
  private readonly x: Local
  private readonly w: Local
  private readonly bias: Local
  private readonly y: Local
  /** Where the first tap of the current output lies: its row and column, times the input's stride. */
  private readonly row: Local
  private readonly column: Local
  private readonly tapRow: Local
  private readonly tapColumn: Local
  /** The address of the current tap's input, of its weights, and of the weights of the current block. */
  private readonly input: Local
  private readonly weights: Local
  private readonly block: Local
  /** The first input channel, the bias and the output of the current block. */
  private readonly channels: Local
  private readonly biases: Local
  private readonly outputs: Local
  private readonly output: Local
  private readonly sums: readonly Local[]
  private readonly factors: readonly Local[]
  private readonly value: Local

  constructor(b: ModuleBuilder, f: FunctionBuilder, spec: RealWindowSpec, parameters: readonly Local[]) {
    const parameter = (n: number) => must(parameters[n], 'parameter')
    this.b = b
    this.f = f
    this.spec = spec
    this.x = parameter(0)
    this.w = parameter(1)
    this.bias = parameter(2)
    this.y = parameter(3)
    this.row = f.i32()
    this.column = f.i32()
    this.tapRow = f.i32()
    this.tapColumn = f.i32()
    this.input = f.i32()
    this.weights = f.i32()
    this.block = f.i32()
    this.channels = f.i32()
    this.biases = f.i32()
    this.outputs = f.i32()
    this.output = f.i32()
    this.sums = Array.from({ length: tilePixels(spec.vectors) * spec.vectors }, () => f.v128())
    this.factors = Array.from({ length: spec.vectors }, () => f.v128())
    this.value = f.v128()
  }

  private get inputPixel(): number {
    return FLOAT * this.spec.groups * this.spec.inputChannels
  }

  private get outputPixel(): number {
    return FLOAT * this.spec.groups * this.spec.outputChannels
  }

  emit(): readonly Expression[] {
    const { f, spec, x, w, bias, y, row, channels, block, biases, outputs } = this
    const { vertical, horizontal } = spec
    const { i32 } = this.b.wasm
    return f.repeat(spec.images, () => [
      row.set(i32.const(-vertical.padBefore)),
      ...f.repeat(vertical.output, () => [
        channels.set(x.get()),
        block.set(w.get()),
        biases.set(bias.get()),
        outputs.set(y.get()),
        ...f.repeat(spec.groups, () => [
          ...this.blocks(),
          // Depthwise blocks have stepped over the input channels themselves.
          ...(spec.isDepthwise ? [] : f.advance(channels, FLOAT * spec.inputChannels)),
        ]),
        ...f.advance(row, vertical.stride),
        ...f.advance(y, horizontal.output * this.outputPixel),
      ]),
      ...f.advance(x, vertical.input * horizontal.input * this.inputPixel),
    ])
  }

  /** All output channels of a group, for one row of the output. */
  private blocks(): readonly Expression[] {
    const { f, spec, block, channels, biases, outputs } = this
    const width = 4 * spec.vectors
    const taps = spec.vertical.kernel * spec.horizontal.kernel
    const depth = spec.isDepthwise ? 1 : spec.inputChannels
    const step = (count: number) => [
      ...this.pixels(count),
      ...f.advance(block, taps * depth * VECTOR * spec.vectors),
      ...f.advance(biases, FLOAT * count),
      ...f.advance(outputs, FLOAT * count),
      ...(spec.isDepthwise ? f.advance(channels, FLOAT * count) : []),
    ]
    const rest = spec.outputChannels % width
    return [
      ...f.repeat(Math.floor(spec.outputChannels / width), () => step(width)),
      ...(rest > 0 ? step(rest) : []),
    ]
  }

  /** A row of pixels, `count` channels of each. */
  private pixels(count: number): readonly Expression[] {
    const { f, spec, output, outputs, column } = this
    const { horizontal } = spec
    const { i32 } = this.b.wasm
    const { first, last } = inside(horizontal)
    const tile = tilePixels(spec.vectors)
    const tiles = Math.floor(Math.max(0, last - first) / tile)
    const run = (times: number, pixels: number, isChecked: boolean) =>
      f.repeat(times, () => [
        ...this.tile(pixels, count, isChecked),
        ...f.advance(column, pixels * horizontal.stride),
        ...f.advance(output, pixels * this.outputPixel),
      ])
    const left = Math.min(first, horizontal.output)
    const singles = Math.max(0, last - first) - tiles * tile
    return [
      output.set(outputs.get()),
      column.set(i32.const(-horizontal.padBefore)),
      ...run(left, 1, true),
      ...run(tiles, tile, false),
      ...run(singles, 1, false),
      ...run(horizontal.output - left - tiles * tile - singles, 1, true),
    ]
  }

  /** `count` channels of neighbouring pixels. */
  private tile(pixels: number, count: number, isChecked: boolean): readonly Expression[] {
    const { f, spec, sums, weights, block, row, tapRow } = this
    const { vertical, horizontal } = spec
    const { f32, f32x4 } = this.b.wasm
    const vectors = Math.ceil(count / 4)
    const depth = spec.isDepthwise ? 1 : spec.inputChannels
    const used = Array.from({ length: pixels * vectors }, (_, n) => must(sums[n], 'sum'))
    const rowBytes = horizontal.kernel * depth * VECTOR * spec.vectors
    const inRow = isChecked ? this.checkedRow(vectors) : this.wholeRow(pixels, vectors)
    return [
      ...used.map((sum) => sum.set(f32x4.splat(f32.const(0)))),
      weights.set(block.get()),
      tapRow.set(row.get()),
      ...f.repeat(vertical.kernel, () => [
        this.b.wasm.if(
          this.isInput(vertical, tapRow),
          this.b.wasm.block(null, [...inRow]),
          this.b.wasm.block(null, [...f.advance(weights, rowBytes)]),
        ),
        ...f.advance(tapRow, vertical.dilation),
      ]),
      ...used.flatMap((sum, n) => this.store(sum, Math.floor(n / vectors), n % vectors, count)),
    ]
  }

  private isInput(axis: RealAxis, at: Local): Expression {
    const { i32 } = this.b.wasm
    const { input, inputStride } = axis
    const isInside = i32.lt_u(at.get(), i32.const(input * inputStride))
    if (inputStride === 1) return isInside
    return i32.and(isInside, i32.eqz(i32.rem_u(at.get(), i32.const(inputStride))))
  }

  private indexOf({ inputStride }: RealAxis, at: Local): Expression {
    const { i32 } = this.b.wasm
    return inputStride === 1 ? at.get() : i32.div_u(at.get(), i32.const(inputStride))
  }

  /** The address of a tap's first channel. */
  private address(column: Local): Expression {
    const { i32 } = this.b.wasm
    const { vertical, horizontal } = this.spec
    const pixel = i32.add(
      i32.mul(this.indexOf(vertical, this.tapRow), i32.const(horizontal.input)),
      this.indexOf(horizontal, column),
    )
    return i32.add(this.channels.get(), i32.mul(pixel, i32.const(this.inputPixel)))
  }

  /** A window's row of one pixel, some of whose taps may lie outside. */
  private checkedRow(vectors: number): readonly Expression[] {
    const { f, spec, column, tapColumn, input, weights } = this
    const depth = spec.isDepthwise ? 1 : spec.inputChannels
    const tap = VECTOR * spec.vectors
    return [
      tapColumn.set(column.get()),
      ...f.repeat(spec.horizontal.kernel, () => [
        this.b.wasm.if(
          this.isInput(spec.horizontal, tapColumn),
          this.b.wasm.block(null, [
            input.set(this.address(tapColumn)),
            ...f.repeat(depth, () => this.products(1, vectors)),
          ]),
          this.b.wasm.block(null, [...f.advance(weights, depth * tap)]),
        ),
        ...f.advance(tapColumn, spec.horizontal.dilation),
      ]),
    ]
  }

  /** A window's row of neighbouring pixels, whose taps are all inputs. */
  private wholeRow(pixels: number, vectors: number): readonly Expression[] {
    const { f, spec, column, input } = this
    const { kernel, dilation } = spec.horizontal
    const depth = spec.isDepthwise ? 1 : spec.inputChannels
    const step = dilation * this.inputPixel
    const start = input.set(this.address(column))
    // Channels side by side, and columns side by side: one run.
    if (!spec.isDepthwise && step === FLOAT * depth) {
      return [start, ...f.repeat(kernel * depth, () => this.products(pixels, vectors))]
    }
    const walked = spec.isDepthwise ? 0 : FLOAT * depth
    return [
      start,
      ...f.repeat(kernel, () => [
        ...f.repeat(depth, () => this.products(pixels, vectors)),
        ...f.advance(input, step - walked),
      ]),
    ]
  }

  /** One input channel of a tap, or four and more of a depthwise one: sum += x * w, in two roundings. */
  private products(pixels: number, vectors: number): readonly Expression[] {
    const { f, spec, sums, factors, value, input, weights } = this
    const { f32x4, v128 } = this.b.wasm
    const pixelStep = spec.horizontal.stride * this.inputPixel
    const add = (sum: Local, x: Expression, factor: Local) =>
      sum.set(f32x4.add(sum.get(), f32x4.mul(x, factor.get())))
    const statements = Array.from({ length: vectors }, (_, v) =>
      must(factors[v], 'factor').set(v128.load(VECTOR * v, 4, weights.get())),
    )
    for (let pixel = 0; pixel < pixels; pixel++) {
      const offset = pixel * pixelStep
      if (!spec.isDepthwise) statements.push(value.set(v128.load32_splat(offset, 4, input.get())))
      for (let v = 0; v < vectors; v++) {
        const x = spec.isDepthwise ? v128.load(offset + VECTOR * v, 4, input.get()) : value.get()
        statements.push(add(must(sums[pixel * vectors + v], 'sum'), x, must(factors[v], 'factor')))
      }
    }
    return [
      ...statements,
      ...f.advance(weights, VECTOR * spec.vectors),
      ...(spec.isDepthwise ? [] : f.advance(input, FLOAT)),
    ]
  }

  /** The sum with its bias, limited; of the last vector perhaps some lanes only. */
  private store(sum: Local, pixel: number, vector: number, count: number): readonly Expression[] {
    const { spec, biases, output } = this
    const { f32, f32x4, v128 } = this.b.wasm
    const splat = (value: number) => f32x4.splat(f32.const(value))
    const statements: Expression[] = []
    if (spec.hasBias) {
      statements.push(sum.set(f32x4.add(sum.get(), v128.load(VECTOR * vector, 4, biases.get()))))
    }
    if (spec.min > -Infinity) statements.push(sum.set(f32x4.max(sum.get(), splat(spec.min))))
    if (spec.max < Infinity) statements.push(sum.set(f32x4.min(sum.get(), splat(spec.max))))
    const offset = pixel * this.outputPixel + VECTOR * vector
    const lanes = Math.min(4, count - 4 * vector)
    if (lanes === 4) return [...statements, v128.store(offset, 4, output.get(), sum.get())]
    for (let lane = 0; lane < lanes; lane++) {
      statements.push(v128.store32_lane(offset + FLOAT * lane, 4, lane, output.get(), sum.get()))
    }
    return statements
  }
}

/** The output columns [first, last) all of whose taps are inputs. */
function inside({ input, output, kernel, stride, padBefore, dilation, inputStride }: RealAxis): {
  readonly first: number
  readonly last: number
} {
  if (inputStride !== 1) return { first: output, last: output }
  const reach = (kernel - 1) * dilation
  const first = Math.max(0, Math.min(output, Math.ceil((padBefore - Math.min(0, reach)) / stride)))
  const end = Math.floor((input - 1 + padBefore - Math.max(0, reach)) / stride) + 1
  return { first, last: Math.max(first, Math.min(output, end)) }
}
