/** The network as a graph, with the share of the work that each layer has. */

import type { InspectedLayer, Inspection } from '../../../inspect.ts'
import { connected } from '../charts/connected.ts'
import { type GraphNode, graphView } from '../charts/graph.ts'
import { legend } from '../charts/legend.ts'
import { h } from '../kit/dom.ts'
import { percent, short } from '../kit/format.ts'
import { goToRow, nodeId } from '../kit/places.ts'
import { layerLabel, layerNote, precisionColour, precisionsOf } from './layers.ts'

export function network(data: Inspection): HTMLElement {
  const { layers, tensors, macs } = data
  if (layers.length === 0) return h('p', {}, 'It has no layers.')
  const constants = new Set(tensors.filter(({ role }) => role === 'constant').map(({ name }) => name))
  const precisions = precisionsOf(data)
  const most = Math.max(1, ...layers.map((layer) => layer.macs))
  const steps = layers.map((layer, i) => ({
    inputs: layer.inputs.filter((name) => !constants.has(name)),
    outputs: layer.outputs,
    node: {
      id: nodeId(i),
      title: layerLabel(layers, i),
      text: `${layer.output_shape.join('×')} · ${weight(layer, macs)}`,
      colour: precisionColour(precisions, layer.precision),
      ...(layer.macs > 0 ? { share: layer.macs / most } : {}),
      note: () => layerNote(data, i),
      choose: () => goToRow(i),
    } satisfies GraphNode,
  }))
  const { nodes, edges } = connected(steps)
  return h(
    'figure',
    {},
    legend(precisions.map((name) => ({ name, colour: precisionColour(precisions, name) }))),
    graphView(nodes, edges, 'The network: its layers'),
    h(
      'figcaption',
      {},
      'The bar in a layer is its MACs beside those of the layer with most. Press a layer for its figures.',
    ),
  )
}

function weight({ macs, parameters, precision }: InspectedLayer, macsInAll: number): string {
  if (macs > 0) return `${short(macs)} MACs · ${percent(macs / macsInAll)}`
  if (parameters > 0) return `${short(parameters)} ${parameters === 1 ? 'parameter' : 'parameters'}`
  return precision
}
