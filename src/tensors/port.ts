/** The named, typed places where tensors enter and leave a model, whatever runs it. */
import { type Graph, typeOf } from '../../ir/graph.ts'
import type { TensorType } from '../../ir/tensor.ts'

export interface Port {
  readonly name: string
  readonly type: TensorType
}

export function inputPorts(graph: Graph): readonly Port[] {
  return graph.inputs.map((name) => ({ name, type: typeOf(graph, name) }))
}

export function outputPorts(graph: Graph): readonly Port[] {
  return graph.outputs.map((name) => ({ name, type: typeOf(graph, name) }))
}

/** How a type is written in messages: `i8[1,28,28,1]`. */
export function typeText(dtype: string, shape: readonly (number | string)[]): string {
  return `${dtype}[${shape.join(',')}]`
}
