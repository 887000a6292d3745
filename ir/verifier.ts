/**
 * Checks that a graph is one: single definitions before their uses, operands and attributes as the ops want them, types
 * as inference gives them, quantization complete. A pass leaves a graph that passes; an importer's result must.
 */
import { attempt, type Diagnostic, nearest } from './diagnostic.ts'
import { allocate, DTYPE_RANGE } from './dtype.ts'
import type { Attr, Graph, Node, Value, ValueId } from './graph.ts'
import { OP_NAMES } from './ops/names.ts'
import type { AttrSpec, OpDef } from './ops/op.ts'
import { OPS } from './ops/registry.ts'
import { elementCount, type Quant, type TensorType } from './tensor.ts'

/** Everything wrong with a graph, as far as one fault does not hide another; empty for a valid graph. */
export function verify(graph: Graph): readonly Diagnostic[] {
  const values = [...graph.values].flatMap(([id, value]) => checkValue(id, value))
  const names = checkNodeNames(graph)
  const definitions = checkDefinitions(graph)
  // Without sound definitions there are no operand types to check nodes against.
  if (definitions.length > 0) return [...values, ...names, ...definitions]
  return [...values, ...names, ...graph.nodes.flatMap((node) => checkNode(graph, node))]
}

function error(code: string, message: string, node?: Node, hint?: string): Diagnostic {
  return {
    code,
    severity: 'error',
    message: node ? `${node.op} ${node.name}: ${message}` : message,
    ...(node?.span ? { span: node.span } : {}),
    ...(hint === undefined ? {} : { hint }),
  }
}

function checkValue(id: ValueId, { type, data }: Value): Diagnostic[] {
  const badSize = type.shape.find((size) => !Number.isInteger(size) || size < 1)
  if (badSize !== undefined) {
    return [error('ir/shape', `value ${id} has shape [${type.shape}], expected sizes of at least 1`)]
  }
  const found: Diagnostic[] = []
  if (data !== undefined) {
    const expected = allocate(type.dtype, 0).constructor.name
    const length = elementCount(type.shape)
    if (data.constructor.name !== expected || data.length !== length) {
      const given = `${data.constructor.name}(${data.length})`
      found.push(error('ir/data', `constant ${id} holds ${given}, expected ${expected}(${length})`))
    }
  }
  if (type.quant !== undefined) {
    const message = quantizationFault(type, type.quant)
    if (message !== undefined) found.push(error('ir/quantization', `value ${id} ${message}`))
  }
  return found
}

function quantizationFault(type: TensorType, { scale, zeroPoint, axis }: Quant): string | undefined {
  const expected = axis === undefined ? 1 : type.shape[axis]
  if (expected === undefined) {
    return `is quantized along axis ${axis}, but has ${type.shape.length} dimensions`
  }
  if (scale.length !== expected || zeroPoint.length !== expected) {
    const where = axis === undefined ? 'one for the whole tensor' : `one for each index of axis ${axis}`
    return `has ${scale.length} scales and ${zeroPoint.length} zero points, expected ${expected}, ${where}`
  }
  const badScale = scale.find((s) => !(s > 0 && Number.isFinite(s)))
  if (badScale !== undefined) return `has scale ${badScale}, expected a positive number`
  const [min, max] = DTYPE_RANGE[type.dtype] ?? [0, 0]
  const badZeroPoint = zeroPoint.find((z) => z < min || z > max)
  if (badZeroPoint !== undefined) {
    return `has zero point ${badZeroPoint}, expected ${min} .. ${max} for ${type.dtype}`
  }
  return undefined
}

function checkNodeNames(graph: Graph): Diagnostic[] {
  const seen = new Set<string>()
  return graph.nodes.flatMap((node) => {
    if (!seen.has(node.name)) {
      seen.add(node.name)
      return []
    }
    return [error('ir/duplicate-node', 'another node has this name, expected unique names', node)]
  })
}

/** Static single assignment in topological order. */
function checkDefinitions(graph: Graph): Diagnostic[] {
  const found: Diagnostic[] = []
  const computed = new Set<ValueId>(graph.nodes.flatMap((node) => node.outputs))
  const defined = new Set<ValueId>()
  const define = (id: ValueId, what: string, node?: Node) => {
    const value = graph.values.get(id)
    if (value === undefined) {
      found.push(
        error(
          'ir/undefined-value',
          `${what} ${id} has no type, expected an entry in the graph’s values`,
          node,
        ),
      )
    } else if (defined.has(id) || (value.data !== undefined && (node || graph.inputs.includes(id)))) {
      found.push(
        error(
          'ir/redefinition',
          `${what} ${id} is already defined, expected one definition for each value`,
          node,
        ),
      )
    }
    defined.add(id)
  }
  for (const id of graph.inputs) define(id, 'input')
  for (const [id, value] of graph.values) {
    if (value.data === undefined) {
      if (!computed.has(id) && !graph.inputs.includes(id)) {
        found.push(
          error(
            'ir/undefined-value',
            `nothing defines value ${id}, expected an input, a constant or a result`,
          ),
        )
      }
    } else if (!graph.inputs.includes(id)) {
      defined.add(id)
    }
  }
  for (const node of graph.nodes) {
    for (const id of node.inputs) {
      if (defined.has(id)) continue
      found.push(
        computed.has(id)
          ? error('ir/order', `operand ${id} is computed later, expected nodes in topological order`, node)
          : error('ir/undefined-value', `nothing defines operand ${id}`, node),
      )
    }
    for (const id of node.outputs) define(id, 'result', node)
  }
  for (const id of graph.outputs) {
    if (!defined.has(id)) found.push(error('ir/undefined-value', `nothing defines output ${id}`))
  }
  return found
}

