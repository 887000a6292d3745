/**
 * Every function of single float32 elements that an op computes, once for all backends: with numbers the interpreter
 * runs it, with a compiler's expressions it becomes code. A result is a double that is rounded to float32 when it is
 * stored; a fused activation then limits it.
 */
import { NUMBERS, type RealArithmetic } from '../../arith/real-arithmetic.ts'
import { exp, expMinusOne, log, logistic, power, softplus, tanh } from '../../arith/real-functions.ts'
import type { Attrs } from '../../graph.ts'
import type { OpName } from '../names.ts'

/** Of a node's attributes, with their defaults, and of its one or two operands, each cheap enough to be used twice. */
export type RealFunction = <E>(r: RealArithmetic<E>, attrs: Attrs, a: E, b: E) => E

/** A number attribute as a float32; defaults are there. */
function single(attrs: Attrs, name: string): number {
  return Math.fround(attrs[name] as number)
}

function limited<E>(r: RealArithmetic<E>, x: E, min: number, max: number): E {
  return r.min(r.max(x, r.constant(min)), r.constant(max))
}

export const REAL_FUNCTIONS = {
  add: (r, _, a, b) => r.add(a, b),
  sub: (r, _, a, b) => r.sub(a, b),
  mul: (r, _, a, b) => r.mul(a, b),
  div: (r, _, a, b) => r.div(a, b),
  pow: (r, _, a, b) => power(r, a, b),
  minimum: (r, _, a, b) => r.min(a, b),
  maximum: (r, _, a, b) => r.max(a, b),
  prelu: (r, _, x, slope) => r.less(x, r.constant(0), r.mul(x, slope), x),

  relu: (r, _, x) => r.max(x, r.constant(0)),
  relu6: (r, _, x) => limited(r, x, 0, 6),
  clip: (r, attrs, x) => limited(r, x, single(attrs, 'min'), single(attrs, 'max')),
  leaky_relu: (r, attrs, x) => r.less(x, r.constant(0), r.mul(r.constant(single(attrs, 'alpha')), x), x),
  elu: (r, attrs, x) =>
    r.less(x, r.constant(0), r.mul(r.constant(single(attrs, 'alpha')), expMinusOne(r, x)), x),
  hard_sigmoid: (r, attrs, x) => {
    const product = r.single(r.mul(r.constant(single(attrs, 'alpha')), x))
    return limited(r, r.add(product, r.constant(single(attrs, 'beta'))), 0, 1)
  },
  hard_swish: (r, _, x) => {
    const factor = limited(r, r.single(r.add(x, r.constant(3))), 0, 6)
    return r.div(r.single(r.mul(x, factor)), r.constant(6))
  },
  logistic: (r, _, x) => logistic(r, x),
  tanh: (r, _, x) => tanh(r, x),
  softplus: (r, _, x) => softplus(r, x),
  exp: (r, _, x) => exp(r, x),
  log: (r, _, x) => log(r, x),
  sqrt: (r, _, x) => r.sqrt(x),
  abs: (r, _, x) => r.abs(x),
  neg: (r, _, x) => r.neg(x),
  sign: (r, _, x) => {
    const zero = r.constant(0)
    return r.less(zero, x, r.constant(1), r.less(x, zero, r.constant(-1), x))
  },
  floor: (r, _, x) => r.floor(x),
  ceil: (r, _, x) => r.ceil(x),
  round: (r, _, x) => r.nearest(x),
} as const satisfies { readonly [N in OpName]?: RealFunction }

/** Ops that compute each float32 element of their result by itself. */
export type ElementwiseName = keyof typeof REAL_FUNCTIONS

/** The function on numbers; one of a single operand takes no notice of the second. */
export function onNumbers(name: ElementwiseName, attrs: Attrs = {}): (a: number, b?: number) => number {
  const f: RealFunction = REAL_FUNCTIONS[name]
  return (a, b = 0) => f(NUMBERS, attrs, a, b)
}
