import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { OPTIONS } from '../../src/importers/tflite/schema.ts'
import { timed } from '../text/timed.ts'
import { type ModelSketch, type OperatorSketch, type TensorSketch, tfliteFile } from './tflite-file.ts'

const x: TensorSketch = { type: 'INT8', shape: [1, 4], scale: 0.5, zeroPoint: 0, name: 'x' }
const y: TensorSketch = { ...x, name: 'y' }
const relu: OperatorSketch = { name: 'RELU', inputs: [0], outputs: [1] }
const ints = (...values: number[]): TensorSketch => ({
  type: 'INT32',
  shape: [values.length],
  data: new Uint8Array(Int32Array.from(values).buffer),
})

function refusal(sketch: Partial<ModelSketch>): readonly Diagnostic[] {
  const bytes = tfliteFile({ tensors: [x, y], operators: [relu], inputs: [0], outputs: [1], ...sketch })
  const result = importTflite(bytes, 'sketch.tflite')
  if (result.ok) throw new Error('the model was imported')
  for (const { span } of result.diagnostics) expect(span?.file).toBe('sketch.tflite')
  return result.diagnostics
}

/** A model whose one operator is ADD of x and the tensor. */
function withOperand(tensor: TensorSketch): Partial<ModelSketch> {
  const add: OperatorSketch = { name: 'ADD', inputs: [0, 2], outputs: [1], options: [OPTIONS.add, {}] }
  return { tensors: [x, y, tensor], operators: [add] }
}

test('the sketch itself is imported', () => {
  expect(
    importTflite(tfliteFile({ tensors: [x, y], operators: [relu], inputs: [0], outputs: [1] }), 'f').ok,
  ).toBe(true)
})

describe('tensors', () => {
  const constant: TensorSketch = { ...x, name: 'c', data: Uint8Array.of(1, 2, 3, 4) }
  const path = 'subgraph 0 / tensor 2 (c)'

  test.each<[code: string, change: Partial<TensorSketch>]>([
    ['data-size', { data: Uint8Array.of(1, 2, 3) }],
    ['bad-shape', { shape: [1, -1] }],
    ['bad-shape', { shape: [0] }],
    ['huge-shape', { shape: [65536, 65536, 2] }],
    ['bad-scale', { scale: 0 }],
    ['bad-scale', { scale: Number.NaN }],
    ['bad-scale', { scale: Number.POSITIVE_INFINITY }],
    ['bad-zero-point', { zeroPoint: 128 }],
    ['bad-zero-point', { scale: [1, 2, 3, 4], zeroPoint: [0, 0], axis: 1 }],
    ['bad-axis', { scale: [1, 2, 3], zeroPoint: 0, axis: 1 }],
    ['bad-axis', { scale: [1, 2, 3, 4], zeroPoint: 0, axis: 7 }],
    ['sparse-tensor', { fields: { sparsity: {} } }],
    ['external-buffer', { fields: { externalBuffer: 5 } }],
    ['variable-tensor', { fields: { isVariable: true } }],
    ['bad-index', { fields: { buffer: 9 } }],
    ['custom-quantization', { fields: { quantization: { scale: [1], zeroPoint: [0], detailsType: 1 } } }],
  ])('%s: %j', (code, change) => {
    const [diagnostic] = refusal(withOperand({ ...constant, ...change }))
    if (code === 'bad-index') expect(diagnostic?.code).toBe('tflite/undefined-tensor')
    else expect(diagnostic).toMatchObject({ code: `tflite/${code}`, span: { path } })
  })
})

describe('data after the tables, as in files over 2 GB', () => {
  const sketch = (offset: number): Partial<ModelSketch> => ({
    ...withOperand({ ...x, name: 'c', fields: { buffer: 1 } }),
    buffers: [{ offset, size: 4 }],
  })
  const whole = { tensors: [], operators: [], inputs: [0], outputs: [1] }
  const { length } = tfliteFile({ ...whole, ...sketch(64) })

  test('is read from the file', () => {
    const bytes = Buffer.concat([tfliteFile({ ...whole, ...sketch(length) }), Uint8Array.of(1, 2, 3, 255)])
    const result = importTflite(bytes, 'f')
    expect(result.ok && result.value.values.get('c')?.data).toEqual(Int8Array.of(1, 2, 3, -1))
  })

  test('is refused if it is not there', () => {
    expect(refusal(sketch(length))[0]).toMatchObject({
      code: 'tflite/external-buffer',
      span: { path: 'subgraph 0 / tensor 2 (c)' },
    })
  })
})

