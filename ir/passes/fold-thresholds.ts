/**
 * From a layer's sums to the next quantized elements stand a scaling, an offset, a batch normalization, a clamp and a
 * quantizer, each of which rises or falls with its input. Together they are a staircase, and thresholds on the sums
 * give every element of it exactly (Umuroglu et al., FPGA 2017). The thresholds are found by the ops themselves.
 */
import { must } from '../diagnostic.ts'
import {
  consumers,
  type Graph,
  type Node,
  producers,
  typeOf,
  type Value,
  type ValueId,
  valueOf,
} from '../graph.ts'
import type { OpName } from '../ops/names.ts'
import { OPS } from '../ops/registry.ts'
import type { Pass } from '../pass.ts'
import { freshId, operandOf, resultOf, withNodes } from '../rewrite.ts'
import type { Tensor, TensorType } from '../tensor.ts'
import { type SumRange, sumRangeOf } from './sum-range.ts'

/** Elementwise ops that rise, or fall, over all real numbers if all other operands are constant. */
const MONOTONE: ReadonlySet<OpName> = new Set([
  'add',
  'sub',
  'mul',
  'div',
  'relu',
  'relu6',
  'clip',
  'logistic',
  'tanh',
])

/** Ops that a rising function of each element may be moved across. */
const MOVES: ReadonlySet<OpName> = new Set(['reshape', 'transpose', 'max_pool2d'])

export const foldThresholds: Pass<Graph> = {
  name: 'fold-thresholds',
  summary: 'Makes what lies between sums and quantized elements thresholds on the sums.',
  run: (graph) => fold(hoistQuantizers(graph)),
}

/** quantize(move(x)) becomes move(quantize(x)): moving fewer bits costs less, and brings the quantizer to the sums. */
function hoistQuantizers(graph: Graph): Graph {
  let current = graph
  for (;;) {
    const next = hoistOnce(current)
    if (next === current) return current
    current = next
  }
}

function hoistOnce(graph: Graph): Graph {
  const produced = producers(graph)
  const consumed = consumers(graph)
  for (const quantize of graph.nodes) {
    const moved = operandOf(quantize)
    const move = produced.get(moved)
    if (quantize.op !== 'quantize' || move === undefined || !MOVES.has(move.op)) continue
    if (consumed.get(moved)?.length !== 1 || graph.outputs.includes(moved)) continue
    if ((move.attrs.activation ?? 'none') !== 'none' || typeOf(graph, moved).dtype !== 'f32') continue
    const source = operandOf(move)
    const element = typeOf(graph, resultOf(quantize))
    const id = freshId(`${source} quantized`, graph.values)
    const type = { ...element, shape: typeOf(graph, source).shape }
    const nodes = graph.nodes.flatMap((node) => {
      if (node === move) return [{ ...quantize, inputs: [source], outputs: [id] }]
      if (node === quantize) return [{ ...move, inputs: [id], outputs: quantize.outputs }]
      return [node]
    })
    return withNodes(graph, nodes, new Map([[id, { type }]]))
  }
  return graph
}

function fold(graph: Graph): Graph {
  const added = new Map<ValueId, Value>()
  const dead = new Set<Node>()
  const produced = producers(graph)
  const consumed = consumers(graph)
  const nodes = graph.nodes.map((node) => {
    const chain = node.op === 'quantize' ? chainTo(graph, node, produced, consumed) : undefined
    if (chain === undefined) return node
    const staircase = staircaseOf(graph, chain)
    if (staircase === undefined) return node
    for (const { node: gone } of chain.steps) dead.add(gone)
    return thresholdNode(graph, node, chain, staircase, added)
  })
  if (added.size === 0) return graph
  return withNodes(
    graph,
    nodes.filter((node) => !dead.has(node)),
    added,
  )
}

/** From sums to a quantizer: the ops in order, and for each the operand that comes from the one before. */
interface Chain {
  readonly sums: ValueId
  readonly range: SumRange
  readonly steps: readonly { readonly node: Node; readonly operand: number }[]
  readonly quantize: Node
}

function chainTo(
  graph: Graph,
  quantize: Node,
  produced: ReadonlyMap<ValueId, Node>,
  consumed: ReadonlyMap<ValueId, readonly Node[]>,
): Chain | undefined {
  const steps: { node: Node; operand: number }[] = []
  let id = operandOf(quantize)
  for (;;) {
    const node = produced.get(id)
    if (node === undefined || consumed.get(id)?.length !== 1 || graph.outputs.includes(id)) return undefined
    if (node.op === 'dequantize') {
      const sums = operandOf(node)
      const source = produced.get(sums)
      const range = source && typeOf(graph, sums).dtype === 'i32' ? sumRangeOf(graph, source) : undefined
      return range && { sums, range, steps: [{ node, operand: 0 }, ...steps], quantize }
    }
    const operand = variableOperand(graph, node)
    if (operand === undefined) return undefined
    steps.unshift({ node, operand })
    id = must(node.inputs[operand], 'operand')
  }
}

