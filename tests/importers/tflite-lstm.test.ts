/** UNIDIRECTIONAL_SEQUENCE_LSTM: against a plain definition, on every backend, and what of it is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTarget, presetYaml } from '../../backends/trellis/target.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { elementCount } from '../../ir/tensor.ts'
import type { LstmGate as Gate } from '../../src/importers/recurrent/lstm.ts'
import { MOST_STEPS } from '../../src/importers/recurrent/unrolling.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { ACTIVATIONS } from '../../src/importers/tflite/names.ts'
import { OPTIONS } from '../../src/importers/tflite/schema.ts'
import { optimize } from '../../src/pipeline.ts'
import { cases } from '../laws/long-run.ts'
import { checkOnTrellis } from '../laws/trellis-law.ts'
import { fill } from '../ops/tensors.ts'
import { checkOnWasm } from '../wasm/wasm-law.ts'
import { naiveLstm } from './naive-recurrent.ts'
import { type ModelSketch, type TensorSketch, tfliteFile } from './tflite-file.ts'

/** Numbers from -1 to 1 that depend on the seed only. */
function reals(count: number, seed: number): Float32Array {
  const { data } = fill({ dtype: 'i8', shape: [count] }, seed)
  return Float32Array.from(data as Int8Array, (n) => n / 128)
}

interface Sizes {
  readonly batch: number
  readonly steps: number
  readonly inputs: number
  readonly units: number
}

interface Layer extends Sizes {
  readonly timeMajor: boolean
  readonly activation: string
  /** 0 for none. */
  readonly cellClip: number
  /** The input gate is the forget gate's complement. */
  readonly isCoupled: boolean
  readonly hasPeepholes: boolean
  readonly seed: number
}

const layers: fc.Arbitrary<Layer> = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  steps: fc.integer({ min: 1, max: 6 }),
  inputs: fc.integer({ min: 1, max: 5 }),
  units: fc.integer({ min: 1, max: 9 }),
  timeMajor: fc.boolean(),
  activation: fc.constantFrom('TANH', 'RELU', 'RELU6', 'NONE'),
  cellClip: fc.constantFrom(0, 0.3),
  isCoupled: fc.boolean(),
  hasPeepholes: fc.boolean(),
  seed: fc.nat({ max: 10_000 }),
})

const PLAIN: Layer = {
  ...{ batch: 1, steps: 2, inputs: 3, units: 4, timeMajor: false, activation: 'TANH', cellClip: 0 },
  ...{ isCoupled: false, hasPeepholes: false, seed: 1 },
}

function gatesOf({ units, inputs, hasPeepholes, isCoupled, seed }: Layer) {
  const gate = (n: number, sees: boolean): Gate => ({
    input: reals(units * inputs, seed + n),
    recurrent: reals(units * units, seed + n + 1),
    bias: reals(units, seed + n + 2),
    ...(sees && { peephole: reals(units, seed + n + 3) }),
  })
  return {
    ...(!isCoupled && { inputGate: gate(0, hasPeepholes) }),
    forgetGate: gate(10, hasPeepholes),
    cellGate: gate(20, false),
    outputGate: gate(30, hasPeepholes),
  }
}

const bytes = ({ buffer }: Float32Array) => new Uint8Array(buffer as ArrayBuffer)
const constant = (shape: readonly number[], data: Float32Array): TensorSketch => ({
  type: 'FLOAT32',
  shape,
  data: bytes(data),
})

