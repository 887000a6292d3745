/** Reductions of f32 tensors over axes. */
import { must } from '../../diagnostic.ts'
import { REALS } from '../constraints.ts'
import { defineOp, input } from '../define.ts'
import type { OpDef } from '../op.ts'
import { REDUCTION_ATTRS, reducedShape, reduction } from '../reduction.ts'

/** What is combined, starting from `initial`, in the order of the elements; each step is rounded to float32. */
export interface RealReduction {
  readonly initial: number
  readonly combine: 'add' | 'mul' | 'min' | 'max'
}

export const REAL_REDUCTIONS = {
  reduce_sum: { initial: 0, combine: 'add' },
  reduce_prod: { initial: 1, combine: 'mul' },
  reduce_min: { initial: Infinity, combine: 'min' },
  reduce_max: { initial: -Infinity, combine: 'max' },
} as const satisfies Readonly<Record<string, RealReduction>>

function reducing(name: keyof typeof REAL_REDUCTIONS, summary: string): OpDef {
  const { initial, combine } = REAL_REDUCTIONS[name]
  return defineOp({
    summary,
    inputs: ['x'],
    attrs: REDUCTION_ATTRS,
    constraints: [REALS],
    inferShape: reducedShape,
    prepare({ inputs, attrs: { axes } }) {
      const { target, outputs } = reduction(input(inputs, 0).shape, axes)
      const f = COMBINE[combine]
      return (operands) => {
        const x = must(operands[0], 'x') as Float32Array
        const y = new Float32Array(outputs).fill(initial)
        for (let i = 0; i < x.length; i++) {
          const o = target[i] as number
          y[o] = f(y[o] as number, x[i] as number)
        }
        return y
      }
    },
  })
}

const COMBINE: { readonly [C in RealReduction['combine']]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  min: Math.min,
  max: Math.max,
}

/** The ops of this file. */
export const REDUCTION_OPS = {
  reduce_sum: reducing('reduce_sum', 'Sum over some axes.'),
  reduce_prod: reducing('reduce_prod', 'Product over some axes.'),
  reduce_min: reducing('reduce_min', 'Smallest element over some axes; not-a-number where there is one.'),
  reduce_max: reducing('reduce_max', 'Largest element over some axes; not-a-number where there is one.'),
} as const satisfies { readonly [N in keyof typeof REAL_REDUCTIONS]: OpDef }
