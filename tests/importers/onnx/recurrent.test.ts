/** LSTM, GRU and RNN against plain definitions, on every backend, and what of them is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { must, unwrap } from '../../../ir/diagnostic.ts'
import { type Graph, typeOf } from '../../../ir/graph.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { MOST_STEPS } from '../../../src/importers/recurrent/unrolling.ts'
import { optimize } from '../../../src/pipeline.ts'
import { cases } from '../../laws/long-run.ts'
import { fill } from '../../ops/tensors.ts'
import { checkOnWasm } from '../../wasm/wasm-law.ts'
import { naiveGru, naiveLstm, naiveRnn } from '../naive-recurrent.ts'
import { type AttributeValue, INT32, onnxFile, port, tensor } from '../onnx-file.ts'

const GATES = { LSTM: 4, GRU: 3, RNN: 1 }

interface Layer {
  readonly op: keyof typeof GATES
  readonly steps: number
  readonly batch: number
  readonly inputs: number
  readonly units: number
  readonly direction: 'forward' | 'reverse' | 'bidirectional'
  readonly layout: number
  readonly activation: 'Tanh' | 'Relu'
  readonly linearBeforeReset: number
  readonly hasBiases: boolean
  readonly hasPeepholes: boolean
  readonly initial: 'none' | 'constant' | 'computed'
  readonly seed: number
}

const layers: fc.Arbitrary<Layer> = fc.record({
  op: fc.constantFrom('LSTM', 'GRU', 'RNN'),
  steps: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 3 }),
  inputs: fc.integer({ min: 1, max: 4 }),
  units: fc.integer({ min: 1, max: 5 }),
  direction: fc.constantFrom('forward', 'reverse', 'bidirectional'),
  layout: fc.constantFrom(0, 1),
  activation: fc.constantFrom('Tanh', 'Relu'),
  linearBeforeReset: fc.constantFrom(0, 1),
  hasBiases: fc.boolean(),
  hasPeepholes: fc.boolean(),
  initial: fc.constantFrom('none', 'constant', 'computed'),
  seed: fc.nat({ max: 10_000 }),
})

/** Numbers from -1 to 1 that depend on the seed only. */
function reals(count: number, seed: number): Float32Array {
  const { data } = fill({ dtype: 'i8', shape: [count] }, seed)
  return Float32Array.from(data as Int8Array, (n) => n / 128)
}

function directionsOf({ direction }: Layer): readonly boolean[] {
  return direction === 'bidirectional' ? [false, true] : [direction === 'reverse']
}

/** Elements of the node's inputs, by their names in ONNX; those that it has not are zeros. */
function elementsOf(layer: Layer) {
  const { op, steps, batch, inputs, units, seed, hasBiases, hasPeepholes, initial } = layer
  const directions = directionsOf(layer).length
  const rows = directions * GATES[op] * units
  const perhaps = (isThere: boolean, count: number, n: number) =>
    isThere ? reals(count, seed + n) : new Float32Array(count)
  return {
    X: reals(steps * batch * inputs, seed),
    W: reals(rows * inputs, seed + 1),
    R: reals(rows * units, seed + 2),
    B: perhaps(hasBiases, 2 * rows, 3),
    P: perhaps(hasPeepholes, 3 * directions * units, 4),
    initial_h: perhaps(initial !== 'none', directions * batch * units, 5),
    initial_c: perhaps(initial !== 'none', directions * batch * units, 6),
  }
}

function attributesOf(layer: Layer): Readonly<Record<string, AttributeValue>> {
  const { op, units, direction, layout, activation, linearBeforeReset } = layer
  const ofOne = { LSTM: ['Sigmoid', activation, activation], GRU: ['Sigmoid', activation], RNN: [activation] }
  return {
    hidden_size: units,
    direction,
    layout,
    activations: { strings: directionsOf(layer).flatMap(() => ofOne[op]) },
    ...(op === 'GRU' && { linear_before_reset: linearBeforeReset }),
  }
}

