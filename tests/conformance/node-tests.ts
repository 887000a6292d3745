/**
 * ONNX's own tests of single nodes, as Debian packages them (libonnx-testdata): a model, inputs and outputs. Each goes
 * through the importer and the reference interpreter. None is treated in its own way.
 *
 * Networks here are static, so what is shape, axis or index must be constant, though these models have it as an input.
 * So inputs of integers that no layer computes on, and of booleans, are bound to the test's values as initializers; if
 * the importer then still says that something must be constant, all inputs but the first are, as weights are in a
 * network.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnostic, must, type Result, unwrap } from '../../ir/diagnostic.ts'
import { allocate, type DType, type TensorData } from '../../ir/dtype.ts'
import { type Graph, typeOf } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { type Constant, readTensor } from '../../src/importers/onnx/constants.ts'
import { importOnnx } from '../../src/importers/onnx/index.ts'
import {
  type GraphProto,
  MODEL,
  type ModelProto,
  TENSOR,
  type TensorProto,
} from '../../src/importers/onnx/schema.ts'
import { decode } from '../../src/importers/onnx/wire.ts'
import { withInitializers } from './bind.ts'

const FOLDER = '/usr/share/libonnx-testdata/data/node'

export const hasNodeTests = existsSync(FOLDER)
if (!hasNodeTests) console.warn('skipping ONNX’s node tests: install the Debian package libonnx-testdata')

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly why: string }
  /** The importer refuses the model, as something that it does not support. */
  | { readonly kind: 'not claimed'; readonly why: string }

export function nodeTests(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.startsWith('test_'))
    .sort()
}

/** Element types by number: those that networks compute on. */
const COMPUTED: Readonly<Record<number, string>> = { 1: 'f32', 2: 'u8', 3: 'i8', 6: 'i32' }
/** int64 and bool. */
const BOUND: readonly number[] = [7, 9]
const TYPE_NAMES: Readonly<Record<number, string>> = {
  4: 'uint16',
  5: 'int16',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'double',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
}

export function runNodeTest(name: string): Outcome {
  try {
    return run(name)
  } catch (error) {
    return {
      kind: 'failed',
      why: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
    }
  }
}

function run(name: string): Outcome {
  const folder = join(FOLDER, name)
  const bytes = new Uint8Array(readFileSync(join(folder, 'model.onnx')))
  const { graph: model } = decode<ModelProto>(MODEL, bytes, name)
  for (const { type } of model?.output ?? []) {
    const number = type?.tensor?.elemType
    if (number !== undefined && COMPUTED[number] !== undefined) continue
    const what = number === undefined ? 'a sequence or an option' : (TYPE_NAMES[number] ?? `type ${number}`)
    return { kind: 'not claimed', why: `its result is of ${what}, which no layer computes` }
  }
  const sets = readdirSync(folder)
    .filter((each) => each.startsWith('test_data_set_'))
    .sort()
  for (const set of sets) {
    const outcome = runSet(name, bytes, must(model, 'a graph'), join(folder, set))
    if (outcome.kind !== 'passed') return outcome
  }
  return { kind: 'passed' }
}

interface Port {
  readonly name: string
  readonly type: number
  readonly file: string
}

function portsOf({ input = [] }: GraphProto, set: string): readonly Port[] {
  return input.map(({ name = '', type }, n) => ({
    name,
    type: type?.tensor?.elemType ?? 0,
    file: join(set, `input_${n}.pb`),
  }))
}

/** The model with what must be constant bound. */
function imported(name: string, bytes: Uint8Array, ports: readonly Port[]): Result<Graph> {
  const bind = (bound: readonly Port[]) =>
    importOnnx(
      withInitializers(
        bytes,
        bound.map(({ name, file }) => ({ name, bytes: new Uint8Array(readFileSync(file)) })),
      ),
      name,
      unreadable,
    )
  const integers = ports.filter(({ type }) => BOUND.includes(type))
  const first = bind(integers)
  if (first.ok || !first.diagnostics.some(({ code }) => code === 'onnx/not-constant')) return first
  return bind(ports.filter((port, n) => n > 0 || integers.includes(port)))
}

