/**
 * Functions of float32 elements on vectors: those that round once, after a single operation on doubles, since a sum, a
 * product, a quotient or a root of float32 numbers that is rounded to a double and then to a float32 is the one that is
 * rounded to a float32 at once (Figueroa, "When is double rounding innocuous?", SIGNUM 1995).
 *
 * Loop order: elements, four at a time. Data layout: no gaps.
 */
import type { RealArithmetic } from '../../../ir/arith/real-arithmetic.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import type { Kernel } from './kernel.ts'
import type { Code } from './real-arithmetic.ts'

export interface RealVectorSpec {
  /** Says what is computed: equal keys, equal functions. */
  readonly key: string
  readonly elements: number
  /** Whether an operand has an element for each of the result, or one for all. */
  readonly operands: readonly ('each' | 'one')[]
  readonly compute: (r: RealArithmetic<Code>, elements: readonly Code[]) => Code
}

/** Addresses: operands, result. */
export function realVectorKernel({ key, elements, operands, compute }: RealVectorSpec): Kernel {
  return {
    name: `${key.split(' ', 1)[0]} ${elements} float32 elements`,
    define: (b) =>
      b.define(`real vectors ${key} ${elements} ${operands}`, operands.length + 1, (f, ...addresses) => {
        const y = must(addresses.at(-1), 'an output')
        const { v128 } = b.wasm
        const values = operands.map(() => f.v128())
        const result = f.v128()
        const four = (store: readonly Expression[]) => [
          ...values.map((value, n) => {
            const address = must(addresses[n], 'x').get()
            return value.set(
              operands[n] === 'one' ? v128.load32_splat(0, 4, address) : v128.load(0, 4, address),
            )
          }),
          result.set(
            compute(
              vectorArithmetic(b, f),
              values.map(({ get }) => get),
            )(),
          ),
          ...store,
        ]
        return [
          ...f.repeat(Math.floor(elements / 4), () => [
            ...four([v128.store(0, 4, y.get(), result.get())]),
            ...addresses.flatMap((address, n) => (operands[n] === 'one' ? [] : f.advance(address, 16))),
          ]),
          ...(elements % 4 === 0 ? [] : four(storeFirst(b, y, result, elements % 4))),
        ]
      }),
  }
}

function storeFirst(b: ModuleBuilder, y: Local, result: Local, count: number): readonly Expression[] {
  return range(count).map((lane) => b.wasm.v128.store32_lane(4 * lane, 4, lane, y.get(), result.get()))
}

function vectorArithmetic(b: ModuleBuilder, f: FunctionBuilder): RealArithmetic<Code> {
  const { f32, f32x4, v128 } = b.wasm
  const none = (): never => {
    throw new Error('internal error: no such operation on vectors')
  }
  return {
    constant: (value) => () => f32x4.splat(f32.const(value)),
    add: (x, y) => () => f32x4.add(x(), y()),
    sub: (x, y) => () => f32x4.sub(x(), y()),
    mul: (x, y) => () => f32x4.mul(x(), y()),
    div: (x, y) => () => f32x4.div(x(), y()),
    min: (x, y) => () => f32x4.min(x(), y()),
    max: (x, y) => () => f32x4.max(x(), y()),
    sqrt: (x) => () => f32x4.sqrt(x()),
    abs: (x) => () => f32x4.abs(x()),
    neg: (x) => () => f32x4.neg(x()),
    floor: (x) => () => f32x4.floor(x()),
    ceil: (x) => () => f32x4.ceil(x()),
    nearest: (x) => () => f32x4.nearest(x()),
    // Every result is one already.
    single: (x) => x,
    powerOfTwo: none,
    exponent: none,
    less: (x, y, then, otherwise) => () => v128.bitselect(then(), otherwise(), f32x4.lt(x(), y())),
    equal: (x, y, then, otherwise) => () => v128.bitselect(then(), otherwise(), f32x4.eq(x(), y())),
    named(value, body) {
      const local = f.v128()
      const result = body(local.get)
      return () => b.sequence(local.set(value()), result())
    },
  }
}
