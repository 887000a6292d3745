/** UNIDIRECTIONAL_SEQUENCE_LSTM on float32. Source: tensorflow/lite/kernels/lstm_eval.cc. */
import type { ValueId } from '../../../ir/graph.ts'
import { type LstmGate, unrollLstm } from '../recurrent/lstm.ts'
import { type Activation, MOST_STEPS } from '../recurrent/unrolling.ts'
import { ACTIVATIONS } from './names.ts'
import { type Expansion, type OperatorView, rule } from './rule.ts'
import { OPTIONS, type Table } from './schema.ts'

type LstmView = OperatorView<Table<typeof OPTIONS.sequenceLstm>>

/** Positions of a gate's tensors among the operator's inputs. */
const GATES = {
  input: { input: 1, recurrent: 5, peephole: 9, bias: 12 },
  forget: { input: 2, recurrent: 6, peephole: 10, bias: 13 },
  cell: { input: 3, recurrent: 7, bias: 14 },
  output: { input: 4, recurrent: 8, peephole: 11, bias: 15 },
} as const
const PROJECTION = [16, 17]
const STATES = [18, 19]
const NORMALIZATION = [20, 21, 22, 23]

export const SEQUENCE_LSTM = rule(OPTIONS.sequenceLstm, {
  op: 'concat',
  operands: 'all',
  states: STATES,
  types: [['f32']],
  result: ['f32'],
  attrs: (view) => ({ axis: timeAxisOf(view) }),
  expand,
})

function timeAxisOf(view: LstmView): 0 | 1 {
  return view.options.timeMajor ? 0 : 1
}

function expand(view: LstmView, graph: Expansion): readonly ValueId[] {
  refuseUnsupported(view)
  const timeAxis = timeAxisOf(view)
  const { shape } = view.input(0)
  const [inputs = 0, steps = 0] = [shape[2], shape[timeAxis]]
  if (shape.length !== 3) {
    view.reject('bad-shape', `its input [${shape.join(', ')}] is not a batch of sequences`)
  }
  if (steps > MOST_STEPS) {
    const message = `a sequence of ${steps} steps is not supported, only up to ${MOST_STEPS}`
    view.reject('unsupported-option', message, 'export the model for shorter sequences')
  }
  const units = view.input(GATES.output.input).shape[0] ?? 0
  const gate = (name: keyof typeof GATES) => gateOf(view, name, units, inputs)
  const { cellClip } = view.options
  if (!(cellClip >= 0)) view.reject('bad-option', `its cell clip is ${cellClip}`)
  const states = unrollLstm(graph, {
    name: graph.name,
    x: graph.value(0),
    timeAxis,
    units,
    // An absent gate has no weights at all.
    ...((view.has(GATES.input.input) || view.has(GATES.input.recurrent)) && { inputGate: gate('input') }),
    forgetGate: gate('forget'),
    cellGate: gate('cell'),
    outputGate: gate('output'),
    activation: activationOf(view),
    ...(cellClip > 0 && { cellClip }),
  })
  return states.map(({ hidden }) => hidden)
}

function refuseUnsupported(view: LstmView): void {
  const refused = [
    ['a projection', PROJECTION.some(view.has)],
    ['layer normalization', NORMALIZATION.some(view.has)],
    ['recurrent weights on the diagonal only', view.options.diagonalRecurrentTensors],
  ] as const
  const [what] = refused.find(([, isThere]) => isThere) ?? []
  if (what) view.reject('unsupported-option', `an LSTM with ${what} is not supported`, 'export it without')
}

function gateOf(view: LstmView, name: keyof typeof GATES, units: number, inputs: number): LstmGate {
  const weights = (index: number, what: string, expected: readonly number[]) => {
    const { shape } = view.input(index)
    if (`${shape}` !== `${expected}`) {
      const found = `has the shape [${shape.join(', ')}], expected [${expected.join(', ')}]`
      view.reject('bad-shape', `the ${what} of its ${name} gate ${found}`)
    }
    return view.reals(index, `${what} of the ${name} gate`)
  }
  const at: { input: number; recurrent: number; bias: number; peephole?: number } = GATES[name]
  return {
    input: weights(at.input, 'input weights', [units, inputs]),
    recurrent: weights(at.recurrent, 'recurrent weights', [units, units]),
    bias: weights(at.bias, 'bias', [units]),
    ...(at.peephole !== undefined &&
      view.has(at.peephole) && { peephole: weights(at.peephole, 'peephole', [units]) }),
  }
}

const SUPPORTED: Readonly<Record<string, Activation>> = {
  NONE: 'none',
  RELU: 'relu',
  RELU6: 'relu6',
  TANH: 'tanh',
}

function activationOf(view: LstmView): Activation {
  const name = ACTIVATIONS[view.options.activation]?.name ?? `${view.options.activation}`
  const activation = SUPPORTED[name]
  if (activation) return activation
  return view.reject('unsupported-option', `an LSTM of ${name} is not supported`, 'train it with tanh')
}
