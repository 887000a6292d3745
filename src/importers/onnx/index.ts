/**
 * ONNX importer: the nodes that the outputs need, in NHWC, with arithmetic on quantized elements where the file
 * quantizes and dequantizes around it. Nothing in the file is trusted; what cannot be imported ends in diagnostics with
 * codes `onnx/...`, what makes no sense as a graph in the verifier's `ir/...`.
 */
import { attempt, Diagnosed, type Diagnostic, fail, type Result } from '../../../ir/diagnostic.ts'
import { allocate, type DType } from '../../../ir/dtype.ts'
import type { Graph, ValueId } from '../../../ir/graph.ts'
import { foldConstants } from '../../../ir/passes/fold-constants.ts'
import { foldScales } from '../../../ir/passes/fold-scales.ts'
import { foldThresholds } from '../../../ir/passes/fold-thresholds.ts'
import { integerArithmetic } from '../../../ir/passes/integer-arithmetic.ts'
import { removeDead } from '../../../ir/passes/remove-dead.ts'
import { perTensor } from '../../../ir/tensor.ts'
import { verified } from '../verified.ts'
import { type Computed, GraphBuilder, type Operand, type Origin, plainOrder } from './builder.ts'
import { type Constant, checkShape, elementType, type ReadBeside, readTensor } from './constants.ts'
import { NodeContext } from './context.ts'
import { foldOf } from './fold.ts'
import { operatorKey } from './names.ts'
import { OPERATORS } from './operators/index.ts'
import { withIntegers } from './operators/integers.ts'
import { orderedNodes, type PlacedNode } from './order.ts'
import { quantizedLayers } from './qdq.ts'
import { type GraphProto, MODEL, type ModelProto, type TensorProto, type ValueInfoProto } from './schema.ts'
import { decode } from './wire.ts'

/** Versions of ONNX's operator set that can be read, from this on. */
const OLDEST_OPSET = 7
/** Of a file that names none, since it has operators of other domains only. */
const LATEST_OPSET = 24

export interface OnnxOptions {
  /** What a batch without a fixed size becomes. */
  readonly batch?: number
}

/** The graph of an ONNX file; `file` names it in diagnostics, `readBeside` gives the files of its folder. */
export function importOnnx(
  bytes: Uint8Array,
  file: string,
  readBeside: ReadBeside,
  options: OnnxOptions = {},
): Result<Graph> {
  return attempt(() => {
    const graph = new Importer(bytes, file, once(readBeside), options.batch).import()
    const context = { warn: () => {} }
    return [foldConstants, integerArithmetic, foldThresholds, foldScales, removeDead].reduce(
      (current, pass) => verified(pass.run(current, context), file),
      verified(graph, file),
    )
  })
}

/** Reads each file once: many tensors lie in one. */
function once(readBeside: ReadBeside): ReadBeside {
  const known = new Map<string, ReturnType<ReadBeside>>()
  return (name) => {
    const result = known.get(name) ?? readBeside(name)
    known.set(name, result)
    return result
  }
}

class Importer {
  private readonly file: string
  private readonly readBeside: ReadBeside
  private readonly batch: number | undefined
  private readonly graph: GraphProto
  private readonly opsets: ReadonlyMap<string, number>
  private readonly builder = new GraphBuilder()
  private readonly operands = new Map<string, Operand>()
  private readonly initializers: ReadonlyMap<string, TensorProto>
  /** Names of the first dimensions of inputs: wherever else they stand, they are the batch, too. */
  private readonly batches: ReadonlySet<string>
  private hasOpenBatch = false
  /** Graph outputs so far. */
  private readonly given = new Set<ValueId>()

  constructor(bytes: Uint8Array, file: string, readBeside: ReadBeside, batch: number | undefined) {
    this.file = file
    this.readBeside = readBeside
    this.batch = batch
    const model = decode<ModelProto>(MODEL, bytes, file)
    if (!model.graph)
      fail({
        code: 'onnx/no-graph',
        message: 'the file holds no graph',
        span: { file },
        hint: 'is it an ONNX model?',
      })
    this.graph = model.graph
    this.initializers = new Map((this.graph.initializer ?? []).map((tensor) => [tensor.name ?? '', tensor]))
    this.batches = new Set(
      (this.graph.input ?? []).flatMap(({ type }) => type?.tensor?.shape?.dim?.[0]?.param || []),
    )
    this.opsets = new Map(
      (model.opsetImport ?? []).map(({ domain, version }) => [
        domain === 'ai.onnx' ? '' : (domain ?? ''),
        version ?? 0,
      ]),
    )
    if ((this.graph.output ?? []).length === 0) {
      fail({
        code: 'onnx/no-graph',
        message: 'the graph has no outputs',
        span: { file },
        hint: 'name what the model is to compute as an output, and export it again',
      })
    }
    const opset = this.opsets.get('') ?? LATEST_OPSET
    if (opset < OLDEST_OPSET) {
      fail({
        code: 'onnx/opset',
        message: `the file uses version ${opset} of ONNX's operators; ${OLDEST_OPSET} is the oldest that can be read`,
        span: { file },
        hint: 'convert it with onnx.version_converter',
      })
    }
    if ((this.graph.sparseInitializer?.length ?? 0) > 0) {
      const message = 'sparse initializers are not supported'
      fail({
        code: 'onnx/unsupported-type',
        message,
        span: { file },
        hint: 'store the weights dense, with their zeros',
      })
    }
  }