function outputShapes(layer: Layer): Readonly<Record<string, readonly number[]>> {
  const { op, steps, batch, units, layout } = layer
  const directions = directionsOf(layer).length
  const last = layout === 1 ? [batch, directions, units] : [directions, batch, units]
  const all = layout === 1 ? [batch, steps, directions, units] : [steps, directions, batch, units]
  return { Y: all, Y_h: last, ...(op === 'LSTM' && { Y_c: last }) }
}

function fileOf(
  layer: Layer,
  attributes = attributesOf(layer),
  changed: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  const { op, steps, batch, inputs, units, layout, hasBiases, hasPeepholes, initial } = layer
  const directions = directionsOf(layer).length
  const rows = GATES[op] * units
  const elements = elementsOf(layer)
  const first = layout === 1 ? [batch, steps] : [steps, batch]
  const state = layout === 1 ? [batch, directions, units] : [directions, batch, units]
  const shapes = {
    W: [directions, rows, inputs],
    R: [directions, rows, units],
    ...(hasBiases && { B: [directions, 2 * rows] }),
    ...(hasPeepholes && op === 'LSTM' && { P: [directions, 3 * units] }),
    ...(initial === 'constant' && { initial_h: state, ...(op === 'LSTM' && { initial_c: state }) }),
  }
  const computed = initial !== 'computed' ? [] : op === 'LSTM' ? ['initial_h', 'initial_c'] : ['initial_h']
  const constants = new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      tensor(name, shape, [...elements[name as keyof typeof elements]]),
    ]),
  )
  for (const [name, bytes] of Object.entries(changed)) constants.set(name, bytes)
  const isThere = (name: string) => name === 'X' || constants.has(name) || computed.includes(name)
  const names = [
    'X',
    'W',
    'R',
    'B',
    'sequence_lens',
    'initial_h',
    ...(op === 'LSTM' ? ['initial_c', 'P'] : []),
  ]
  const outputs = outputShapes(layer)
  return onnxFile({
    nodes: [
      {
        op,
        inputs: names.map((name) => (isThere(name) ? name : '')),
        outputs: Object.keys(outputs),
        attributes,
      },
    ],
    inputs: [port('X', [...first, inputs]), ...computed.map((name) => port(name, state))],
    outputs: Object.entries(outputs).map(([name, shape]) => port(name, shape)),
    initializers: [...constants.values()],
  })
}

const nothing = () => ({ ok: false, diagnostics: [] }) as const

function imported(layer: Layer): Graph {
  return unwrap(importOnnx(fileOf(layer), 'layer.onnx', nothing))
}

function inputsOf(layer: Layer, graph: Graph): readonly Float32Array[] {
  const elements = elementsOf(layer)
  return graph.inputs.map((id) => elements[id as 'X'])
}

/** The states after each step of one sequence in one direction, which starts at `x`'s first one. */
function naive(
  layer: Layer,
  direction: number,
  x: readonly number[][],
  hidden: number[],
  cells: number[],
): readonly { readonly hidden: readonly number[]; readonly cells?: readonly number[] }[] {
  const { op, inputs, units, activation, linearBeforeReset } = layer
  const { W, R, B, P } = elementsOf(layer)
  const gates = GATES[op]
  const run = (data: Float32Array, size: number, n: number) => data.subarray(n * size, (n + 1) * size)
  const bias = (n: number) => run(B, units, 2 * gates * direction + n)
  const gate = (n: number) => ({
    input: run(W, units * inputs, gates * direction + n),
    recurrent: run(R, units * units, gates * direction + n),
    bias: bias(n).map((b, unit) => b + (bias(gates + n)[unit] ?? 0)),
  })
  const f = activation === 'Tanh' ? Math.tanh : (value: number) => Math.max(value, 0)
  if (op === 'RNN') {
    return naiveRnn({ gate: gate(0), activation: f, hidden }, x).map((states) => ({ hidden: states }))
  }
  if (op === 'GRU') {
    const gru = {
      updateGate: gate(0),
      resetGate: gate(1),
      newGate: { ...gate(2), bias: bias(2) },
      newRecurrentBias: bias(5),
      resetsSums: linearBeforeReset === 1,
      activation: f,
      hidden,
    }
    return naiveGru(gru, x).map((states) => ({ hidden: states }))
  }
  const seeing = (n: number) => ({ ...gate(n), peephole: run(P, units, 3 * direction + n) })
  const [inputGate, outputGate, forgetGate] = [seeing(0), seeing(1), seeing(2)]
  const gatesOfAll = { inputGate, outputGate, forgetGate, cellGate: gate(3) }
  return naiveLstm({ ...gatesOfAll, activation: f, cellClip: Infinity, hidden, cells }, x)
}

