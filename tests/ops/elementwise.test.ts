/** Ops without weights: exact rules from their definitions, and nearness to the real functions. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addRequant,
  leakyReluRequant,
  meanRequant,
  mulRequant,
  reluRequant,
  rescaleRequant,
} from '../../ir/arith/requant.ts'
import { ACTIVATIONS, activationRange } from '../../ir/arith/saturate.ts'
import type { DType } from '../../ir/dtype.ts'
import type { Attrs } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import type { Tensor, TensorType } from '../../ir/tensor.ts'
import { divideHalfAway, tflite } from '../arith/bigint-rules.ts'
import { fill, quantized, scale, seed, size, tensor, zeroPoint8 } from './tensors.ts'

const dtype = fc.constantFrom<DType>('i8', 'i16')
const activation = fc.constantFrom(...ACTIVATIONS)

/** Evaluates an op whose constraints hold; the output's quantization is given. */
function run(op: OpName, inputs: readonly Tensor[], output: Omit<TensorType, 'shape'>, attrs: Attrs = {}) {
  const def = OPS[op]
  const types = inputs.map(({ type }) => type)
  const type = { ...output, shape: def.inferShape(types, attrs) }
  const broken = def.constraints.filter(({ holds }) => !holds({ inputs: types, outputs: [type], attrs }))
  expect(broken.map(({ sentence }) => sentence)).toEqual([])
  return { type, data: Array.from(def.evaluate(inputs, type, attrs) as Int8Array) }
}

const clampTo = (x: number, [min, max]: readonly [number, number]) => Math.max(min, Math.min(max, x)) + 0
const zero = (type: DType, z: number) => (type === 'i16' ? 0 : z)
const realOf = ({ type, data }: Tensor, i: number) =>
  (type.quant?.scale[0] ?? 1) * (Number(data[i]) - (type.quant?.zeroPoint[0] ?? 0))
const exact = (x: number, { multiplier, shift }: { multiplier: number; shift: number }) =>
  Number(tflite(BigInt.asIntN(32, BigInt(x)), BigInt(multiplier), shift))