  import(): Graph {
    const nodes = orderedNodes(this.graph, this.file)
    this.refuseUnsupported(nodes)
    const inputs = (this.graph.input ?? []).flatMap((info) => this.input(info))
    if (this.batch !== undefined && !this.hasOpenBatch) {
      fail({
        code: 'model/fixed-batch',
        message: `a batch of ${this.batch} was asked for, but the sizes of all inputs are fixed`,
        span: { file: this.file },
        hint: 'leave --batch out, or export the model with an open batch',
      })
    }
    for (const node of nodes) this.node(node)
    const outputs = (this.graph.output ?? []).map((info) => this.output(info))
    const graph = {
      name: this.file.replace(/^.*[\\/]/, '').replace(/\.onnx$/i, ''),
      inputs,
      outputs,
      values: this.builder.values,
      nodes: this.builder.nodes,
    }
    return this.builder.hasQuantizers ? quantizedLayers(graph, this.builder.grids) : graph
  }

  /** Names all unsupported operators at once. */
  private refuseUnsupported(nodes: readonly PlacedNode[]): void {
    const counts = new Map<string, number>()
    for (const { proto } of nodes) {
      const key = operatorKey(proto.domain, proto.opType ?? '')
      if (OPERATORS[key] === undefined && foldOf(key) === undefined)
        counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    if (counts.size === 0) return
    const list = [...counts].map(([key, count]) => (count > 1 ? `${key} (${count} times)` : key))
    const diagnostic: Diagnostic = {
      code: 'onnx/unsupported-operator',
      severity: 'error',
      message: `operators that are not supported: ${list.join(', ')}`,
      span: { file: this.file },
      hint: 'replace them in the model',
    }
    throw new Diagnosed([diagnostic])
  }

  /** A graph input; old files list their initializers among them. */
  private input(info: ValueInfoProto): readonly ValueId[] {
    const name = info.name ?? ''
    if (this.initializers.has(name)) return []
    const tensor = info.type?.tensor
    const what = `input ${JSON.stringify(name)}`
    const batches = this.batches
    const shape = (tensor?.shape?.dim ?? []).map(({ value, param }, axis) => {
      if (value !== undefined && value > 0) return value
      if (axis === 0 || (param && batches.has(param))) {
        this.hasOpenBatch = true
        return this.batch ?? 1
      }
      return fail({
        code: 'onnx/dynamic-shape',
        message: `${what} has no fixed size along axis ${axis}`,
        span: { file: this.file, path: what },
        hint: 'export the model with fixed sizes; only the first, the batch, may be left open',
      })
    })
    if (!tensor?.shape) {
      fail({
        code: 'onnx/dynamic-shape',
        message: `${what} has no shape`,
        span: { file: this.file, path: what },
        hint: 'export the model with fixed sizes',
      })
    }
    checkShape(shape, what, this.file)
    const dtype = INPUT_TYPES[elementType(tensor.elemType ?? 0, what, this.file)]
    if (dtype === undefined) {
      fail({
        code: 'onnx/unsupported-type',
        message: `${what} has elements of a type that no layer takes`,
        span: { file: this.file, path: what },
        hint: 'export the model with float32 inputs',
      })
    }
    const id = this.builder.define(name, { type: { dtype, shape } })
    this.operands.set(name, { kind: 'computed', id, shape, order: plainOrder(shape.length) })
    return [id]
  }

  private node({ proto, path }: PlacedNode): void {
    const key = operatorKey(proto.domain, proto.opType ?? '')
    const inputs = (proto.input ?? []).map((name) => (name === '' ? undefined : this.operand(name, path)))
    const context = new NodeContext(this.builder, {
      proto,
      origin: {
        name: proto.name || proto.output?.[0] || (proto.opType ?? 'node'),
        results: proto.output ?? [],
        file: this.file,
        path,
      },
      opset: this.opsets.get(proto.domain === 'ai.onnx' ? '' : (proto.domain ?? '')) ?? LATEST_OPSET,
      inputs,
      readBeside: this.readBeside,
    })
    const fold = foldOf(key)
    const constants = inputs.filter((operand): operand is Constant => operand?.kind === 'constant')
    const isConstant = constants.length === inputs.length
    const rule = OPERATORS[key]
    const results =
      fold && (isConstant || rule === undefined)
        ? isConstant
          ? fold(context, constants)
          : context.reject('not-constant', 'its inputs are computed; only constants are supported')
        : rule
          ? withIntegers(key, context, rule)
          : []
    context.refuseUnknownAttributes()
    ;(proto.output ?? []).forEach((name, n) => {
      const result = results[n]
      if (name === '') return
      if (result) this.operands.set(name, result)
      // An optional output that nothing reads, such as a mask, is not made.
    })
  }

  private operand(name: string, path: string): Operand {
    const operand = this.operands.get(name) ?? this.initializer(name)
    if (operand) return operand
    return fail({
      code: 'onnx/undefined-input',
      message: `nothing gives ${JSON.stringify(name)}`,
      span: { file: this.file, path },
      hint: 'is the model complete? onnx.checker says more about it',
    })
  }

  /** Read when something needs it: one that nothing reads may be of any kind. */
  private initializer(name: string): Operand | undefined {
    const tensor = this.initializers.get(name)
    if (tensor === undefined) return undefined
    const what = `initializer ${JSON.stringify(name)}`
    const operand = readTensor(tensor, what, this.file, this.readBeside)
    this.operands.set(name, operand)
    return operand
  }

  /** Another name for a value of the graph, also for what reads it from here on. */
  private rename(id: ValueId, wish: string): void {
    const name = this.builder.rename(id, wish)
    for (const [tensor, operand] of this.operands) {
      if (operand.kind === 'computed' && operand.id === id)
        this.operands.set(tensor, { ...operand, id: name })
    }
  }

  /** A constant output has its type of the file, if that is one here. */
  private constant(operand: Constant, wish: string): ValueId {
    const dtype = INPUT_TYPES[operand.dtype] ?? 'f32'
    if (dtype === 'f32') return this.builder.real(operand, wish)
    const data = allocate(dtype, operand.data.length)
    operand.data.forEach((value, i) => {
      data[i] = value
    })
    return this.builder.data({ dtype, shape: operand.shape }, data, wish)
  }

  /** Axes as in the file; float32 elements that stand for its integers become such. */
  private computed(operand: Computed, origin: Origin): ValueId {
    const plain = this.builder.arrange(operand, plainOrder(operand.shape.length), origin)
    const { integers } = operand
    if (integers === undefined) return plain
    if (integers !== 'u8' && integers !== 'i8') {
      fail({
        code: 'onnx/unsupported-type',
        message: `${origin.path} has the sums of a layer whose zero point depends on the data`,
        span: { file: this.file, path: origin.path },
        hint: 'cast it to float32 in the model',
      })
    }
    const type = { dtype: integers, quant: perTensor(1, 0) }
    return this.builder.emit('quantize', [plain], { arithmetic: 'onnx' }, origin, `${plain} as bytes`, type)
  }

  /** A graph output under its own name, with its axes as in the file. */
  private output({ name = '' }: ValueInfoProto): ValueId {
    const operand = this.operand(name, `output ${JSON.stringify(name)}`)
    const origin = { name, results: [name], file: this.file, path: `output ${JSON.stringify(name)}` }
    if (operand.shape.includes(0)) {
      fail({
        code: 'onnx/unsupported-type',
        message: `output ${JSON.stringify(name)} has shape [${operand.shape}], which holds no element`,
        span: { file: this.file, path: origin.path },
        hint: 'remove the output from the model',
      })
    }
    const plain =
      operand.kind === 'constant' ? this.constant(operand, `${name} value`) : this.computed(operand, origin)
    if (plain !== name) {
      if (this.builder.values.has(name)) this.rename(name, `${name} inside`)
      const isFree = this.builder.isResult(plain) && !this.given.has(plain)
      if (isFree) this.rename(plain, name)
      else {
        // An input, a constant, or what is another output already.
        const { shape } = this.builder.type(plain)
        this.builder.emit('reshape', [plain], { shape }, origin, name, this.builder.resultOf(plain))
      }
    }
    this.given.add(name)
    return name
  }
}

/** Element types of graph inputs that layers compute on. */
const INPUT_TYPES: Readonly<Record<string, DType>> = { f32: 'f32', i8: 'i8', u8: 'u8', i32: 'i32' }