/** Up to the first fault of each kind: later checks rely on the earlier ones. */
function checkNode(graph: Graph, node: Node): Diagnostic[] {
  const def: OpDef | undefined = OPS[node.op]
  if (def === undefined) {
    const like = nearest(node.op, OP_NAMES)
    return [error('ir/unknown-op', 'this is not an op', node, like && `did you mean ${like}?`)]
  }
  const faults = [...checkArity(node, def), ...checkAttrs(node, def)]
  if (faults.length > 0) return faults

  const types = (ids: readonly ValueId[]) => ids.flatMap((id) => graph.values.get(id)?.type ?? [])
  const inputs = types(node.inputs)
  const outputs = types(node.outputs)
  const inferred = attempt(() => def.inferShape(inputs, node.attrs))
  if (!inferred.ok) {
    return inferred.diagnostics.map((d) => error('ir/shape', d.message, node, d.hint))
  }
  const shape = outputs[0]?.shape ?? []
  if (shape.length !== inferred.value.length || !shape.every((size, axis) => size === inferred.value[axis])) {
    return [
      error('ir/shape', `result ${node.outputs[0]} has shape [${shape}], expected [${inferred.value}]`, node),
    ]
  }
  const broken = def.constraints.find(({ holds }) => !holds({ inputs, outputs, attrs: node.attrs }))
  if (broken === undefined) return []
  const operands = [...node.inputs, ...node.outputs].map(
    (id, n) => `${id}: ${typeText([...inputs, ...outputs][n])}`,
  )
  return [{ ...error('ir/constraint', `this does not hold: ${broken.sentence}`, node), notes: operands }]
}

function typeText(type: TensorType | undefined): string {
  if (type === undefined) return 'no type'
  const { dtype, shape, quant } = type
  if (quant === undefined) return `${dtype} [${shape}], not quantized`
  if (quant.axis !== undefined) return `${dtype} [${shape}], quantized along axis ${quant.axis}`
  return `${dtype} [${shape}], scale ${quant.scale[0]}, zero point ${quant.zeroPoint[0]}`
}

function checkArity(node: Node, def: OpDef): Diagnostic[] {
  const given = node.inputs.length
  const most = def.variadic ? Number.POSITIVE_INFINITY : def.inputs.length
  const found: Diagnostic[] = []
  if (given < def.required || given > most) {
    const expected = def.variadic
      ? `at least ${def.required}`
      : def.required === most
        ? `${most}`
        : `${def.required} to ${most}`
    found.push(error('ir/arity', `${given} operands, expected ${expected} (${def.inputs.join(', ')})`, node))
  }
  if (node.outputs.length !== 1) {
    found.push(error('ir/arity', `${node.outputs.length} results, expected 1`, node))
  }
  return found
}

function checkAttrs(node: Node, def: OpDef): Diagnostic[] {
  const found: Diagnostic[] = []
  for (const [name, value] of Object.entries(node.attrs)) {
    const spec = def.attrs[name]
    if (spec === undefined) {
      const like = nearest(name, Object.keys(def.attrs))
      const known = Object.keys(def.attrs).join(', ') || 'none'
      const hint = like === undefined ? `its attributes are: ${known}` : `did you mean ${like}?`
      found.push(error('ir/unknown-attribute', `attribute ${name} is not known`, node, hint))
    } else if (!isOfKind(value, spec)) {
      found.push(
        error(
          'ir/attribute',
          `attribute ${name} is ${JSON.stringify(value)}, expected ${kindText(spec)}`,
          node,
        ),
      )
    }
  }
  for (const [name, spec] of Object.entries(def.attrs)) {
    if (node.attrs[name] === undefined && spec.default === undefined) {
      found.push(
        error('ir/attribute', `attribute ${name} is missing, expected ${kindText(spec)}: ${spec.doc}`, node),
      )
    }
  }
  return found
}

function isOfKind(value: Attr, { kind, oneOf }: AttrSpec): boolean {
  switch (kind) {
    case 'int':
      return Number.isInteger(value)
    case 'float':
      return typeof value === 'number'
    case 'bool':
      return typeof value === 'boolean'
    case 'string':
      return typeof value === 'string' && (oneOf === undefined || oneOf.includes(value))
    case 'ints':
      return Array.isArray(value) && value.every((n) => Number.isInteger(n))
  }
}

function kindText({ kind, oneOf }: AttrSpec): string {
  switch (kind) {
    case 'int':
      return 'an integer'
    case 'float':
      return 'a number'
    case 'bool':
      return 'true or false'
    case 'string':
      return oneOf ? `one of ${oneOf.join(', ')}` : 'a string'
    case 'ints':
      return 'a list of integers'
  }
}
