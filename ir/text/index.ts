/** The textual form of graphs: `print` and `parse` are inverse, but for spans. */
export { parse, type ReadSidecar } from './parser.ts'
export { print } from './printer.ts'