describe('add, sub and mul', () => {
  const shapes = fc.constantFrom<readonly [readonly number[], readonly number[]]>(
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
    [[2, 3, 4], [4]],
    [
      [2, 1, 4],
      [3, 1],
    ],
    [[1], [2, 2]],
    [[], [3]],
  )
  const operands = fc.record({
    dtype,
    shapes,
    activation,
    scales: fc.tuple(scale, scale, scale),
    zeros: fc.tuple(zeroPoint8, zeroPoint8, zeroPoint8),
    seed,
  })

  test('follow their integer rules under broadcasting', () => {
    fc.assert(
      fc.property(operands, ({ dtype, shapes, activation, scales, zeros, seed }) => {
        const a = fill(quantized(dtype, shapes[0], scales[0], zero(dtype, zeros[0])), seed)
        const b = fill(quantized(dtype, shapes[1], scales[1], zero(dtype, zeros[1])), seed + 1)
        const to = quantized(dtype, [], scales[2], zero(dtype, zeros[2]))
        const [zx, zy, zo] = [a, b, { type: to }].map(({ type }) => type.quant?.zeroPoint[0] ?? 0) as [
          number,
          number,
          number,
        ]
        const range = activationRange(activation, to)
        const sum = addRequant(a.type, b.type, to, activation)
        const left = 2 ** (dtype === 'i16' ? 15 : 20)
        const scaled = (q: number, z: number, m: typeof sum.a) => exact((q - z) * left, m)
        const product = mulRequant(a.type, b.type, to, activation)
        const rules: Partial<Record<OpName, (x: number, y: number) => number>> = {
          add: (x, y) => exact(scaled(x, zx, sum.a) + scaled(y, zy, sum.b), sum.output),
          sub: (x, y) => exact(scaled(x, zx, sum.a) - scaled(y, zy, sum.b), sum.output),
          mul: (x, y) => exact((x - zx) * (y - zy), product),
        }
        for (const [op, rule] of Object.entries(rules)) {
          const { type, data } = run(op as OpName, [a, b], to, { activation })
          const pairs = broadcastPairs(a, b, type.shape)
          expect(data).toEqual(pairs.map(([x, y]) => clampTo(rule(x, y) + zo, range)))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('are near the real sum, difference and product', () => {
    fc.assert(
      fc.property(dtype, seed, (dtype, seed) => {
        const s = dtype === 'i8' ? 1 / 64 : 1 / 16384
        const a = fill(quantized(dtype, [50], s, zero(dtype, 3)), seed)
        const b = fill(quantized(dtype, [50], s / 2, zero(dtype, -9)), seed + 1)
        const to = quantized(dtype, [], s * 4, zero(dtype, 5))
        const near = (op: OpName, real: (x: number, y: number) => number) => {
          const { type, data } = run(op, [a, b], to)
          data.forEach((_, i) => {
            const result = realOf({ type, data: Int16Array.from(data) }, i)
            expect(Math.abs(result - real(realOf(a, i), realOf(b, i)))).toBeLessThanOrEqual(s * 4 * 0.51)
          })
        }
        near('add', (x, y) => x + y)
        near('sub', (x, y) => x - y)
        near('mul', (x, y) => x * y)
      }),
      { numRuns: 20 },
    )
  })

  test('refuse shapes that do not broadcast', () => {
    const [a, b] = [quantized('i8', [2, 3], 1, 0), quantized('i8', [2], 1, 0)]
    expect(() => OPS.add.inferShape([a, b], {})).toThrow(/do not broadcast/)
  })
})

/** Element pairs in the output's order, by positions along axes. */
function broadcastPairs(
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
): readonly (readonly [number, number])[] {
  const total = shape.reduce((n, d) => n * d, 1)
  const pick = ({ type, data }: Tensor, flat: number) => {
    let rest = flat
    let index = 0
    let stride = 1
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const position = rest % (shape[axis] ?? 1)
      rest = Math.floor(rest / (shape[axis] ?? 1))
      const own = type.shape[axis - shape.length + type.shape.length] ?? 1
      index += (own === 1 ? 0 : position) * stride
      stride *= own
    }
    return Number(data[index])
  }
  return Array.from({ length: total }, (_, i) => [pick(a, i), pick(b, i)] as const)
}

describe('activations', () => {
  test('relu, relu6, leaky_relu and requantization follow their integer rules', () => {
    fc.assert(
      fc.property(
        fc.record({
          dtype,
          from: scale,
          to: scale,
          z: zeroPoint8,
          zo: zeroPoint8,
          seed,
          alpha: fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        }),
        (c) => {
          const x = fill(quantized(c.dtype, [300], c.from, zero(c.dtype, c.z)), c.seed)
          const to = quantized(c.dtype, [], c.to, zero(c.dtype, c.zo))
          const [z, zo] = [x.type.quant?.zeroPoint[0] ?? 0, to.quant?.zeroPoint[0] ?? 0]
          const each = (f: (q: number) => number) => Array.from(x.data as Int8Array, f)
          const whole = activationRange('none', to)
          for (const op of ['relu', 'relu6'] as const) {
            const r = reluRequant(x.type, to, op)
            expect(run(op, [x], to).data).toEqual(
              each((q) => clampTo(exact(q - z, r) + zo, activationRange(op, to))),
            )
          }
          const leaky = leakyReluRequant(x.type, to, c.alpha)
          expect(run('leaky_relu', [x], to, { alpha: c.alpha }).data).toEqual(
            each((q) => clampTo(exact(q - z, q >= z ? leaky.identity : leaky.slope) + zo, whole)),
          )
          const rescale = rescaleRequant(x.type, to)
          expect(run('quantize', [x], to).data).toEqual(
            each((q) => clampTo(exact(q - z, rescale) + zo, whole)),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('logistic and tanh are near the real functions', () => {
    const x8 = fill(quantized('i8', [256], 0.05, 10), 1)
    const near = (op: OpName, x: Tensor, to: TensorType, f: (v: number) => number, tolerance: number) => {
      const { type, data } = run(op, [x], to)
      const errors = data.map((_, i) =>
        Math.abs(realOf({ type, data: Int16Array.from(data) }, i) - f(realOf(x, i))),
      )
      expect(Math.max(...errors)).toBeLessThan(tolerance)
    }
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v))
    near('logistic', x8, quantized('i8', [], 1 / 256, -128), sigmoid, 1 / 256)
    near('tanh', x8, quantized('i8', [], 1 / 128, 0), Math.tanh, 1 / 128)
    const x16 = fill(quantized('i16', [500], 1 / 4096, 0), 2)
    near('logistic', x16, quantized('i16', [], 1 / 32768, 0), sigmoid, 4e-4)
    near('tanh', x16, quantized('i16', [], 1 / 32768, 0), Math.tanh, 8e-4)
    const swish = (v: number) => (v * Math.min(6, Math.max(0, v + 3))) / 6
    near('hard_swish', x8, quantized('i8', [], 0.06, -100), swish, 0.12)
  })
})

describe('softmax', () => {
  const near = (x: Tensor, to: TensorType, tolerance: number, beta: number) => {
    const { type, data } = run('softmax', [x], to, { beta })
    const depth = x.type.shape.at(-1) ?? 1
    for (let row = 0; row < data.length; row += depth) {
      const exps = Array.from({ length: depth }, (_, i) => Math.exp(beta * realOf(x, row + i)))
      const sum = exps.reduce((a, b) => a + b, 0)
      const result = { type, data: Int16Array.from(data) }
      exps.forEach((e, i) => {
        expect(Math.abs(realOf(result, row + i) - e / sum)).toBeLessThan(tolerance)
      })
    }
  }

  test('is near the real function, and its shares are complete', () => {
    fc.assert(
      fc.property(
        seed,
        size(12),
        fc.double({ min: 0.02, max: 0.3, noNaN: true }),
        fc.constantFrom(1, 0.5),
        (seed, depth, s, beta) => {
          near(
            fill(quantized('i8', [3, depth], s, 7), seed),
            quantized('i8', [], 1 / 256, -128),
            1 / 200,
            beta,
          )
          near(
            fill(quantized('i16', [3, depth], s / 256, 0), seed),
            quantized('i16', [], 1 / 32768, 0),
            2e-3,
            beta,
          )
        },
      ),
      { numRuns: 40 },
    )
  })

  test('of one element, of equal ones, and of one far above', () => {
    const to = quantized('i8', [], 1 / 256, -128)
    expect(run('softmax', [tensor(quantized('i8', [1], 0.1, 0), [5])], to).data).toEqual([127])
    expect(run('softmax', [tensor(quantized('i8', [4], 0.1, 0), [9, 9, 9, 9])], to).data).toEqual([
      -64, -64, -64, -64,
    ])
    expect(run('softmax', [tensor(quantized('i8', [2], 1, 0), [-128, 127])], to).data).toEqual([-128, 127])
  })
})

test('mean follows its integer rule', () => {
  const axes = fc.constantFrom<readonly number[]>([1, 2], [0], [3], [0, 1, 2, 3], [2, 1])
  fc.assert(
    fc.property(
      fc.record({
        dtype,
        from: scale,
        to: scale,
        z: zeroPoint8,
        zo: zeroPoint8,
        seed,
        axes,
        keep: fc.boolean(),
      }),
      (c) => {
        const shape = [2, 3, 5, 4]
        const x = fill(quantized(c.dtype, shape, c.from, zero(c.dtype, c.z)), c.seed)
        const to = quantized(c.dtype, [], c.to, zero(c.dtype, c.zo))
        const { type, data } = run('mean', [x], to, { axes: c.axes, keep_dims: c.keep })
        expect(type.shape).toEqual(
          c.keep
            ? shape.map((d, i) => (c.axes.includes(i) ? 1 : d))
            : shape.filter((_, i) => !c.axes.includes(i)),
        )
        const count = c.axes.reduce((n, axis) => n * (shape[axis] ?? 1), 1)
        const r = meanRequant(x.type, to, count)
        const sums = new Map<string, number>()
        Array.from(x.data as Int8Array).forEach((q, i) => {
          const position = [Math.floor(i / 60), Math.floor(i / 20) % 3, Math.floor(i / 4) % 5, i % 4]
          const key = position.map((p, axis) => (c.axes.includes(axis) ? 0 : p)).join()
          sums.set(key, (sums.get(key) ?? 0) + q)
        })
        const z = (x.type.quant?.zeroPoint[0] ?? 0) * count
        const [min, max] = activationRange('none', to)
        const expected = [...sums.values()].map((sum) =>
          clampTo(exact(sum - z, r) + (to.quant?.zeroPoint[0] ?? 0), [min, max]),
        )
        expect(data).toEqual(expected)
        // And it is the mean, but for half a step and what the first of two roundings adds.
        data.forEach((q, i) => {
          const real = (c.from * (([...sums.values()][i] ?? 0) - z)) / count
          const result = (to.quant?.scale[0] ?? 1) * (q - (to.quant?.zeroPoint[0] ?? 0))
          expect(q === min || q === max || Math.abs(result - real) <= c.to * 0.76).toBe(true)
        })
      },
    ),
    { numRuns: 60 },
  )
})

describe('pools', () => {
  const pool = fc.record({
    dtype,
    activation,
    seed,
    s: scale,
    z: zeroPoint8,
    batch: size(2),
    height: size(6),
    width: size(6),
    channels: size(5),
    kernel: fc.tuple(size(3), size(3)),
    stride: fc.tuple(size(3), size(3)),
    pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  })

  test('take the mean or the largest of what lies inside', () => {
    fc.assert(
      fc.property(pool, (c) => {
        const pads = c.pads.map((pad, side) => Math.min(pad, (c.kernel[side % 2] ?? 1) - 1))
        const [height, width] = [c.height + 2, c.width + 2]
        const type = quantized(c.dtype, [c.batch, height, width, c.channels], c.s, zero(c.dtype, c.z))
        const x = fill(type, c.seed)
        const attrs = { kernel: c.kernel, stride: c.stride, pads, activation: c.activation }
        const range = activationRange(c.activation, type)
        const windows = (shape: readonly number[]) => {
          const all: number[][] = []
          const [batch = 0, oh = 0, ow = 0] = shape
          for (let n = 0; n < batch; n++)
            for (let oy = 0; oy < oh; oy++)
              for (let ox = 0; ox < ow; ox++)
                for (let ch = 0; ch < c.channels; ch++) {
                  const inside: number[] = []
                  for (let ky = 0; ky < c.kernel[0]; ky++)
                    for (let kx = 0; kx < c.kernel[1]; kx++) {
                      const [iy, ix] = [
                        oy * c.stride[0] - (pads[0] ?? 0) + ky,
                        ox * c.stride[1] - (pads[1] ?? 0) + kx,
                      ]
                      if (iy >= 0 && iy < height && ix >= 0 && ix < width)
                        inside.push(Number(x.data[((n * height + iy) * width + ix) * c.channels + ch]))
                    }
                  all.push(inside)
                }
          return all
        }
        const mean = run('avg_pool2d', [x], type, attrs)
        expect(mean.data).toEqual(
          windows(mean.type.shape).map((w) =>
            clampTo(Number(divideHalfAway(BigInt(w.reduce((a, b) => a + b, 0)), BigInt(w.length))), range),
          ),
        )
        const largest = run('max_pool2d', [x], type, attrs)
        expect(largest.data).toEqual(windows(largest.type.shape).map((w) => clampTo(Math.max(...w), range)))
      }),
      { numRuns: 60 },
    )
  })
})

describe('quantize and dequantize', () => {
  test('round halves away from zero, saturate, and have an answer for every float', () => {
    const x: Tensor = {
      type: { dtype: 'f32', shape: [8] },
      data: Float32Array.of(0.25, -0.25, 1, -1e30, 1e30, Infinity, Number.NaN, -0.2),
    }
    expect(run('quantize', [x], quantized('i8', [], 0.5, 3)).data).toEqual([4, 2, 5, -128, 127, 127, 3, 3])
  })

  test('are inverse on quantized values', () => {
    fc.assert(
      fc.property(dtype, scale, zeroPoint8, seed, (dtype, s, z, seed) => {
        const q = fill(quantized(dtype, [100], s, zero(dtype, z)), seed)
        const real = OPS.dequantize.evaluate([q], { dtype: 'f32', shape: [100] }, {})
        expect(run('quantize', [{ type: { dtype: 'f32', shape: [100] }, data: real }], q.type).data).toEqual(
          Array.from(q.data as Int8Array),
        )
      }),
    )
  })
})
