/**
 * Files that are sound protobuf and make no sense otherwise: operators in each other's places, attributes and sizes far
 * out of range. Each is imported to a graph that makes sense or refused with diagnostics, at once and without an
 * exception.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verify } from '../../../ir/verifier.ts'
import { foldedOperators } from '../../../src/importers/onnx/fold.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { OPERATORS } from '../../../src/importers/onnx/operators/index.ts'
import { timed } from '../../text/timed.ts'
import { type AttributeValue, type FileNode, INT64, onnxFile, port, tensor } from '../onnx-file.ts'

const OPERATOR_NAMES = [...new Set([...Object.keys(OPERATORS), ...foldedOperators()])]
const INPUTS = ['x', 'signal', 'row', 'scalar', 'ints', 'weights', 'bytes', '']

/** What attributes are called, whatever the operator. */
const INT_NAMES = [
  'axis',
  'group',
  'keepdims',
  'ceil_mode',
  'blocksize',
  'to',
  'transA',
  'transB',
  'start',
  'end',
]
const LIST_NAMES = [
  'axes',
  'kernel_shape',
  'strides',
  'pads',
  'dilations',
  'perm',
  'split',
  'output_shape',
  'starts',
]

const number = fc.oneof(fc.integer({ min: -3, max: 9 }), fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 52, 255))
const attribute: fc.Arbitrary<readonly [string, AttributeValue]> = fc.oneof(
  fc.tuple(fc.constantFrom(...INT_NAMES), number),
  fc.tuple(fc.constantFrom(...LIST_NAMES), fc.array(number, { maxLength: 5 })),
  fc.tuple(fc.constantFrom('mode', 'auto_pad'), fc.constantFrom('linear', 'CRD', 'SAME_LOWER', 'VALID', '')),
  fc.tuple(
    fc.constantFrom('alpha', 'beta', 'epsilon', 'axis'),
    fc.record({ float: fc.constantFrom(0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY) }),
  ),
)

const node = (n: number): fc.Arbitrary<FileNode> =>
  fc
    .tuple(
      fc.constantFrom(...OPERATOR_NAMES),
      fc.array(
        fc.oneof(
          fc.constantFrom(...INPUTS),
          fc.nat(9).map((earlier) => `v${earlier % Math.max(1, n)}`),
        ),
        {
          minLength: 0,
          maxLength: 5,
        },
      ),
      fc.array(attribute, { maxLength: 2 }),
    )
    .map(([key, inputs, attributes]): FileNode => {
      const [op = '', domain = ''] = key.split('/').toReversed()
      return {
        op,
        domain: domain === 'qonnx' ? 'qonnx.custom_op.general' : domain,
        // The first node has nothing to read but the file's own values.
        inputs: n === 0 ? inputs.map((name) => (name === 'v0' ? 'x' : name)) : inputs,
        outputs: [`v${n}`],
        attributes: Object.fromEntries(attributes),
      }
    })

const file = fc
  .tuple(
    fc
      .integer({ min: 1, max: 4 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, n) => node(n)))),
    fc.array(number, { maxLength: 4 }),
    fc.constantFrom(7, 10, 12, 13, 18, 21),
  )
  .map(([nodes, ints, opset]) =>
    onnxFile({
      nodes,
      inputs: [port('x', [1, 4, 4, 4]), port('signal', [1, 4, 6]), port('row', [2, 4]), port('scalar', [])],
      outputs: [port(`v${nodes.length - 1}`, [])],
      initializers: [
        tensor('ints', [ints.length], ints, INT64),
        tensor(
          'weights',
          [4, 4, 1, 1],
          Array.from({ length: 16 }, (_, i) => i - 8),
        ),
        tensor('bytes', [4], [0, 1, 2, 3]),
      ],
      opset,
    }),
  )

test('whatever stands in a file', () => {
  const seen = { imported: 0, refused: new Set<string>() }
  fc.assert(
    fc.property(file, (bytes) => {
      const { result, cpuMs } = timed(() =>
        importOnnx(bytes, 'hostile.onnx', () => ({ ok: false, diagnostics: [] })),
      )
      expect(cpuMs).toBeLessThan(2000)
      if (result.ok) {
        seen.imported++
        expect(verify(result.value)).toEqual([])
        return
      }
      expect(result.diagnostics.length).toBeGreaterThan(0)
      for (const { code, span } of result.diagnostics) {
        expect(code).toMatch(/^(onnx|ir)\//)
        expect(span?.file).toBe('hostile.onnx')
        seen.refused.add(code)
      }
    }),
    { numRuns: 3000 },
  )
  expect(seen.imported).toBeGreaterThan(50)
  expect(seen.refused.size).toBeGreaterThan(6)
})