/** The one operand of a monotone op that is not constant; its constants must be the same for all pixels. */
function variableOperand(graph: Graph, node: Node): number | undefined {
  if (!MONOTONE.has(node.op)) return undefined
  const shape = typeOf(graph, resultOf(node)).shape
  const variables = node.inputs.flatMap((id, n) => (valueOf(graph, id).data === undefined ? [n] : []))
  const [variable] = variables
  if (variable === undefined || variables.length > 1) return undefined
  // A quotient with the variable below falls on each side of 0 only.
  if (node.op === 'div' && variable === 1) return undefined
  const isOfChannels = node.inputs.every(
    (id, n) =>
      n === variable ||
      typeOf(graph, id)
        .shape.slice(0, -1)
        .every((size) => size === 1),
  )
  const isWhole = typeOf(graph, must(node.inputs[variable], 'operand')).shape.join() === shape.join()
  return isOfChannels && isWhole ? variable : undefined
}

interface Staircase {
  readonly min: number
  readonly steps: number
  /** [channel * steps + step] */
  readonly thresholds: Int32Array
  readonly directions: Int8Array
}

/** By bisection in all channels and steps at once. */
function staircaseOf(graph: Graph, chain: Chain): Staircase | undefined {
  const { min, max } = chain.range
  const channels = min.length
  if (typeOf(graph, chain.sums).shape.at(-1) !== channels) return undefined
  const first = run(graph, chain, Int32Array.from(min), 1)
  const last = run(graph, chain, Int32Array.from(max), 1)
  const directions = Int8Array.from({ length: channels }, (_, c) => (at(last, c) >= at(first, c) ? 1 : -1))
  const isBits = typeOf(graph, resultOf(chain.quantize)).dtype === 'b1'
  const lowest = isBits ? -1 : Math.min(...first, ...last)
  const steps = isBits ? 1 : Math.max(1, Math.max(...first, ...last) - lowest)
  // Between sums that do not reach the step and sums that do, both along the channel's direction.
  const below = new Float64Array(steps * channels)
  const above = new Float64Array(steps * channels)
  for (let i = 0; i < below.length; i++) {
    const c = i % channels
    const [from, to] = directions[c] === 1 ? [at(min, c), at(max, c)] : [-at(max, c), -at(min, c)]
    below[i] = from - 1
    above[i] = to + 1
  }
  const middle = new Float64Array(below.length)
  for (;;) {
    let isOpen = false
    const sums = Int32Array.from(middle, (_, i) => {
      const m = Math.floor((at(below, i) + at(above, i)) / 2)
      middle[i] = m
      if (m > at(below, i)) isOpen = true
      // Beyond the range nothing is asked.
      return Math.max(
        at(min, i % channels),
        Math.min(at(max, i % channels), m * at(directions, i % channels)),
      )
    })
    if (!isOpen) break
    const results = run(graph, chain, sums, steps)
    for (let i = 0; i < below.length; i++) {
      const m = at(middle, i)
      if (m === at(below, i)) continue
      if (at(results, i) > lowest + Math.floor(i / channels)) above[i] = m
      else below[i] = m
    }
  }
  const thresholds = new Int32Array(above.length)
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < steps; k++) thresholds[c * steps + k] = at(above, k * channels + c)
  }
  return { min: lowest, steps, thresholds, directions }
}

function at(list: ArrayLike<number>, i: number): number {
  return list[i] as number
}

/** What the ops of the chain make of `rows` sums of each channel; sums are [row * channels + channel]. */
function run(graph: Graph, chain: Chain, sums: Int32Array, rows: number): Int8Array {
  const rank = typeOf(graph, chain.sums).shape.length
  const channels = sums.length / rows
  const shape = [rows, ...Array<number>(Math.max(0, rank - 2)).fill(1), channels]
  const real: TensorType = { dtype: 'f32', shape }
  let tensor: Tensor = { type: { ...typeOf(graph, chain.sums), shape }, data: sums }
  for (const { node, operand } of chain.steps) {
    const inputs = node.inputs.map((id, n) => (n === operand ? tensor : constant(graph, id)))
    tensor = { type: real, data: OPS[node.op].evaluate(inputs, real, node.attrs) }
  }
  const output = { ...typeOf(graph, resultOf(chain.quantize)), shape }
  return OPS.quantize.evaluate([tensor], output, chain.quantize.attrs) as Int8Array
}

function constant(graph: Graph, id: ValueId): Tensor {
  const { type, data } = valueOf(graph, id)
  return { type, data: must(data, `constant ${id}`) }
}

function thresholdNode(
  graph: Graph,
  quantize: Node,
  { sums }: Chain,
  { min, steps, thresholds, directions }: Staircase,
  added: Map<ValueId, Value>,
): Node {
  const out = resultOf(quantize)
  const define = (wish: string, value: Value) => {
    const id = freshId(`${out} ${wish}`, graph.values, added)
    added.set(id, value)
    return id
  }
  const channels = directions.length
  const inputs = [
    sums,
    define('thresholds', { type: { dtype: 'i32', shape: [channels, steps] }, data: thresholds }),
  ]
  if (directions.includes(-1)) {
    inputs.push(define('directions', { type: { dtype: 'i8', shape: [channels] }, data: directions }))
  }
  return { ...quantize, op: 'threshold', inputs, attrs: { min } }
}
