/**
 * Random graphs for the laws of the textual form: every kind of name, type, attribute and constant, wired in order.
 * They need not make sense as networks.
 */
import fc from 'fast-check'
import { allocate, DTYPE_RANGE, DTYPES, type DType, type TensorData } from '../../ir/dtype.ts'
import type { Attr, Attrs, Graph, Node, Value, ValueId } from '../../ir/graph.ts'
import { OP_NAMES, type OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { elementCount, type Quant, type TensorType } from '../../ir/tensor.ts'

const name = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 8 }))
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true })
const scale = fc.oneof(
  fc.float({ min: Math.fround(1e-30), max: Math.fround(1e30), noNaN: true }),
  fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
)
const attr: fc.Arbitrary<Attr> = fc.oneof(
  fc.maxSafeInteger(),
  float32,
  fc.double(),
  fc.boolean(),
  fc.constantFrom('none', 'relu', 'true', 'nan', 'two words', '"', 'graph'),
  fc.array(fc.integer(), { maxLength: 6 }),
)
const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 })

function quant(type: TensorType): fc.Arbitrary<Quant | undefined> {
  const zeroPoint = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const of = (length: number, axis?: number) =>
    fc
      .tuple(
        fc.array(scale, { minLength: length, maxLength: length }),
        fc.oneof(
          fc.array(zeroPoint, { minLength: length, maxLength: length }),
          zeroPoint.map((z) => Array.from({ length }, () => z)),
        ),
      )
      .map(([s, z]) => ({
        scale: Float64Array.from(s),
        zeroPoint: Int32Array.from(z),
        ...(axis !== undefined && { axis }),
      }))
  const axes = type.shape.map((extent, axis) => of(extent, axis))
  return fc.oneof(fc.constant(undefined), of(1), ...axes)
}

const tensorType: fc.Arbitrary<TensorType> = fc
  .record({ dtype: fc.constantFrom(...DTYPES), shape })
  .chain((type) => quant(type).map((q) => (q ? { ...type, quant: q } : type)))

function elements(dtype: DType, length: number): fc.Arbitrary<TensorData> {
  const lengths = { minLength: length, maxLength: length }
  if (dtype === 'f32') return fc.array(fc.float(), lengths).map((list) => Float32Array.from(list))
  if (dtype === 'i64') {
    return fc
      .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), lengths)
      .map((list) => BigInt64Array.from(list))
  }
  const [min, max] = DTYPE_RANGE[dtype] ?? [0, 1]
  const element = dtype === 'b1' ? fc.constantFrom(-1, 1) : fc.integer({ min, max })
  return fc.array(element, lengths).map((list) => {
    const data = allocate(dtype, length)
    for (const [i, v] of list.entries()) data[i] = v
    return data
  })
}

const blockShape = fc.record({
  outputs: fc.integer({ min: 1, max: 5 }),
  inputs: fc.integer({ min: 1, max: 5 }),
})

const constant: fc.Arbitrary<Value> = tensorType.chain((type) =>
  fc
    .tuple(elements(type.dtype, elementCount(type.shape)), fc.option(blockShape, { nil: undefined }))
    .map(([data, blocks]) => ({ type, data, ...(blocks && type.shape.length > 1 && { blocks }) })),
)

function attrsOf(op: OpName): fc.Arbitrary<Attrs> {
  const names = Object.keys(OPS[op].attrs)
  return fc
    .tuple(fc.subarray(names), fc.array(attr, { minLength: names.length, maxLength: names.length }))
    .map(([given, values]) => Object.fromEntries(given.map((name, i) => [name, values[i] ?? 0])))
}

/** The picks choose operands and outputs among the values there are. */
const nodeParts = fc.constantFrom(...OP_NAMES).chain((op) =>
  fc.record({
    op: fc.constant(op),
    types: fc.array(tensorType, { minLength: 1, maxLength: 2 }),
    picks: fc.array(fc.nat(), { maxLength: 3 }),
    attrs: attrsOf(op),
    named: fc.boolean(),
  }),
)

export const randomGraph: fc.Arbitrary<Graph> = fc
  .record({
    name,
    ids: fc.uniqueArray(name, { minLength: 24, maxLength: 24 }),
    inputs: fc.array(tensorType, { maxLength: 3 }),
    constants: fc.array(constant, { maxLength: 4 }),
    nodes: fc.array(nodeParts, { maxLength: 5 }),
    outputs: fc.array(fc.nat(), { maxLength: 3 }),
  })
  .map((parts) => {
    const ids = parts.ids.values()
    const fresh = (): ValueId => ids.next().value ?? 'too few names'
    const values = new Map<ValueId, Value>()
    const add = (value: Value): ValueId => {
      const id = fresh()
      values.set(id, value)
      return id
    }
    const pick = (n: number): readonly ValueId[] => {
      const known = [...values.keys()]
      const id = known[n % Math.max(1, known.length)]
      return id === undefined ? [] : [id]
    }
    const inputs = parts.inputs.map((type) => add({ type }))
    for (const value of parts.constants) add(value)
    const nodes: Node[] = parts.nodes.map((node, i) => {
      const operands = node.picks.flatMap(pick)
      const outputs = node.types.map((type) => add({ type }))
      // Two namespaces that cannot meet: no two nodes have one name.
      const label = node.named ? `node "${i}"` : (outputs[0] ?? '')
      return { op: node.op, name: label, inputs: operands, outputs, attrs: { ...node.attrs } }
    })
    return { name: parts.name, inputs, outputs: parts.outputs.flatMap(pick), values, nodes }
  })
