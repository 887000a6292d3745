/** Reads the textual form of a graph (Espalier.g4): names and numbers of the parse tree become values and nodes. */
import { attempt, Diagnosed, type Diagnostic, nearest, type Result, type Span } from '../diagnostic.ts'
import { allocate, DTYPE_RANGE, DTYPES, packedBytes, type TensorData } from '../dtype.ts'
import type { Attr, Attrs, Graph, Node, Value, ValueId } from '../graph.ts'
import { OP_NAMES, type OpName } from '../ops/names.ts'
import { OPS } from '../ops/registry.ts'
import { unpack } from '../packing.ts'
import { type BlockShape, unpackBlocks } from '../sparsity.ts'
import { elementCount, type Quant, type TensorType } from '../tensor.ts'
import type {
  AttributeContext,
  AttributesContext,
  ConstantContext,
  GraphContext,
  NodeContext,
  NumbersContext,
  TensorTypeContext,
} from './generated/EspalierParser.generated.ts'
import { parseNumber, parseValueId, unquote } from './lexical.ts'
import { parseTree } from './syntax.ts'

/** Gives the sidecar file that a text names: a plain file name, beside the text. */
export type ReadSidecar = (name: string) => Result<Uint8Array>

/**
 * The graph in a text; `file` names it in diagnostics `text/...`. Only what can be seen in the text alone is checked:
 * that the graph makes sense is the verifier's business.
 */
export function parse(text: string, file: string, readSidecar: ReadSidecar): Result<Graph> {
  return attempt(() => new GraphBuilder(file, readSidecar).build(parseTree(text, file)))
}

/** A user who made this many mistakes is better served by a short list. */
const MAX_ERRORS = 20
const MAX_TENSOR_BYTES = 2 ** 31 - 1
const PARAMETERS = ['scale', 'zp', 'axis']

/** The parts of a parse tree's node that say where it stands. */
interface Placed {
  readonly start: { readonly line: number; readonly column: number } | null
}
interface Terminal {
  readonly symbol: { readonly line: number; readonly column: number }
  getText(): string
}

class GraphBuilder {
  private readonly file: string
  private readonly readSidecar: ReadSidecar
  private readonly errors: Diagnostic[] = []
  private readonly values = new Map<ValueId, Value>()
  private readonly lineOf = new Map<ValueId, number>()
  private readonly nodeNames = new Set<string>()
  private readonly shared = new Map<string, TensorData>()
  private sidecar: Uint8Array | undefined

  constructor(file: string, readSidecar: ReadSidecar) {
    this.file = file
    this.readSidecar = readSidecar
  }

  build(graph: GraphContext): Graph {
    const name = this.string(graph.STRING())
    const inputs: ValueId[] = []
    const outputs: ValueId[] = []
    const nodes: Node[] = []
    for (const statement of graph.statement()) {
      const weights = statement.weights()
      const input = statement.input()
      const constant = statement.constant()
      const node = statement.node()
      if (node) this.node(node, nodes)
      else if (constant) this.constant(constant)
      else if (input) inputs.push(this.define(input.VALUE(), { type: this.type(input.tensorType()) }))
      else if (weights) this.weights(weights.STRING())
      else for (const id of statement.output()?.VALUE() ?? []) outputs.push(this.use(id))
    }
    if (this.errors.length > 0) throw new Diagnosed(this.errors)
    return { name, inputs, outputs, values: this.values, nodes }
  }

  private weights(literal: Terminal): void {
    const name = this.string(literal)
    if (this.sidecar) {
      this.error(literal, 'redefined', 'the weights are named twice')
      return
    }
    if (name === '' || name.startsWith('.') || /[\\/]/.test(name)) {
      const message = `${JSON.stringify(name)} is not a plain file name`
      this.error(literal, 'sidecar-name', message, 'the weights stand beside the text')
      // Without them every constant would be one more error.
      throw new Diagnosed(this.errors)
    }
    const read = this.readSidecar(name)
    if (read.ok) {
      this.sidecar = read.value
      return
    }
    const note = `named as the weights in ${this.file}, line ${literal.symbol.line}`
    throw new Diagnosed([
      ...this.errors,
      ...read.diagnostics.map((d) => ({ ...d, notes: [...(d.notes ?? []), note] })),
    ])
  }

