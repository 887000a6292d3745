/** Layers by number: where their rows and nodes are, and how one gets there. */

/** The id of a layer's row in the table of layers. */
export function rowId(layer: number): string {
  return `layer-${layer}`
}

/** The id of a layer's node in the graph of the network. */
export function nodeId(layer: number): string {
  return `node-${layer}`
}

/** Goes to a layer's row, as a link to it does. */
export function goToRow(layer: number): void {
  location.hash = ''
  location.hash = rowId(layer)
  document.getElementById(rowId(layer))?.focus({ preventScroll: true })
}
