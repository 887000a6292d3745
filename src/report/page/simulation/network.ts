/** The network: layers on the machine and operations on the host, with what each costs. */

import type { SimulationData } from '../../simulation-data.ts'
import { connected, type Step } from '../charts/connected.ts'
import { graphView } from '../charts/graph.ts'
import { legend } from '../charts/legend.ts'
import { h } from '../kit/dom.ts'
import { percent, short } from '../kit/format.ts'
import { boundEntries, boundOf } from '../kit/palette.ts'
import { goToRow, nodeId } from '../kit/places.ts'
import { layerLabel, layerNote } from './layers.ts'

export function network(data: SimulationData): HTMLElement {
  const steps = [...layerSteps(data), ...hostSteps(data)]
  const { nodes, edges } = connected(steps)
  return h(
    'figure',
    {},
    legend([
      ...boundEntries(data.layers.map(({ bound_by }) => bound_by)),
      ...(data.host_ops.length > 0 ? [{ colour: 'var(--muted)', name: 'on the host' }] : []),
    ]),
    graphView(nodes, edges, 'The network: layers and operations on the host'),
    h(
      'figcaption',
      {},
      'The bar in a layer is its cycles beside those of the costliest layer. Press a layer for its figures.',
    ),
  )
}

function layerSteps({ layers, cycles }: SimulationData): Step[] {
  const most = Math.max(1, ...layers.map((layer) => layer.cycles))
  return layers.map((layer, i) => ({
    ...{ inputs: layer.inputs, outputs: layer.outputs },
    node: {
      id: nodeId(i),
      title: layerLabel(layers, i),
      text: `${layer.output_shape.join('×')} · ${short(layer.cycles)} cycles · ${percent(layer.cycles / cycles)}`,
      colour: boundOf(layer.bound_by).colour,
      share: layer.cycles / most,
      note: () => layerNote(layers, i, cycles),
      choose: () => goToRow(i),
    },
  }))
}

function hostSteps({ host_ops: ops }: SimulationData): Step[] {
  return ops.map(({ name, op, reason, inputs, outputs }, i) => ({
    ...{ inputs, outputs },
    node: {
      ...{ id: `host-${i}`, title: op, text: 'on the host', colour: 'var(--muted)' },
      note: () => ({ title: name, text: `on the host: ${reason}` }),
    },
  }))
}