/** The graph of a test that is claimed, as it runs with the test's first data. */
export function nodeGraph(name: string): Graph {
  const folder = join(FOLDER, name)
  const bytes = new Uint8Array(readFileSync(join(folder, 'model.onnx')))
  const { graph } = decode<ModelProto>(MODEL, bytes, name)
  return unwrap(imported(name, bytes, portsOf(must(graph, 'a graph'), join(folder, 'test_data_set_0'))))
}

function runSet(name: string, bytes: Uint8Array, model: GraphProto, set: string): Outcome {
  const ports = portsOf(model, set)
  const result = imported(name, bytes, ports)
  if (!result.ok) return refusal(must(result.diagnostics[0], 'a diagnostic'))
  const graph = result.value
  const inputs = graph.inputs.map((id) => {
    const port = must(
      ports.find((each) => each.name === id),
      `input ${id}`,
    )
    return elements(tensorIn(port.file), graph, id)
  })
  const outputs = createInterpreter(graph).run(inputs)
  for (const [n, id] of graph.outputs.entries()) {
    const why = difference(graph, id, must(outputs[n], id), join(set, `output_${n}.pb`))
    if (why !== undefined) return { kind: 'failed', why }
  }
  return { kind: 'passed' }
}

function unreadable(file: string) {
  const diagnostics: readonly Diagnostic[] = [{ code: 'check/file', severity: 'error', message: file }]
  return { ok: false, diagnostics } as const
}

/** Codes of what the importer knows, and does not support. */
const REFUSALS = /^onnx\/(unsupported-|not-constant|dynamic-shape|opset)|^ir\/constraint/

function refusal({ code, message }: Diagnostic): Outcome {
  const why = `${code}: ${message}`
  return REFUSALS.test(code) ? { kind: 'not claimed', why } : { kind: 'failed', why }
}

function tensorIn(file: string): Constant & { readonly number: number } {
  const proto = decode<TensorProto>(TENSOR, new Uint8Array(readFileSync(file)), file)
  return { ...readTensor(proto, file, file, unreadable), number: proto.dataType ?? 0 }
}

/** uint8 tensors are int8 ones here, whose elements and zero points are less by this. */
const MOVED = 128

function isMoved(number: number, dtype: DType): boolean {
  return COMPUTED[number] === 'u8' && dtype === 'i8'
}

function elements({ data, number }: ReturnType<typeof tensorIn>, graph: Graph, id: string): TensorData {
  const { dtype } = typeOf(graph, id)
  const array = allocate(dtype, data.length)
  data.forEach((value, i) => {
    array[i] = isMoved(number, dtype) ? value - MOVED : value
  })
  return array
}

/** As ONNX's own runner compares: numpy.testing.assert_allclose with these tolerances; integers exactly. */
const RELATIVE = 1e-3
const ABSOLUTE = 1e-7

function difference(graph: Graph, id: string, actual: TensorData, file: string): string | undefined {
  const expected = tensorIn(file)
  const { dtype, shape } = typeOf(graph, id)
  const move = isMoved(expected.number, dtype) ? MOVED : 0
  if (dtype !== COMPUTED[expected.number] && move === 0)
    return `output ${id} is ${dtype}, expected ${COMPUTED[expected.number]}`
  if (`${shape}` !== `${expected.shape}`)
    return `output ${id} has shape [${shape}], expected [${expected.shape}]`
  for (const [i, wanted] of expected.data.entries()) {
    const given = Number(actual[i]) + move
    const isEqual = Object.is(given, wanted) || given === wanted
    const isNear = dtype === 'f32' && Math.abs(given - wanted) <= ABSOLUTE + RELATIVE * Math.abs(wanted)
    if (!isEqual && !isNear) return `element ${i} of output ${id} is ${given}, expected ${wanted}`
  }
  return undefined
}