  private constant(constant: ConstantContext): void {
    const type = this.type(constant.tensorType(), [...PARAMETERS, 'blocks'])
    const blocks = this.blocks(constant.tensorType(), type)
    const offset = constant.NUMBER()
    const list = constant.numbers()
    const data = offset ? this.stored(offset, type, blocks) : list ? this.listed(list, type) : undefined
    this.define(constant.VALUE(), { type, ...(data && { data }), ...(blocks && { blocks }) })
  }

  /** How the elements of a constant are cut into blocks of which only some are stored. */
  private blocks(context: TensorTypeContext, { shape }: TensorType): BlockShape | undefined {
    const given = context.parameter().find((parameter) => parameter.name().getText() === 'blocks')
    if (!given) return undefined
    const list = given.numbers()
    const [outputs = 0, inputs = 0, ...rest] = list ? numbersOf(list) : []
    const isSize = (n: number) => Number.isSafeInteger(n) && n > 0
    if (!isSize(outputs) || !isSize(inputs) || rest.length > 0 || shape.length < 2) {
      const message = 'blocks are [output channels, input channels] of a constant of at least two dimensions'
      return this.error(given, 'blocks', message)
    }
    return { outputs, inputs }
  }

  private stored(offset: Terminal, type: TensorType, blocks?: BlockShape): TensorData | undefined {
    const start = Number(offset.getText())
    const elements = elementCount(type.shape)
    const bytes = blocks ? 4 : packedBytes(type.dtype, elements)
    if (!this.sidecar) {
      const hint = 'name the file before the first constant: weights "model.esp.bin"'
      return this.error(
        offset,
        'no-sidecar',
        'the constant refers to a file of weights, but none is named',
        hint,
      )
    }
    if (!Number.isSafeInteger(start) || start < 0 || start + bytes > this.sidecar.length) {
      const message = `${bytes} bytes at offset ${offset.getText()} are needed, the file of weights has ${this.sidecar.length}`
      return this.error(offset, 'sidecar-size', message, 'is it the file that was written with this text?')
    }
    const { dtype, shape } = type
    const key = `${start}:${elements}:${dtype}:${blocks ? [shape, blocks.outputs, blocks.inputs] : ''}`
    const read = (sidecar: Uint8Array) =>
      blocks
        ? this.kept(offset, () => unpackBlocks(sidecar.subarray(start), dtype, shape, blocks))
        : unpack(sidecar.subarray(start, start + bytes), dtype, elements)
    const data = this.shared.get(key) ?? read(this.sidecar)
    if (data === undefined) return undefined
    this.shared.set(key, data)
    return data
  }

  private kept(offset: Terminal, read: () => TensorData): TensorData | undefined {
    const data = attempt(read)
    if (data.ok) return data.value
    for (const { message, hint } of data.diagnostics) this.error(offset, 'blocks', message, hint)
    return undefined
  }

  private listed(list: NumbersContext, type: TensorType): TensorData | undefined {
    const literals: readonly Terminal[] = list.NUMBER()
    const elements = elementCount(type.shape)
    if (literals.length !== elements) {
      const message = `the shape [${type.shape.join(',')}] has ${elements} elements, the list has ${literals.length}`
      return this.error(list, 'element-count', message)
    }
    if (type.dtype === 'f32') return Float32Array.from(literals, (literal) => parseNumber(literal.getText()))
    if (type.dtype === 'i64') {
      return BigInt64Array.from(literals, (literal) => this.bigInteger(literal))
    }
    const [low, high] = DTYPE_RANGE[type.dtype] ?? [0, 0]
    const numbers = literals.map((literal) => {
      const number = this.integer(literal)
      if (number >= low && number <= high) return number
      this.error(literal, 'number-range', `${literal.getText()} is not a value of ${type.dtype}`)
      return 0
    })
    const data = allocate(type.dtype, elements)
    for (const [i, number] of numbers.entries()) data[i] = number
    return data
  }

