/** Which layer makes a backend differ: found by ending the model behind one layer after another. */
import { must, type Result } from '../ir/diagnostic.ts'
import type { TensorData } from '../ir/dtype.ts'
import type { Graph, ValueId } from '../ir/graph.ts'
import { createInterpreter } from '../ir/interpreter.ts'
import { removeDead } from '../ir/passes/remove-dead.ts'
import { differingPlaces } from './differing-places.ts'
import type { Executable } from './run.ts'

/**
 * The name of the first node, in graph order, behind which the values still needed differ from the interpreter's, when
 * the backend runs the graph to there; the backend must differ on the whole. By bisection: a difference once made mostly
 * stays. Undefined where the backend refuses a part of the graph.
 */
export async function firstDifferentLayer(
  graph: Graph,
  open: (graph: Graph) => Promise<Result<Executable>>,
  inputs: readonly TensorData[],
): Promise<string | undefined> {
  const values = new Map<ValueId, TensorData>()
  createInterpreter(graph).run(inputs, (id, { data }) => values.set(id, data))
  /** Undefined where the backend refuses. */
  const differsBehind = async (count: number): Promise<boolean | undefined> => {
    const part = firstNodes(graph, count)
    const executable = await open(part)
    if (!executable.ok) return undefined
    const got = executable.value.run(inputs)
    return part.outputs.some(
      (id, n) => differingPlaces(must(values.get(id), id), must(got[n], id)).length > 0,
    )
  }

  let equal = 0
  let different = graph.nodes.length
  while (different - equal > 1) {
    const middle = Math.floor((equal + different) / 2)
    const differs = await differsBehind(middle)
    if (differs === undefined) return undefined
    if (differs) different = middle
    else equal = middle
  }
  return graph.nodes[different - 1]?.name
}

/** The first nodes of a graph, with every result that a later node reads, or the model's user, as output. */
function firstNodes(graph: Graph, count: number): Graph {
  const nodes = graph.nodes.slice(0, count)
  const read = new Set<ValueId>(graph.outputs)
  for (const node of graph.nodes.slice(count)) for (const id of node.inputs) read.add(id)
  const outputs = nodes.flatMap((node) => node.outputs).filter((id) => read.has(id))
  return removeDead.run({ ...graph, nodes, outputs }, { warn: () => {} })
}
