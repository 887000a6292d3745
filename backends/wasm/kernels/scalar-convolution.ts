/**
 * Convolutions of all kinds, one product at a time: of int16, with weights that are computed, or that have a zero point.
 *
 * Loop order: images, rows, columns, groups, the group's output channels, and for each of these the window's rows,
 * columns and channels. An output's sum is one register of 32 or 64 bits. Data layout: any distances between the
 * elements of input, weights and output; scalings of 16 bytes for each output channel, as `scalingTable` writes them.
 */

import type { ChannelRequant } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { roundHalfAway, scaleByFloat, scaleByMultiplier, toOutput } from './fixed-point.ts'
import type { Kernel } from './kernel.ts'
import { loadElement, storeElement } from './scalar.ts'

/** Output o meets tap t at input (o * stride - pad + t * dilation) / inputStride, where that is an input. */
export interface ScalarAxis {
  readonly input: number
  readonly output: number
  readonly kernel: number
  readonly stride: number
  readonly padBefore: number
  readonly dilation: number
  readonly inputStride: number
  /** Bytes from input to input, from output to output, and from weight to weight. */
  readonly inputBytes: number
  readonly outputBytes: number
  readonly weightBytes: number
}

export interface ScalarConvolutionSpec {
  /** Of the input; the output has the same, or the sums are the output. */
  readonly dtype: 'i8' | 'i16'
  readonly images: number
  readonly inputImage: number
  readonly outputImage: number
  readonly vertical: ScalarAxis
  readonly horizontal: ScalarAxis
  readonly groups: number
  /** Of a group. */
  readonly inputChannels: number
  readonly outputChannels: number
  /** Bytes from weight to weight along output and input channels. */
  readonly weightOutput: number
  readonly weightInput: number
  readonly weightZeroPoint: number
  readonly bias: 'i32' | 'i64' | 'none'
  readonly rule: 'tflite' | 'tflite_wide' | 'real' | 'float32' | 'none'
  readonly wide: boolean
  readonly inputZeroPoint: number
  readonly outputZeroPoint: number
  readonly min: number
  readonly max: number
}

const SCALING_BYTES = 16

/** For each output channel: multiplier and shift as int32, in the rule's form, and the factor as a double. */
export function scalingTable({ rule, factor, multiplier, shift }: ChannelRequant): Uint8Array {
  const bytes = new Uint8Array(SCALING_BYTES * factor.length)
  const view = new DataView(bytes.buffer)
  factor.forEach((real, o) => {
    const given = must(multiplier[o], 'multiplier')
    const reduced = given < 0x7fff0000 ? (given + 0x8000) >> 16 : 0x7fff
    const isWide = rule === 'tflite_wide'
    view.setInt32(SCALING_BYTES * o, isWide ? reduced : given, true)
    view.setInt32(
      SCALING_BYTES * o + 4,
      isWide ? 15 - must(shift[o], 'shift') : must(shift[o], 'shift'),
      true,
    )
    view.setFloat64(SCALING_BYTES * o + 8, real, true)
  })
  return bytes
}

/** Addresses: input, weights, bias, scalings, output. */
export function scalarConvolutionKernel(spec: ScalarConvolutionSpec): Kernel {
  const { vertical, horizontal, groups, inputChannels, outputChannels } = spec
  const window = vertical.kernel * horizontal.kernel * inputChannels
  return {
    name: `convolution ${vertical.output}x${horizontal.output}x${groups * outputChannels}, window ${window}, one by one`,
    define: (b) =>
      b.define(`scalar convolution ${JSON.stringify(spec)}`, 5, (f, ...p) =>
        new Emitter(b, f, spec, p).emit(),
      ),
  }
}

class Emitter {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: ScalarConvolutionSpec
  private readonly x: Local
  private readonly w: Local
  private readonly bias: Local
  private readonly scalings: Local
  private readonly y: Local
  private readonly sum: Local

  constructor(
    b: ModuleBuilder,
    f: FunctionBuilder,
    spec: ScalarConvolutionSpec,
    parameters: readonly Local[],
  ) {
    const parameter = (n: number) => must(parameters[n], 'parameter')
    this.b = b
    this.f = f
    this.spec = spec
    this.x = parameter(0)
    this.w = parameter(1)
    this.bias = parameter(2)
    this.scalings = parameter(3)
    this.y = parameter(4)
    this.sum = spec.wide ? f.i64() : f.i32()
  }

  emit(): readonly Expression[] {
    const { f, b, spec, x, w, bias, scalings, y } = this
    const { vertical, horizontal, groups, outputChannels, inputChannels } = spec
    const { i32 } = b.wasm
    const size = spec.dtype === 'i8' ? 1 : 2
    const output = spec.rule === 'none' ? 'i32' : spec.dtype
    const [row, column, input, weights, biases, scaling, result] = [
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
    ]
    const biasBytes = { i32: 4, i64: 8, none: 0 }[spec.bias]
    return f.repeat(spec.images, () => [
      row.set(i32.const(-vertical.padBefore)),
      ...f.repeat(vertical.output, () => [
        column.set(i32.const(-horizontal.padBefore)),
        ...f.repeat(horizontal.output, () => [
          input.set(x.get()),
          weights.set(w.get()),
          biases.set(bias.get()),
          scaling.set(scalings.get()),
          result.set(y.get()),
          ...f.repeat(groups, () => [
            ...f.repeat(outputChannels, () => [
              this.start(biases),
              ...this.window(row, column, input, weights),
              storeElement(b, output, result.get(), this.scaled(scaling)),
              ...f.advance(weights, spec.weightOutput),
              ...f.advance(biases, biasBytes),
              ...f.advance(scaling, SCALING_BYTES),
              ...f.advance(result, output === 'i32' ? 4 : size),
            ]),
            ...f.advance(input, inputChannels * size),
          ]),
          ...f.advance(column, horizontal.stride),
          ...f.advance(y, horizontal.outputBytes),
        ]),
        ...f.advance(row, vertical.stride),
        ...f.advance(y, vertical.outputBytes - horizontal.output * horizontal.outputBytes),
      ]),
      ...f.advance(x, spec.inputImage),
      ...f.advance(y, spec.outputImage - vertical.output * vertical.outputBytes),
    ])
  }