  private node(context: NodeContext, nodes: Node[]): void {
    const op = this.op(context)
    const operands: readonly Terminal[] = context.operands()?.VALUE() ?? []
    const inputs = operands.map((operand) => this.use(operand))
    const attrs = this.attrs(context.attributes(), op && Object.keys(OPS[op].attrs))
    const types = context
      .tensorTypes()
      .tensorType()
      .map((type) => this.type(type))
    const results: readonly Terminal[] = context.results().VALUE()
    if (types.length !== results.length) {
      const message = `${results.length} results need as many types, not ${types.length}`
      this.error(context.tensorTypes(), 'type-count', message)
    }
    const outputs = results.map((result, i) =>
      this.define(result, { type: types[i] ?? types[0] ?? { dtype: 'i8', shape: [] } }),
    )
    const literal = context.STRING()
    const name = literal ? this.string(literal) : (outputs[0] ?? '')
    if (this.nodeNames.has(name)) {
      this.error(literal ?? context, 'redefined', `another node is named ${JSON.stringify(name)}`)
    }
    this.nodeNames.add(name)
    if (op) nodes.push({ op, name, inputs, outputs, attrs, span: this.span(context) })
  }

  private op(context: NodeContext): OpName | undefined {
    const name = context.name().getText()
    const op = OP_NAMES.find((known) => known === name)
    if (!op)
      this.error(context.name(), 'unknown-op', `there is no operation ${name}`, didYouMean(name, OP_NAMES))
    return op
  }

  /** `known` are the names that the operation has, if it is one. */
  private attrs(context: AttributesContext | null, known: readonly string[] | undefined): Attrs {
    const attrs = new Map<string, Attr>()
    for (const attribute of context?.attribute() ?? []) {
      const name = attribute.name(0)?.getText() ?? ''
      if (attrs.has(name)) this.error(attribute, 'redefined', `the attribute ${name} is given twice`)
      if (known && !known.includes(name)) {
        const hint = didYouMean(name, known) ?? `its attributes are: ${known.join(', ') || 'none'}`
        this.error(attribute, 'unknown-attribute', `the operation has no attribute ${name}`, hint)
      }
      attrs.set(name, this.attr(attribute))
    }
    return Object.fromEntries(attrs)
  }

  private attr(attribute: AttributeContext): Attr {
    const number = attribute.NUMBER()
    if (number) return parseNumber(number.getText())
    const list = attribute.numbers()
    if (list) return numbersOf(list)
    const literal = attribute.STRING()
    if (literal) return this.string(literal)
    const word = attribute.name(1)?.getText() ?? ''
    return word === 'true' || (word === 'false' ? false : word)
  }

  private type(context: TensorTypeContext, parameters = PARAMETERS): TensorType {
    const name = context.name().getText()
    const dtype = DTYPES.find((known) => known === name)
    if (!dtype) {
      const hint = didYouMean(name, DTYPES) ?? `the types are ${DTYPES.join(' ')}`
      this.error(context.name(), 'unknown-type', `there is no element type ${name}`, hint)
    }
    const shape = context
      .numbers()
      .NUMBER()
      .map((literal) => this.integer(literal))
    if (
      shape.some((extent) => extent < 1) ||
      packedBytes(dtype ?? 'i8', elementCount(shape)) > MAX_TENSOR_BYTES
    ) {
      const message = `[${shape.join(',')}] is not a shape: extents are at least 1, and a tensor has at most 2 GiB`
      this.error(context.numbers(), 'bad-shape', message)
      return { dtype: dtype ?? 'i8', shape: [1] }
    }
    const quant = this.quant(context, parameters)
    return { dtype: dtype ?? 'i8', shape, ...(quant && { quant }) }
  }