describe('operators', () => {
  test.each<[code: string, sketch: Partial<ModelSketch>, message: RegExp]>([
    ['unsupported-operator', { operators: [{ ...relu, name: 'IF' }] }, /1 of 1 operators/],
    ['unsupported-operator', { operators: [{ ...relu, name: 'CUSTOM:Mine' }] }, /1 of 1 operators/],
    ['unsupported-type', { tensors: [x, { ...y, type: 'FLOAT16' }] }, /element types/],
    ['bad-operator', { operators: [{ ...relu, outputs: [] }] }, /0 outputs/],
    ['bad-operator', { operators: [{ ...relu, outputs: [1, 1] }] }, /2 outputs/],
    ['bad-operator', { operators: [{ ...relu, inputs: [-1] }] }, /input 0 is missing/],
    ['bad-index', { operators: [{ ...relu, inputs: [7] }] }, /tensor 7 does not exist/],
    ['undefined-tensor', { inputs: [] }, /tensor 0 \(x\) before anything has computed it/],
    ['undefined-tensor', { operators: [] }, /tensor 1 \(y\) before/],
    ['defined-twice', { operators: [relu, relu] }, /writes subgraph 0 \/ tensor 1/],
    ['defined-twice', { inputs: [0, 0] }, /already/],
  ])('%s: %j', (code, sketch, message) => {
    const [diagnostic] = refusal(sketch)
    expect(diagnostic?.code).toBe(`tflite/${code}`)
    expect(diagnostic?.message).toMatch(message)
  })

  test('control flow is named as the reason', () => {
    expect(refusal({ operators: [{ ...relu, name: 'WHILE' }] })[0]?.hint).toContain('control flow')
  })

  test.each<[code: string, operator: OperatorSketch, operands: readonly TensorSketch[], message: RegExp]>([
    ['bad-option', conv({ strideW: 0 }), [w()], /stride/],
    ['bad-option', conv({ padding: 2 }), [w()], /padding 2/],
    ['unsupported-option', conv({ activation: 4 }), [w()], /TANH/],
    ['bad-operator', { ...conv({}), options: [OPTIONS.pool2d, {}] }, [w()], /not Conv2DOptions/],
    ['bad-shape', conv({}), [{ ...w(), shape: [1, 1] }], /rank 4/],
    [
      'dynamic-operand',
      { name: 'RESHAPE', inputs: [0, 2], outputs: [1] },
      [{ type: 'INT32', shape: [2] }],
      /new shape/,
    ],
    ['bad-shape', { name: 'RESHAPE', inputs: [0, 2], outputs: [1] }, [ints(3, -1)], /do not fit/],
    ['bad-option', { name: 'MEAN', inputs: [0, 2], outputs: [1] }, [ints(2)], /axis 2/],
    ['bad-slice', slice({}), [ints(0), ints(1), ints(0)], /do not fit/],
    ['unsupported-option', slice({ newAxisMask: 1 }), [ints(0), ints(1), ints(1)], /add an axis/],
  ])('%s: %j', (code, operator, operands, message) => {
    const image = operator.name === 'CONV_2D' ? { shape: [1, 2, 2, 1] } : {}
    const tensors = [{ ...x, ...image }, { ...y, ...image }, ...operands]
    const [diagnostic] = refusal({ tensors, operators: [operator] })
    expect(diagnostic?.code).toBe(`tflite/${code}`)
    expect(diagnostic?.message).toMatch(message)
    expect(diagnostic?.span?.path).toBe(`subgraph 0 / operator 0 (${operator.name})`)
  })

  test('16-bit sums that TFLite would compute by shifts', () => {
    const short = (name: string, scale: number): TensorSketch => ({ ...x, type: 'INT16', name, scale })
    const sum = (powerOfTwoScaleInt16: boolean | undefined, scale: number) => {
      const options = powerOfTwoScaleInt16 === undefined ? {} : { powerOfTwoScaleInt16 }
      const operator: OperatorSketch = {
        name: 'ADD',
        inputs: [0, 1],
        outputs: [2],
        options: [OPTIONS.add, options],
      }
      const tensors = [short('a', 2 ** -10), short('b', 2 ** -12), short('c', scale)]
      return importTflite(tfliteFile({ tensors, operators: [operator], inputs: [0, 1], outputs: [2] }), 'f')
    }
    for (const flag of [undefined, true]) {
      for (const scale of [2 ** -10, 2 ** -10 * 1.0002]) {
        expect(sum(flag, scale)).toMatchObject({
          ok: false,
          diagnostics: [{ code: 'tflite/unsupported-option' }],
        })
      }
      expect(sum(flag, 0.001).ok).toBe(true)
    }
    expect(sum(false, 2 ** -10).ok).toBe(true)
  })

  function w(): TensorSketch {
    return { ...x, shape: [1, 1, 1, 1], data: Uint8Array.of(1) }
  }
  function conv(options: object): OperatorSketch {
    const all = { padding: 1, strideW: 1, strideH: 1, ...options }
    return { name: 'CONV_2D', inputs: [0, 2, -1], outputs: [1], options: [OPTIONS.conv2d, all] }
  }
  function slice(options: object): OperatorSketch {
    return {
      name: 'STRIDED_SLICE',
      inputs: [0, 2, 3, 4],
      outputs: [1],
      options: [OPTIONS.stridedSlice, { ...options }],
    }
  }
})

