/** Networks of one quantizer, nodes on bytes, and a dequantizer. */
import { expect } from 'vitest'
import { unwrap } from '../../../ir/diagnostic.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { type AttributeValue, type FileNode, INT8, onnxFile, port, tensor, UINT8 } from '../onnx-file.ts'

export const nothing = () => ({ ok: false, diagnostics: [] }) as const
export const MICROSOFT = 'com.microsoft'

export interface Quantization {
  readonly scale: number
  readonly zero: number
  readonly type: typeof UINT8 | typeof INT8
}

export const u8 = (scale: number, zero: number): Quantization => ({ scale, zero, type: UINT8 })
export const i8 = (scale: number, zero: number): Quantization => ({ scale, zero, type: INT8 })

export const parameters = (name: string, { scale, zero, type }: Quantization) => [
  tensor(`${name}_s`, [], [scale]),
  tensor(`${name}_z`, [], [zero], type),
]
export const names = (name: string) => [`${name}_s`, `${name}_z`]

/** Numbers that look random between -1 and 1. */
export function noise(count: number, seed = 1): readonly number[] {
  let state = seed
  return Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 30 - 1
  })
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

export interface Case {
  readonly shape: readonly number[]
  readonly x: Quantization
  readonly y?: Quantization
  /** Nodes from `q`, the quantized input, to `r`. */
  readonly nodes: readonly FileNode[]
  readonly constants?: readonly Uint8Array[]
  readonly outputShape: readonly number[]
}

export function modelOf({ shape, x, y, nodes, constants = [], outputShape }: Case): Uint8Array {
  const back = y
    ? [{ op: 'DequantizeLinear', inputs: ['r', ...names('y')], outputs: ['out'] }]
    : [{ op: 'Identity', inputs: ['r'], outputs: ['out'] }]
  return onnxFile({
    nodes: [{ op: 'QuantizeLinear', inputs: ['in', ...names('x')], outputs: ['q'] }, ...nodes, ...back],
    inputs: [port('in', shape)],
    outputs: [port('out', outputShape)],
    initializers: [...parameters('x', x), ...(y ? parameters('y', y) : []), ...constants],
  })
}

export const graphOf = (model: Uint8Array) => unwrap(importOnnx(model, 'q.onnx', nothing))

/** x as the quantizer leaves it. */
export function quantizedReals(
  values: readonly number[],
  { scale, zero, type }: Quantization,
): readonly number[] {
  const [min, max] = type === UINT8 ? [0, 255] : [-128, 127]
  return values.map((v) => (Math.max(min, Math.min(max, Math.round(v / scale) + zero)) - zero) * scale)
}

/** Compares with reals to a step of the result, and demands the very step nearly always. */
export function expectReals(
  given: Case,
  spread: number,
  f: (x: readonly number[]) => readonly number[],
): void {
  const values = noise(count(given.shape)).map((v) => Math.fround(v * spread))
  const [actual] = createInterpreter(graphOf(modelOf(given))).run([Float32Array.from(values)])
  const reals = f(quantizedReals(values, given.x))
  const expected = given.y ? quantizedReals(reals, given.y) : reals
  const step = given.y?.scale ?? 1e-4
  expect(actual?.length).toBe(expected.length)
  const differences = expected.map((value, i) => Math.abs(Number(actual?.[i]) - value))
  expect(Math.max(...differences)).toBeLessThan(1.01 * step)
  expect(differences.filter((d) => d > 0.01 * step).length).toBeLessThanOrEqual(0.05 * expected.length)
}

export const one = (
  op: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  domain = '',
): readonly FileNode[] => [{ op, inputs, outputs: ['r'], attributes, domain }]

/** A convolution [C, H, W] with weights [O, C / groups, K, K], padded by 1. */
export function convolve(
  x: readonly number[],
  w: readonly number[],
  bias: readonly number[],
  [c, h, k, groups]: number[],
) {
  const [channels = 1, size = 1, kernel = 1, parts = 1] = [c, h, k, groups]
  const outputs = bias.length
  const depth = channels / parts
  return Array.from({ length: outputs * size * size }, (_, i) => {
    const [o, row, column] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size]
    let sum = bias[o] ?? 0
    for (let n = 0; n < depth; n++) {
      const channel = Math.floor(o / (outputs / parts)) * depth + n
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const [y, at] = [row + ky - 1, column + kx - 1]
          if (y < 0 || at < 0 || y >= size || at >= size) continue
          sum +=
            (x[(channel * size + y) * size + at] ?? 0) *
            (w[((o * depth + n) * kernel + ky) * kernel + kx] ?? 0)
        }
      }
    }
    return sum
  })
}