  private quant(context: TensorTypeContext, parameters: readonly string[]): Quant | undefined {
    const given = new Map<string, readonly number[]>()
    for (const parameter of context.parameter()) {
      const name = parameter.name().getText()
      if (name === 'blocks' && parameters.includes(name)) continue
      if (!parameters.includes(name)) {
        const hint = didYouMean(name, parameters) ?? `a type has the parameters ${parameters.join(', ')}`
        this.error(parameter, 'unknown-parameter', `a type has no parameter ${name}`, hint)
      }
      if (given.has(name)) this.error(parameter, 'redefined', `${name} is given twice`)
      const number = parameter.NUMBER()
      const list = parameter.numbers()
      given.set(name, number ? [parseNumber(number.getText())] : list ? numbersOf(list) : [])
    }
    const scale = given.get('scale')
    if (given.size === 0) return undefined
    if (!scale) return this.error(context, 'quantization', 'zp and axis mean nothing without a scale')
    const zp = given.get('zp') ?? [0]
    const axis = given.get('axis')
    const integers = [...zp, ...(axis ?? [])].every((n) => n === (n | 0))
    if (!integers || (axis && axis.length !== 1) || (zp.length !== 1 && zp.length !== scale.length)) {
      return this.error(
        context,
        'quantization',
        'zp must be one integer or one for each scale, axis one integer',
      )
    }
    return {
      scale: Float64Array.from(scale),
      zeroPoint: Int32Array.from(scale, (_, i) => zp[zp.length === 1 ? 0 : i] ?? 0),
      ...(axis?.[0] !== undefined && { axis: axis[0] }),
    }
  }

  private define(terminal: Terminal, value: Value): ValueId {
    const id = this.valueId(terminal)
    const line = this.lineOf.get(id)
    if (line !== undefined) {
      const message = `${terminal.getText()} is defined already, in line ${line}`
      this.error(terminal, 'redefined', message, 'every value has one definition: choose another name')
    }
    this.values.set(id, value)
    this.lineOf.set(id, terminal.symbol.line)
    return id
  }

  private use(terminal: Terminal): ValueId {
    const id = this.valueId(terminal)
    if (!this.values.has(id)) {
      const hint =
        didYouMean(id, this.values.keys(), '%') ?? 'a value is defined above the line that reads it'
      this.error(terminal, 'undefined-value', `${terminal.getText()} is not defined`, hint)
    }
    return id
  }

  private valueId(terminal: Terminal): ValueId {
    try {
      return parseValueId(terminal.getText())
    } catch {
      this.error(terminal, 'bad-escape', `${terminal.getText()} has an escape that JSON does not know`)
      return terminal.getText()
    }
  }

  private string(terminal: Terminal): string {
    try {
      return unquote(terminal.getText())
    } catch {
      this.error(terminal, 'bad-escape', `${terminal.getText()} has an escape that JSON does not know`)
      return terminal.getText()
    }
  }

  private integer(terminal: Terminal): number {
    const number = parseNumber(terminal.getText())
    if (Number.isSafeInteger(number)) return number
    this.error(terminal, 'not-integer', `an integer is needed, not ${terminal.getText()}`)
    return 1
  }

  private bigInteger(terminal: Terminal): bigint {
    const text = terminal.getText()
    const number = /^-?\d+$/.test(text) ? BigInt(text) : undefined
    if (number !== undefined && BigInt.asIntN(64, number) === number) return number
    this.error(terminal, 'number-range', `${text} is not a value of i64`)
    return 0n
  }

  private error(at: Placed | Terminal, code: string, message: string, hint?: string): undefined {
    const span = this.span(at)
    const isLast = this.errors.length + 1 === MAX_ERRORS
    this.errors.push({
      code: `text/${code}`,
      severity: 'error',
      message,
      span,
      ...(isLast && { notes: ['there may be more errors: reading stopped here'] }),
      ...(hint && { hint }),
    })
    if (isLast) throw new Diagnosed(this.errors)
    return undefined
  }

  private span(at: Placed | Terminal): Span {
    const token = 'symbol' in at ? at.symbol : at.start
    return { file: this.file, line: token?.line ?? 1, column: (token?.column ?? 0) + 1 }
  }
}

function numbersOf(list: NumbersContext): readonly number[] {
  return list.NUMBER().map((literal: Terminal) => parseNumber(literal.getText()))
}

function didYouMean(name: string, candidates: Iterable<string>, prefix = ''): string | undefined {
  const near = nearest(name, candidates)
  return near === undefined ? undefined : `did you mean ${prefix}${near}?`
}
