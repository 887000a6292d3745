/** QONNX's quantizers against their definitions, of computed values and of constants. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { importOnnx } from '../../src/importers/onnx/index.ts'
import { type AttributeValue, onnxFile, port, tensor } from './onnx-file.ts'

const { fround } = Math
const DOMAINS = ['qonnx.custom_op.general', 'onnx.brevitas', 'finn.custom_op.general']

/** What an operator with these constant operands makes of a vector, which is an input of the model or a constant. */
function run(
  op: string,
  values: readonly number[],
  operands: readonly number[],
  attributes: Readonly<Record<string, AttributeValue>>,
  domain = DOMAINS[0] ?? '',
  isConstant = false,
): readonly number[] {
  const names = operands.map((_, n) => `operand ${n}`)
  const quantizer = { op, inputs: [isConstant ? 'c' : 'x', ...names], outputs: ['q'], attributes, domain }
  const size = [1, values.length]
  const file = onnxFile({
    // A sum with the input, so that the result is computed either way.
    nodes: [
      quantizer,
      { op: 'Mul', inputs: ['x', 'zero'], outputs: ['nothing'] },
      { op: 'Add', inputs: ['q', 'nothing'], outputs: ['y'] },
    ],
    inputs: [port('x', size)],
    outputs: [port('y', size)],
    initializers: [
      ...operands.map((value, n) => tensor(names[n] ?? '', [], [value])),
      tensor('zero', [], [0]),
      ...(isConstant ? [tensor('c', size, values)] : []),
    ],
  })
  const graph = unwrap(importOnnx(file, 'q.onnx', () => ({ ok: false, diagnostics: [] })))
  return [...(createInterpreter(graph).run([Float32Array.from(values)])[0] as Float32Array)]
}

function halfToEven(x: number): number {
  const floor = Math.floor(x)
  if (x - floor !== 0.5) return Math.round(x)
  return floor % 2 === 0 ? floor : floor + 1
}

const scales = fc.constantFrom(1, 0.5, 0.25, 0.1, 1 / 3, 0.0078125).map(fround)
/** Multiples of half a scale are the hard ones. */
const halves = fc.array(fc.integer({ min: -600, max: 600 }), { minLength: 5, maxLength: 40 })

describe.each([false, true])('of a constant: %s', (isConstant) => {
  test('Quant', () => {
    fc.assert(
      fc.property(
        halves,
        scales,
        fc.integer({ min: 2, max: 8 }),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(...DOMAINS),
        (steps, scale, bits, signed, narrow, domain) => {
          const values = steps.map((n) => fround((n / 2) * scale))
          const attributes = { signed: Number(signed), narrow: Number(narrow), rounding_mode: 'ROUND' }
          const [min, max] = signed
            ? [-(2 ** (bits - 1)) + Number(narrow), 2 ** (bits - 1) - 1]
            : [0, 2 ** bits - 1 - Number(narrow)]
          const expected = values.map((x) => {
            const q = halfToEven(Math.max(min, Math.min(max, fround(x / scale))))
            return fround(q * scale) + 0
          })
          expect(run('Quant', values, [scale, 0, bits], attributes, domain, isConstant)).toEqual(expected)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('BipolarQuant', () => {
    const values = [-2, -0.001, 0, -0, 0.001, 7]
    expect(run('BipolarQuant', values, [0.5], {}, DOMAINS[1], isConstant)).toEqual([
      -0.5, -0.5, 0.5, 0.5, 0.5, 0.5,
    ])
  })
})

test('Trunc keeps the upper bits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -60, max: 250 }), { minLength: 1, maxLength: 20 }),
      scales,
      fc.integer({ min: 1, max: 4 }),
      (integers, scale, less) => {
        const values = integers.map((q) => fround(q * scale))
        const bits = 8 - less
        const expected = integers.map((q) => fround(Math.floor(q / 2 ** less) * scale) + 0)
        expect(run('Trunc', values, [scale, 0, 8, bits], {})).toEqual(expected)
      },
    ),
    { numRuns: 100 },
  )
})

test.each<[string, readonly number[], Readonly<Record<string, AttributeValue>>, RegExp]>([
  ['more than 8 bits', [1, 0, 16], {}, /from -32768 to 32767 do not fit 8 bits/],
  ['a zero point between integers', [1, 0.5, 4], {}, /zero point 0.5/],
  ['rounding towards zero', [1, 0, 4], { rounding_mode: 'ROUND_TO_ZERO' }, /rounding by ROUND_TO_ZERO/],
])('%s is refused', (_, operands, attributes, expected) => {
  expect(() => run('Quant', [1], operands, attributes)).toThrow(expected)
})