/** Y, Y_h and Y_c, element by element of X's sequences, as ONNX lays them out. */
function expected(layer: Layer): readonly (readonly number[])[] {
  const { steps, batch, inputs, units, layout } = layer
  const { X, initial_h, initial_c } = elementsOf(layer)
  const reversed = directionsOf(layer)
  const directions = reversed.length
  const y = Array<number>(steps * directions * batch * units)
  const last = Array<number>(directions * batch * units)
  const lastCells = Array<number>(directions * batch * units)
  for (let b = 0; b < batch; b++) {
    reversed.forEach((isReversed, d) => {
      const at = (layout === 1 ? b * directions + d : d * batch + b) * units
      const x = Array.from({ length: steps }, (_, t) => {
        const row = layout === 1 ? b * steps + t : t * batch + b
        return [...X.subarray(row * inputs, (row + 1) * inputs)]
      })
      const start = (data: Float32Array) => [...data.subarray(at, at + units)]
      const states = naive(layer, d, isReversed ? x.toReversed() : x, start(initial_h), start(initial_c))
      states.forEach(({ hidden }, n) => {
        const t = isReversed ? steps - 1 - n : n
        const row = layout === 1 ? (b * steps + t) * directions + d : (t * directions + d) * batch + b
        y.splice(row * units, units, ...hidden)
      })
      last.splice(at, units, ...must(states.at(-1), 'a step').hidden)
      lastCells.splice(at, units, ...(states.at(-1)?.cells ?? []))
    })
  }
  return layer.op === 'LSTM' ? [y, last, lastCells] : [y, last]
}

test('layers give what the plain definitions give', () => {
  fc.assert(
    fc.property(layers, (layer) => {
      const graph = imported(layer)
      const shapes = graph.outputs.map((id) => [id, typeOf(graph, id).shape])
      expect(Object.fromEntries(shapes)).toEqual(outputShapes(layer))
      const outputs = createInterpreter(graph).run(inputsOf(layer, graph))
      expected(layer).forEach((wanted, n) => {
        const largest = Math.max(1, ...wanted.map(Math.abs))
        expect(outputs[n]).toHaveLength(wanted.length)
        wanted.forEach((value, i) => {
          const given = Number(outputs[n]?.[i])
          expect(Math.abs(given - value), `element ${i} of output ${n}`).toBeLessThan(1e-5 * largest)
        })
      })
    }),
    cases(300),
  )
})

test('modules give the interpreter’s bits', async () => {
  await fc.assert(
    fc.asyncProperty(layers, async (layer) => {
      const graph = imported(layer)
      await checkOnWasm(optimize(graph), layer.seed, [inputsOf(layer, graph)])
    }),
    cases(15),
  )
})

const PLAIN: Layer = {
  ...{ op: 'LSTM', steps: 2, batch: 1, inputs: 2, units: 3, direction: 'forward', layout: 0, seed: 1 },
  ...{ activation: 'Tanh', linearBeforeReset: 0, hasBiases: true, hasPeepholes: false, initial: 'none' },
}

test('sequences that are all as long as the tensor', () => {
  const lengths = tensor('sequence_lens', [1], [2], INT32)
  expect(importOnnx(fileOf(PLAIN, attributesOf(PLAIN), { sequence_lens: lengths }), 'f', nothing).ok).toBe(
    true,
  )
})

