/** Ops that compute a function of functions.ts on f32 tensors, and nothing else. */
import type { Attrs } from '../../graph.ts'
import { defineRealBinary } from '../broadcast.ts'
import { REALS } from '../constraints.ts'
import { defineOp, input } from '../define.ts'
import type { AttrSpec, OpDef } from '../op.ts'
import { mapReals } from '../unary.ts'
import { type ElementwiseName, onNumbers } from './functions.ts'

function mapping<const S extends Readonly<Record<string, AttrSpec>>>(
  name: ElementwiseName,
  summary: string,
  attrs: S,
): OpDef {
  return defineOp({
    summary,
    inputs: ['x'],
    attrs,
    constraints: [REALS],
    inferShape: (inputs) => input(inputs, 0).shape,
    prepare: ({ attrs }) => mapReals(onNumbers(name, attrs as Attrs)),
  })
}

function zipping(name: ElementwiseName, summary: string): OpDef {
  return defineRealBinary(summary, onNumbers(name))
}

const NO_ATTRS = {} as const

/** The ops of this file. */
export const REAL_OPS = {
  div: zipping('div', 'Quotient of two tensors, element by element.'),
  pow: zipping('pow', 'a to the power of b; of a negative a defined where b is an integer.'),
  minimum: zipping('minimum', 'The smaller one of two elements; not-a-number where one of them is.'),
  maximum: zipping('maximum', 'The larger one of two elements; not-a-number where one of them is.'),
  prelu: zipping('prelu', 'a where a >= 0, else a * b: a leaky ReLU whose slopes are a tensor.'),
  clip: mapping('clip', 'min(max(x, min), max).', {
    min: { kind: 'float', default: -Infinity, doc: 'smallest result, a float32' },
    max: {
      kind: 'float',
      default: Infinity,
      doc: 'largest result, a float32; it wins where it is below min',
    },
  }),
  elu: mapping('elu', 'x where x >= 0, else alpha * (exp(x) - 1).', {
    alpha: { kind: 'float', default: 1, doc: 'the limit for negative x, a float32' },
  }),
  hard_sigmoid: mapping('hard_sigmoid', 'alpha * x + beta, limited to 0 .. 1.', {
    alpha: { kind: 'float', default: 0.2, doc: 'slope, a float32' },
    beta: { kind: 'float', default: 0.5, doc: 'the result for 0, a float32' },
  }),
  softplus: mapping('softplus', 'log(1 + exp(x)).', NO_ATTRS),
  exp: mapping('exp', 'e to the power of x.', NO_ATTRS),
  log: mapping('log', 'Natural logarithm.', NO_ATTRS),
  sqrt: mapping('sqrt', 'Square root.', NO_ATTRS),
  abs: mapping('abs', 'Magnitude.', NO_ATTRS),
  neg: mapping('neg', '-x.', NO_ATTRS),
  sign: mapping('sign', '-1, 0 or 1, as x is below, equal to or above 0.', NO_ATTRS),
  floor: mapping('floor', 'The largest integer that is not above x.', NO_ATTRS),
  ceil: mapping('ceil', 'The smallest integer that is not below x.', NO_ATTRS),
  round: mapping('round', 'The nearest integer, halves to the even one.', NO_ATTRS),
} as const satisfies { readonly [N in ElementwiseName]?: OpDef }