  private start(biases: Local): Expression {
    const { spec, sum } = this
    const { i32, i64 } = this.b.wasm
    if (spec.bias === 'none') return sum.set(spec.wide ? i64.const(0n) : i32.const(0))
    if (spec.bias === 'i64') return sum.set(i64.load(0, 1, biases.get()))
    const bias = i32.load(0, 1, biases.get())
    return sum.set(spec.wide ? i64.extend_s(bias) : bias)
  }

  /** Adds the products of the window whose first position is (`row`, `column`); `input` is the group's first element. */
  private window(row: Local, column: Local, input: Local, weights: Local): readonly Expression[] {
    const { f, b, spec } = this
    const { i32 } = b.wasm
    const [atRow, atColumn, line, pixel, weightRow, weightColumn, weight] = [
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
      f.i32(),
    ]
    const size = spec.dtype === 'i8' ? 1 : 2
    const channels = f.repeat(spec.inputChannels, () => [
      this.multiply(pixel, weight),
      ...f.advance(pixel, size),
      ...f.advance(weight, spec.weightInput),
    ])
    const columns = f.repeat(spec.horizontal.kernel, () => [
      this.ifInside(spec.horizontal, atColumn, (index) => [
        pixel.set(i32.add(line.get(), i32.mul(index, i32.const(spec.horizontal.inputBytes)))),
        weight.set(weightColumn.get()),
        ...channels,
      ]),
      ...f.advance(atColumn, spec.horizontal.dilation),
      ...f.advance(weightColumn, spec.horizontal.weightBytes),
    ])
    return [
      atRow.set(row.get()),
      weightRow.set(weights.get()),
      ...f.repeat(spec.vertical.kernel, () => [
        this.ifInside(spec.vertical, atRow, (index) => [
          line.set(i32.add(input.get(), i32.mul(index, i32.const(spec.vertical.inputBytes)))),
          atColumn.set(column.get()),
          weightColumn.set(weightRow.get()),
          ...columns,
        ]),
        ...f.advance(atRow, spec.vertical.dilation),
        ...f.advance(weightRow, spec.vertical.weightBytes),
      ]),
    ]
  }

  /** The statements where a position is one of an input. */
  private ifInside(
    { input, inputStride }: ScalarAxis,
    position: Local,
    body: (index: Expression) => readonly Expression[],
  ): Expression {
    const { i32 } = this.b.wasm
    // A negative position is a large unsigned one.
    const isInside = i32.lt_u(position.get(), i32.const(input * inputStride))
    if (inputStride === 1) return this.b.wasm.if(isInside, this.b.wasm.block(null, [...body(position.get())]))
    const isInput = i32.eqz(i32.rem_u(position.get(), i32.const(inputStride)))
    const index = i32.div_u(position.get(), i32.const(inputStride))
    return this.b.wasm.if(i32.and(isInside, isInput), this.b.wasm.block(null, [...body(index)]))
  }

  private multiply(pixel: Local, weight: Local): Expression {
    const { b, spec, sum } = this
    const { i32, i64 } = b.wasm
    const element = loadElement(b, spec.dtype, pixel.get())
    const factor = loadElement(b, 'i8', weight.get())
    const product = i32.mul(
      i32.sub(element, i32.const(spec.inputZeroPoint)),
      i32.sub(factor, i32.const(spec.weightZeroPoint)),
    )
    return sum.set(spec.wide ? i64.add(sum.get(), i64.extend_s(product)) : i32.add(sum.get(), product))
  }

  /** The output element of a sum. */
  private scaled(scaling: Local): Expression {
    const { f, b, spec, sum } = this
    const { i32, i64, f32, f64 } = b.wasm
    switch (spec.rule) {
      case 'none':
        return sum.get()
      case 'tflite': {
        const [multiplier, shift] = [f.i32(), f.i32()]
        return b.sequence(
          multiplier.set(i32.load(0, 4, scaling.get())),
          shift.set(i32.load(4, 4, scaling.get())),
          toOutput(b, f, scaleByMultiplier(b, f, sum.get(), multiplier, shift), spec),
        )
      }
      case 'tflite_wide': {
        const multiplier = i64.extend_s(i32.load(0, 4, scaling.get()))
        const shift = () => i64.extend_u(i32.load(4, 4, scaling.get()))
        const half = i64.shl(i64.const(1n), i64.sub(shift(), i64.const(1n)))
        const rounded = i64.shr_s(i64.add(i64.mul(sum.get(), multiplier), half), shift())
        return toOutput(b, f, i32.wrap(rounded), spec)
      }
      case 'float32': {
        const factor = f32.demote(f64.load(8, 8, scaling.get()))
        return toOutput(b, f, scaleByFloat(b, sum.get(), factor), spec)
      }
      case 'real': {
        const value = spec.wide ? f64.convert_s.i64(sum.get()) : f64.convert_s.i32(sum.get())
        // Saturating to int32 changes nothing: the output's range is smaller.
        const scaled = roundHalfAway(b, f, f64.mul(value, f64.load(8, 8, scaling.get())))
        return toOutput(b, f, scaled, spec)
      }
    }
  }
}
