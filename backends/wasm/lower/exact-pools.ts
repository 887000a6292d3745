import { unsupported } from './unsupported.ts'
export function exactPool(node: import('../../../ir/graph.ts').Node, ..._: unknown[]): void {
  unsupported(node, 'not yet')
}
export function exactMean(node: import('../../../ir/graph.ts').Node, ..._: unknown[]): void {
  unsupported(node, 'not yet')
}