describe('names', () => {
  test('are made unique, and never taken from a tensor that has them', () => {
    const sketch = {
      tensors: [x, { ...x }, { ...x, name: 'x_2' }, { ...x, name: '' }],
      operators: [0, 1, 2].map((i): OperatorSketch => ({ name: 'RELU', inputs: [i], outputs: [i + 1] })),
      inputs: [0],
      outputs: [3],
    }
    const result = importTflite(tfliteFile(sketch), 'f')
    expect(result.ok && result.value.nodes.map((node) => node.outputs[0])).toEqual(['x_3', 'x_2', 't3'])
  })
})

describe('damaged files', () => {
  const good = tfliteFile({ tensors: [x, y], operators: [relu], inputs: [0], outputs: [1] })

  /** The good file with a change to its root table, given the places of that and of its vtable. */
  function changed(change: (view: DataView, root: number, vtable: number) => void): Uint8Array {
    const copy = good.slice()
    const view = new DataView(copy.buffer)
    const root = view.getUint32(0, true)
    change(view, root, root - view.getInt32(root, true))
    return copy
  }
  const FIRST_FIELD = 4

  test.each<[code: string, bytes: Uint8Array]>([
    [
      'tflite/schema-version',
      changed((view, root, vtable) =>
        view.setUint32(root + view.getUint16(vtable + FIRST_FIELD, true), 2, true),
      ),
    ],
    [
      'tflite/no-subgraph',
      changed((view, _, vtable) => view.setUint16(vtable + FIRST_FIELD + 2 * 2, 0, true)),
    ],
    ['tflite/corrupt', changed((view, _, vtable) => view.setUint16(vtable + FIRST_FIELD, 999, true))],
    ['tflite/corrupt', changed((view, _, vtable) => view.setUint16(vtable, 3, true))],
    ['tflite/truncated', changed((view) => view.setUint32(0, 2 ** 31, true))],
    ['tflite/not-tflite', good.subarray(1)],
  ])('%s', (code, bytes) => {
    expect(importTflite(bytes, 'damaged.tflite')).toMatchObject({ ok: false, diagnostics: [{ code }] })
  })

  test.each([0, 4, 7, 8, 20, 100, good.length - 1])('cut off after %i bytes', (length) => {
    const result = importTflite(good.subarray(0, length), 'cut.tflite')
    if (result.ok) throw new Error('imported')
    expect(result.diagnostics[0]?.code).toMatch(/^tflite\/(not-tflite|truncated|corrupt|no-subgraph)$/)
  })

  test('tables that contain one another over and over are refused at once', () => {
    // One subgraph table, named a million times.
    const bytes = new Uint8Array(4_000_100)
    const view = new DataView(bytes.buffer)
    const put16 = (at: number, ...values: number[]) => {
      for (const [i, value] of values.entries()) view.setUint16(at + 2 * i, value, true)
    }
    view.setUint32(0, 32, true)
    bytes.set(new TextEncoder().encode('TFL3'), 4)
    put16(8, 10, 8, 0, 0, 4) // vtable of Model: subgraphs at 4
    put16(18, 4, 4) // vtable of SubGraph: no fields
    view.setInt32(32, 32 - 8, true)
    view.setUint32(36, 44 - 36, true)
    view.setInt32(24, 24 - 18, true) // the SubGraph
    view.setUint32(44, 1_000_000, true)
    // Offsets are unsigned, so what they lead to comes after them: one more SubGraph at the end.
    const subgraph = 48 + 4 * 1_000_000
    view.setInt32(subgraph, subgraph - 18, true)
    for (let i = 0; i < 1_000_000; i++) view.setUint32(48 + 4 * i, subgraph - (48 + 4 * i), true)
    const { result, cpuMs } = timed(() => importTflite(bytes, 'crafted.tflite'))
    expect(cpuMs).toBeLessThan(2000)
    expect(result.ok).toBe(false)
  })
})