describe('refusals', () => {
  const changed = (attributes: Readonly<Record<string, AttributeValue>>, op: Layer['op'] = 'LSTM') => {
    const layer = { ...PLAIN, op }
    return fileOf(layer, { ...attributesOf(layer), ...attributes })
  }
  const withTensor = (name: string, shape: readonly number[], type?: number) => {
    const elements = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1)
    return fileOf(PLAIN, attributesOf(PLAIN), { [name]: tensor(name, shape, elements, type) })
  }
  const functions = (...strings: readonly string[]) => ({ activations: { strings } })

  test.each<[code: string, message: RegExp, file: Uint8Array]>([
    ['unsupported-attribute', /coupled/, changed({ input_forget: 1 })],
    ['unsupported-attribute', /clip/, changed({ clip: { float: 3 } })],
    ['unsupported-attribute', /activation Affine/, changed(functions('Sigmoid', 'Affine', 'Tanh'))],
    ['unsupported-attribute', /gates are not Sigmoid/, changed(functions('Tanh', 'Tanh', 'Tanh'))],
    ['unsupported-attribute', /other activations differ/, changed(functions('Sigmoid', 'Tanh', 'Relu'))],
    ['unsupported-attribute', /gates are not Sigmoid/, changed(functions('Relu', 'Tanh'), 'GRU')],
    ['unsupported-attribute', /activations \[Sigmoid,Tanh\]/, changed(functions('Sigmoid', 'Tanh'))],
    ['unsupported-attribute', /activations \[Tanh,Relu\]/, changed(functions('Tanh', 'Relu'), 'RNN')],
    ['unsupported-attribute', /257 steps/, fileOf({ ...PLAIN, steps: MOST_STEPS + 1 })],
    ['unsupported-attribute', /sequences of \[1\] steps/, withTensor('sequence_lens', [1], INT32)],
    ['bad-attribute', /direction "back"/, changed({ direction: 'back' })],
    ['bad-attribute', /hidden_size is not 3/, changed({ hidden_size: 4 })],
    ['bad-shape', /its weights have/, withTensor('W', [1, 12, 3])],
    ['bad-shape', /its recurrent weights have/, withTensor('R', [1, 9, 3])],
    ['bad-shape', /its biases have/, withTensor('B', [1, 12])],
    ['bad-shape', /its peepholes have/, withTensor('P', [1, 12])],
    ['bad-shape', /its initial cells have/, withTensor('initial_c', [1, 2, 3])],
  ])('onnx/%s: %s', (code, message, file) => {
    expect(importOnnx(file, 'layer.onnx', nothing)).toMatchObject({
      ok: false,
      diagnostics: [{ code: `onnx/${code}`, message: expect.stringMatching(message) }],
    })
  })

  test('an input that is no batch of sequences, and weights that are computed', () => {
    const node = { op: 'RNN', inputs: ['X', 'W', 'R'], outputs: ['Y'] }
    const file = (x: readonly number[], constants: readonly Uint8Array[]) =>
      onnxFile({
        nodes: [node],
        inputs: [
          port('X', x),
          ...(constants.length === 0 ? [port('W', [1, 1, 2]), port('R', [1, 1, 1])] : []),
        ],
        outputs: [port('Y', [])],
        initializers: constants,
      })
    const weights = [tensor('W', [1, 1, 2], [1, 1]), tensor('R', [1, 1, 1], [1])]
    const codeOf = (bytes: Uint8Array) => {
      const result = importOnnx(bytes, 'layer.onnx', nothing)
      return result.ok ? 'imported' : result.diagnostics[0]?.code
    }
    expect(codeOf(file([2, 1, 2], weights))).toBe('imported')
    expect(codeOf(file([1, 2], weights))).toBe('onnx/bad-shape')
    expect(codeOf(file([2, 1, 2], []))).toBe('onnx/not-constant')
  })
})
