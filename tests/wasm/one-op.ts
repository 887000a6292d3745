/** Networks of one op, over all the types, shapes and quantizations that it takes. */
import fc from 'fast-check'
import { must } from '../../ir/diagnostic.ts'
import { allocate, DTYPE_RANGE, type DType, type TensorData } from '../../ir/dtype.ts'
import type { Attrs, Graph, Value, ValueId } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { elementCount, perTensor, type Quant, type TensorType } from '../../ir/tensor.ts'
import { verify } from '../../ir/verifier.ts'
import { cases } from '../laws/long-run.ts'
import { checkOnWasm } from './wasm-law.ts'

export interface OneOp {
  readonly op: OpName
  readonly operands: readonly Operand[]
  readonly attrs: Attrs
  readonly output: { readonly dtype: DType; readonly quant?: Quant }
}

export interface Operand {
  readonly type: TensorType
  /** Where it is a constant. */
  readonly data?: TensorData
}

/** The network: operands that are no constants are its inputs. */
export function oneOpGraph({ op, operands, attrs, output }: OneOp): Graph {
  const ids = operands.map((_, n) => `x${n}`)
  const shape = OPS[op].inferShape(
    operands.map(({ type }) => type),
    attrs,
  )
  const values = new Map<ValueId, Value>(operands.map((operand, n) => [must(ids[n], 'id'), operand]))
  values.set('y', { type: { ...output, shape } })
  return {
    name: op,
    inputs: ids.filter((_, n) => operands[n]?.data === undefined),
    outputs: ['y'],
    values,
    nodes: [{ op, name: op, inputs: ids, outputs: ['y'], attrs }],
  }
}

/** The law for one op, on elements of the types' whole ranges. */
function checkOneOp(one: OneOp, seed: number): Promise<void> {
  return checkGraph(oneOpGraph(one), seed)
}

/** The same for any network. */
export async function checkGraph(graph: Graph, seed: number): Promise<void> {
  const findings = verify(graph)
  if (findings.length > 0) throw new Error(`not a valid network: ${findings[0]?.message}`)
  const inputs = [seed, seed + 1].map((s) =>
    graph.inputs.map((id, n) => randomElements(must(graph.values.get(id), id).type, s + 100 * n)),
  )
  await checkOnWasm(graph, seed, inputs)
}

export function lawOf(arbitrary: fc.Arbitrary<OneOp>, usual: number): () => Promise<void> {
  return async () => {
    await fc.assert(fc.asyncProperty(arbitrary, fc.nat(1 << 20), checkOneOp), cases(usual))
  }
}

/** Elements over the type's range, one in four an extreme; real numbers near halves of a scale of 1/16, and any. */
export function randomElements({ dtype, shape }: TensorType, seed: number): TensorData {
  const random = randomNumbers(seed)
  const data = allocate(dtype, elementCount(shape))
  if (data instanceof BigInt64Array) return data.map(() => BigInt(random(-(2 ** 40), 2 ** 40)))
  const [min, max] = DTYPE_RANGE[dtype] ?? [0, 0]
  for (let i = 0; i < data.length; i++) {
    if (dtype === 'f32') data[i] = realNumber(random)
    else if (dtype === 'b1') data[i] = 2 * random(0, 1) - 1
    else data[i] = random(0, 3) === 0 ? (random(0, 1) === 0 ? min : max) : random(min, max)
  }
  return data
}

const UNUSUAL = [Number.NaN, Infinity, -Infinity, -0, 1e-40, 3e38, -3e38] as const

function realNumber(random: Random): number {
  const kind = random(0, 7)
  if (kind === 0) return must(UNUSUAL[random(0, UNUSUAL.length - 1)], 'number')
  if (kind < 4) return random(-4200, 4200) / 32
  return random(-(2 ** 30), 2 ** 30) / 2 ** random(10, 30)
}

export type Random = (from: number, to: number) => number

/** Integers in [from, to] from a seed: xorshift32 (Marsaglia 2003). */
export function randomNumbers(seed: number): Random {
  let state = (Math.imul(seed + 1, 2654435761) ^ 0x9e3779b9) >>> 0 || 1
  return (from, to) => {
    state = (state ^ (state << 13)) >>> 0
    state = (state ^ (state >>> 17)) >>> 0
    state = (state ^ (state << 5)) >>> 0
    return from + Math.floor((state / 2 ** 32) * (to - from + 1))
  }
}

/** A factor between 2^-spread and 2^spread; a quarter of them powers of two, which give ties. */
export function factor(spread: number): fc.Arbitrary<number> {
  return fc
    .tuple(fc.integer({ min: -32 * spread, max: 32 * spread }), fc.nat(3))
    .map(([n, kind]) => Math.fround(2 ** (kind === 0 ? Math.round(n / 32) : n / 32)))
}

export const zeroPoint = fc.oneof(fc.constantFrom(0, -128, -1, 3, 127), fc.integer({ min: -128, max: 127 }))

/** Quantization of an activation: int16 has no zero point. */
export function activationQuant(dtype: DType, scale: number, zeroPoint: number): Quant {
  return perTensor(Math.fround(scale), dtype === 'i16' ? 0 : zeroPoint)
}