/** A model of the layer alone; `changed` replaces inputs of its operator, by their position. */
function sketch(
  layer: Layer,
  changed: Readonly<Record<number, TensorSketch>> = {},
  options: Readonly<Record<string, unknown>> = {},
): ModelSketch {
  const { batch, steps, inputs, units, timeMajor } = layer
  const { inputGate, forgetGate, cellGate, outputGate } = gatesOf(layer)
  const shape = (features: number) => (timeMajor ? [steps, batch, features] : [batch, steps, features])
  const state: TensorSketch = { type: 'FLOAT32', shape: [batch, units], fields: { isVariable: true } }
  const at = new Map<number, TensorSketch>([
    [0, { type: 'FLOAT32', shape: shape(inputs), name: 'x' }],
    [18, { ...state, name: 'hidden' }],
    [19, { ...state, name: 'cell' }],
  ])
  ;[inputGate, forgetGate, cellGate, outputGate].forEach((gate, n) => {
    if (!gate) return
    at.set(1 + n, constant([units, inputs], gate.input))
    at.set(5 + n, constant([units, units], gate.recurrent))
    at.set(12 + n, constant([units], gate.bias))
    // Cells do not see themselves.
    if (gate.peephole) at.set(n === 3 ? 11 : 9 + n, constant([units], gate.peephole))
  })
  for (const [position, tensor] of Object.entries(changed)) at.set(Number(position), tensor)
  const positions = [...at.keys()]
  const operator = {
    name: 'UNIDIRECTIONAL_SEQUENCE_LSTM',
    inputs: Array.from({ length: 24 }, (_, n) => positions.indexOf(n)),
    outputs: [positions.length],
    options: [
      OPTIONS.sequenceLstm,
      {
        activation: ACTIVATIONS.findIndex(({ name }) => name === layer.activation),
        cellClip: layer.cellClip,
        timeMajor,
        ...options,
      },
    ] as const,
  }
  return {
    tensors: [...at.values(), { type: 'FLOAT32', shape: shape(units), name: 'y' }],
    operators: [operator],
    inputs: [0],
    outputs: [positions.length],
  }
}

function imported(layer: Layer): Graph {
  return unwrap(importTflite(tfliteFile(sketch(layer)), 'lstm.tflite'))
}

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  TANH: Math.tanh,
  RELU: (x) => Math.max(x, 0),
  RELU6: (x) => Math.min(Math.max(x, 0), 6),
  NONE: (x) => x,
}

/** As the file's result has it. */
function expected(layer: Layer, x: Float32Array): readonly number[] {
  const { batch, steps, inputs, units, timeMajor, cellClip } = layer
  const row = (sequence: number, step: number) =>
    timeMajor ? step * batch + sequence : sequence * steps + step
  const y = Array<number>(batch * steps * units)
  for (let sequence = 0; sequence < batch; sequence++) {
    const sequences = Array.from({ length: steps }, (_, step) =>
      Array.from(x.subarray(row(sequence, step) * inputs, (row(sequence, step) + 1) * inputs)),
    )
    const zeros = Array<number>(units).fill(0)
    const naive = {
      ...gatesOf(layer),
      hidden: zeros,
      cells: zeros,
      activation: must(FUNCTIONS[layer.activation], layer.activation),
      cellClip: cellClip || Infinity,
    }
    naiveLstm(naive, sequences).forEach(({ hidden }, step) => {
      y.splice(row(sequence, step) * units, units, ...hidden)
    })
  }
  return y
}

describe('a layer', () => {
  test('gives what the plain definition gives', () => {
    fc.assert(
      fc.property(layers, (layer) => {
        const x = reals(elementCount([layer.batch, layer.steps, layer.inputs]), layer.seed + 99)
        const [y] = createInterpreter(imported(layer)).run([x])
        const wanted = expected(layer, x)
        const largest = Math.max(1, ...wanted.map(Math.abs))
        expect(y).toHaveLength(wanted.length)
        wanted.forEach((value, n) => {
          expect(Math.abs(Number(y?.[n]) - value), `element ${n}`).toBeLessThan(1e-5 * largest)
        })
      }),
      cases(200),
    )
  })

  test('is the same to the bit on every backend', async () => {
    const target = unwrap(parseTarget(presetYaml('trellis-16'), 'target'))
    await fc.assert(
      fc.asyncProperty(layers, async (layer) => {
        const graph = imported(layer)
        await checkOnWasm(optimize(graph), layer.seed)
        expect(checkOnTrellis(graph, target, layer.seed)).toBe('exact')
      }),
      cases(15),
    )
  })

  test('starts each inference from zeros', () => {
    const interpreter = createInterpreter(imported(PLAIN))
    const x = reals(6, 7)
    expect(interpreter.run([x])).toEqual(interpreter.run([x]))
  })

  test('has names that no tensor of the file has', () => {
    const model = sketch(PLAIN)
    const tensors = model.tensors.map((tensor, n) =>
      n === 1 ? { ...tensor, name: 'y step 0 sums' } : tensor,
    )
    const graph = unwrap(importTflite(tfliteFile({ ...model, tensors }), 'lstm.tflite'))
    expect(graph.nodes.flatMap(({ outputs }) => outputs)).toContain('y step 0 sums 2')
  })
})

