/** Prints a graph as text (Espalier.g4) and a sidecar that holds the elements of its larger constants. */
import type { TensorData } from '../dtype.ts'
import type { Attr, Attrs, Graph, Node, ValueId } from '../graph.ts'
import { valueOf as value } from '../graph.ts'
import { pack } from '../packing.ts'
import { type BlockShape, packBlocks } from '../sparsity.ts'
import type { Quant, TensorType } from '../tensor.ts'
import { formatNumber, formatValueId, formatWord, quote } from './lexical.ts'

export interface PrintedGraph {
  readonly text: string
  /** Empty if all constants stand in the text. */
  readonly sidecar: Uint8Array
  /** The file name under which the text refers to the sidecar, beside it. */
  readonly sidecarName: string
}

/** Constants up to this length stand in the text. */
const INLINE_ELEMENTS = 8
/** So that every element type can be viewed in place. */
const ALIGNMENT_BYTES = 16

/** A graph whose values are all defined (the verifier's rules); `parse` gives it back, without the spans. */
export function print(graph: Graph, sidecarName = defaultSidecarName(graph)): PrintedGraph {
  const sidecar = new SidecarWriter()
  const printed = new Set<ValueId>()
  const constants = (ids: Iterable<ValueId>): string[] =>
    [...ids].flatMap((id) => {
      const { type, data, blocks } = value(graph, id)
      if (!data || printed.has(id)) return []
      printed.add(id)
      const elements = isInline(data) ? `= ${formatElements(data)}` : `@${sidecar.add(data, type, blocks)}`
      const stored = blocks ? ` blocks=[${blocks.outputs}, ${blocks.inputs}]` : ''
      return [`  const ${formatValueId(id)} : ${formatType(type)}${stored} ${elements}`]
    })

  // A constant stands before the first node that reads it.
  const body = graph.nodes.flatMap((node) => [...constants(node.inputs), `  ${formatNode(graph, node)}`])
  const unread = constants(graph.values.keys())
  const lines = [
    `graph ${quote(graph.name)} {`,
    ...(sidecar.isEmpty ? [] : [`  weights ${quote(sidecarName)}`]),
    ...graph.inputs.map((id) => `  input ${formatValueId(id)} : ${formatType(value(graph, id).type)}`),
    ...body,
    ...unread,
    ...(graph.outputs.length > 0 ? [`  output ${graph.outputs.map(formatValueId).join(', ')}`] : []),
    '}',
    '',
  ]
  return { text: lines.join('\n'), sidecar: sidecar.bytes(), sidecarName }
}

/** The graph's name, as far as it can stand in a file name. */
function defaultSidecarName({ name }: Graph): string {
  return `${name.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^\.+/, '') || 'graph'}.esp.bin`
}

function formatNode(graph: Graph, node: Node): string {
  const results = node.outputs.map(formatValueId).join(', ')
  const name = node.name === node.outputs[0] ? '' : ` ${quote(node.name)}`
  const operands = node.inputs.map(formatValueId).join(', ')
  const types = node.outputs.map((id) => formatType(value(graph, id).type)).join(', ')
  return `${results} = ${node.op}${name}(${operands})${formatAttrs(node.attrs)} : ${types}`
}

function formatAttrs(attrs: Attrs): string {
  const entries = Object.entries(attrs)
  return entries.length === 0
    ? ''
    : ` {${entries.map(([name, attr]) => `${name} = ${formatAttr(attr)}`).join(', ')}}`
}

function formatAttr(attr: Attr): string {
  if (typeof attr === 'number') return formatNumber(attr)
  if (typeof attr === 'string') return formatWord(attr)
  return typeof attr === 'boolean' ? String(attr) : formatNumbers(attr)
}

function formatNumbers(numbers: readonly number[]): string {
  return `[${numbers.map(formatNumber).join(', ')}]`
}

/** A type as in the text, for example `i8[1,28,28,1] scale=0.00392156886 zp=-128`. */
function formatType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(',')}]${type.quant ? formatQuant(type.quant) : ''}`
}

/** A zero point that is the same along the whole axis stands there once. */
function formatQuant({ scale, zeroPoint, axis }: Quant): string {
  const zp = zeroPoint.every((z) => z === zeroPoint[0])
    ? formatNumber(zeroPoint[0] ?? 0)
    : formatNumbers([...zeroPoint])
  if (axis === undefined) return ` scale=${formatNumber(scale[0] ?? Number.NaN)} zp=${zp}`
  return ` scale=${formatNumbers([...scale])} zp=${zp} axis=${axis}`
}

/** The payload of a NaN would be lost in the text. */
function isInline(data: TensorData): boolean {
  return data.length <= INLINE_ELEMENTS && !(data instanceof Float32Array && data.some(Number.isNaN))
}

function formatElements(data: TensorData): string {
  return data instanceof BigInt64Array ? `[${data.join(', ')}]` : formatNumbers([...data])
}

class SidecarWriter {
  private readonly chunks: { readonly offset: number; readonly bytes: Uint8Array }[] = []
  private readonly offsets = new Map<TensorData, Map<string, number>>()
  private length = 0

  get isEmpty(): boolean {
    return this.chunks.length === 0
  }

  /** Offset of the elements; values that share an array share it here, too. */
  add(data: TensorData, { dtype, shape }: TensorType, blocks?: BlockShape): number {
    const form = blocks ? `${dtype} ${shape} ${blocks.outputs} ${blocks.inputs}` : dtype
    const known = this.offsets.get(data)?.get(form)
    if (known !== undefined) return known
    const offset = Math.ceil(this.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    const bytes = blocks ? packBlocks(dtype, shape, data, blocks) : pack(data, dtype)
    this.chunks.push({ offset, bytes })
    const ofData = this.offsets.get(data) ?? new Map<string, number>()
    this.offsets.set(data, ofData.set(form, offset))
    this.length = offset + bytes.length
    return offset
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.length)
    for (const { offset, bytes } of this.chunks) all.set(bytes, offset)
    return all
  }
}
