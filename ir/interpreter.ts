/** The reference interpreter: runs a graph by its ops' own definitions. It is what every backend must equal. */
import { fail, must } from './diagnostic.ts'
import type { TensorData } from './dtype.ts'
import { type Graph, typeOf, type ValueId } from './graph.ts'
import type { Kernel } from './ops/op.ts'
import { OPS } from './ops/registry.ts'
import { elementCount, type Tensor } from './tensor.ts'

export interface Interpreter {
  /**
   * One evaluation. Inputs and outputs stand in the graph's order, elements row-major. `observe` sees the result of
   * every node as it is computed. Inputs that do not fit the graph `fail` with `ir/input`.
   */
  readonly run: (
    inputs: readonly TensorData[],
    observe?: (id: ValueId, tensor: Tensor) => void,
  ) => readonly TensorData[]
}

interface Step {
  readonly kernel: Kernel
  readonly inputs: readonly ValueId[]
  readonly output: ValueId
}

/** Prepares a verified graph for any number of runs. */
export function createInterpreter(graph: Graph): Interpreter {
  const steps = graph.nodes.map((node): Step => {
    const operands = {
      inputs: node.inputs.map((id) => typeOf(graph, id)),
      outputs: node.outputs.map((id) => typeOf(graph, id)),
      attrs: node.attrs,
    }
    const constants = node.inputs.map((id) => graph.values.get(id)?.data)
    const output = must(node.outputs[0], `an output of ${node.name}`)
    return { kernel: OPS[node.op].prepare(operands, constants), inputs: node.inputs, output }
  })
  const constants = [...graph.values].flatMap(([id, { data }]) =>
    data === undefined ? [] : [[id, data] as const],
  )

  return {
    run(inputs, observe) {
      checkInputs(graph, inputs)
      const known = new Map<ValueId, TensorData>(constants)
      graph.inputs.forEach((id, n) => {
        known.set(id, must(inputs[n], id))
      })
      for (const { kernel, inputs: ids, output } of steps) {
        const data = kernel(ids.map((id) => must(known.get(id), `value ${id} before its use`)))
        known.set(output, data)
        observe?.(output, { type: typeOf(graph, output), data })
      }
      return graph.outputs.map((id) => must(known.get(id), `output ${id}`))
    },
  }
}

function checkInputs(graph: Graph, inputs: readonly TensorData[]): void {
  if (inputs.length !== graph.inputs.length) {
    fail({
      code: 'ir/input',
      message: `${inputs.length} inputs given, ${graph.name} has ${graph.inputs.length}`,
    })
  }
  graph.inputs.forEach((id, n) => {
    const expected = elementCount(typeOf(graph, id).shape)
    const given = must(inputs[n], id).length
    if (given !== expected) {
      fail({ code: 'ir/input', message: `input ${id} has ${given} elements, expected ${expected}` })
    }
  })
}