describe('refusals', () => {
  const units = constant([4], new Float32Array(4))
  const square = constant([4, 4], new Float32Array(16))
  const computed: TensorSketch = { type: 'FLOAT32', shape: [4, 3], name: 'weights' }

  test.each<[code: string, message: RegExp, model: ModelSketch]>([
    ['unsupported-option', /a projection/, sketch(PLAIN, { 16: square })],
    ['unsupported-option', /layer normalization/, sketch(PLAIN, { 21: units })],
    ['unsupported-option', /on the diagonal/, sketch(PLAIN, {}, { diagonalRecurrentTensors: true })],
    ['unsupported-option', /SIGN_BIT/, sketch({ ...PLAIN, activation: 'SIGN_BIT' })],
    ['unsupported-option', /257 steps/, sketch({ ...PLAIN, steps: MOST_STEPS + 1 })],
    ['bad-option', /cell clip is -1/, sketch({ ...PLAIN, cellClip: -1 })],
    ['bad-option', /cell clip is NaN/, sketch({ ...PLAIN, cellClip: Number.NaN })],
    ['bad-shape', /is not a batch of sequences/, sketch(PLAIN, { 0: { type: 'FLOAT32', shape: [1, 6] } })],
    ['bad-shape', /input weights of its cell gate has/, sketch(PLAIN, { 3: square })],
    ['bad-shape', /recurrent weights of its input gate/, sketch(PLAIN, { 5: units })],
    ['bad-shape', /bias of its forget gate/, sketch(PLAIN, { 13: square })],
    ['bad-shape', /peephole of its output gate/, sketch(PLAIN, { 11: square })],
    ['bad-operator', /input 19 is not a variable/, sketch(PLAIN, { 19: units })],
    ['bad-operator', /input 1 is missing/, without(sketch(PLAIN), 1)],
    ['bad-operator', /input 15 is missing/, without(sketch(PLAIN), 15)],
    ['dynamic-operand', /input weights of the forget gate is computed/, sketch(PLAIN, { 2: computed })],
    ['unsupported-type', /element types/, sketch(PLAIN, { 2: { type: 'INT8', shape: [4, 3], scale: 1 } })],
  ])('%s: %s', (code, message, model) => {
    const result = importTflite(tfliteFile(model), 'lstm.tflite')
    expect(result).toMatchObject({
      ok: false,
      diagnostics: [
        {
          code: `tflite/${code}`,
          message: expect.stringMatching(message),
          span: { path: 'subgraph 0 / operator 0 (UNIDIRECTIONAL_SEQUENCE_LSTM)' },
        },
      ],
    })
  })

  function without(model: ModelSketch, position: number): ModelSketch {
    const operators = model.operators.map((operator) => ({
      ...operator,
      inputs: operator.inputs.with(position, -1),
    }))
    return { ...model, operators }
  }

  test('a state of two layers', () => {
    const { tensors, operators, ...model } = sketch(PLAIN)
    const [first] = operators
    if (!first) throw new Error('no operator')
    const second = { ...first, outputs: [tensors.length] }
    const both = { ...model, tensors: [...tensors, must(tensors.at(-1), 'y')], operators: [first, second] }
    expect(importTflite(tfliteFile(both), 'lstm.tflite')).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'tflite/defined-twice', message: expect.stringContaining('(hidden)') }],
    })
  })
})
