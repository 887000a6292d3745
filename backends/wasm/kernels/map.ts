/**
 * Any function of single elements: of one tensor, or of several of one shape.
 *
 * Loop order: rows, elements. Data layout: rows with a pitch for each tensor; an element is loaded, computed and stored
 * by itself.
 */
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_BITS } from '../../../ir/dtype.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'
import type { Rows } from './rows.ts'
import { type Computed, elementLocal, loadElement, storeElement } from './scalar.ts'

export interface MapTensor {
  readonly dtype: Computed
  /** Bytes from row to row. */
  readonly pitch: number
}

export interface MapSpec extends Rows {
  /** Says what is computed: equal keys, equal functions. */
  readonly key: string
  readonly inputs: readonly MapTensor[]
  readonly output: MapTensor
  /** The result for elements of the inputs; `table` is the address that the kernel is called with. */
  readonly compute: (
    b: ModuleBuilder,
    f: FunctionBuilder,
    elements: readonly Local[],
    table: Local,
  ) => Expression
}

/** Addresses: inputs, table, output. */
export function mapKernel(spec: MapSpec): Kernel {
  const { key, rows, elements, inputs, output } = spec
  return {
    name: `${key.split(' ', 1)[0]} ${rows}x${elements} elements, one by one`,
    define: (b) =>
      b.define(
        `map ${JSON.stringify({ key, rows, elements, inputs, output })}`,
        inputs.length + 2,
        (f, ...p) => emit(b, f, spec, p),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, elements, inputs, output, compute }: MapSpec,
  parameters: readonly Local[],
): readonly Expression[] {
  const table = must(parameters[inputs.length], 'table')
  const tensors = [...inputs, output].map(({ dtype, pitch }, n) => ({
    at: must(parameters[n < inputs.length ? n : n + 1], 'tensor'),
    dtype,
    size: DTYPE_BITS[dtype] / 8,
    pitch,
  }))
  const y = must(tensors.at(-1), 'output')
  const values = tensors.slice(0, -1).map(({ at, dtype }) => ({ at, dtype, local: elementLocal(f, dtype) }))
  return f.repeat(rows, () => [
    ...f.repeat(elements, () => [
      ...values.map(({ at, dtype, local }) => local.set(loadElement(b, dtype, at.get()))),
      storeElement(
        b,
        y.dtype,
        y.at.get(),
        compute(
          b,
          f,
          values.map(({ local }) => local),
          table,
        ),
      ),
      ...tensors.flatMap(({ at, size }) => f.advance(at, size)),
    ]),
    ...tensors.flatMap(({ at, size, pitch }) => f.advance(at, pitch - elements * size)),
  ])
}
