/**
 * TFLite importer: one node for each operator of the first subgraph, nothing simplified. Only a recurrent operator (lstm.ts)
 * and a layer that quantizes its input itself (hybrid.ts) become several. Nothing in the file is trusted; what cannot be
 * imported ends in diagnostics with codes `tflite/...`, what makes no sense as a graph in the verifier's `ir/...`.
 */
import { attempt, Diagnosed, type Diagnostic, fail, must, type Result } from '../../../ir/diagnostic.ts'
import type { DType, TensorData } from '../../../ir/dtype.ts'
import type { Graph, Node, Value, ValueId } from '../../../ir/graph.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { freshId } from '../../../ir/rewrite.ts'
import { perTensor } from '../../../ir/tensor.ts'
import { verified } from '../verified.ts'
import { hybridLayer } from './hybrid.ts'
import { BUILTIN_OPERATORS, CUSTOM } from './names.ts'
import { OPERATOR_RULES } from './operators.ts'
import { defaults, FlatbufferReader } from './reader.ts'
import type { Expansion, OperatorRule, OperatorView } from './rule.ts'
import { MODEL, type TfliteModel, type TfliteOperator } from './schema.ts'
import { isHuge, TensorImporter, uniqueNames } from './tensors.ts'

/** A graph and where its values come from. */
export interface TfliteImport {
  readonly graph: Graph
  /** The value that each imported TFLite tensor became; tensors that became attributes or are unused are absent. */
  readonly valueOfTensor: ReadonlyMap<number, ValueId>
}

/** The graph of a TFLite file; `file` names it in diagnostics. */
export function importTflite(bytes: Uint8Array, file: string): Result<Graph> {
  const imported = importTfliteDetailed(bytes, file)
  return imported.ok ? { ok: true, value: imported.value.graph } : imported
}

export function importTfliteDetailed(bytes: Uint8Array, file: string): Result<TfliteImport> {
  return attempt(() => new Importer(bytes, file).import())
}

/** True if the bytes carry TFLite's file identifier. */
export function isTflite(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(4, 8)) === 'TFL3'
}

const SCHEMA_VERSION = 3
const SUBGRAPH_PATH = 'subgraph 0'

class Importer {
  private readonly file: string
  private readonly reader: FlatbufferReader
  private readonly model: TfliteModel
  private readonly operators: readonly TfliteOperator[]
  private readonly inputs: readonly number[]
  private readonly outputs: readonly number[]
  private readonly tensors: TensorImporter
  private readonly values = new Map<ValueId, Value>()
  private readonly valueOfTensor = new Map<number, ValueId>()
  private readonly nodes: Node[] = []
  /** Variable tensors that are an operator's memory. */
  private readonly states = new Set<number>()

  constructor(bytes: Uint8Array, file: string) {
    if (!isTflite(bytes)) {
      fail({
        code: 'tflite/not-tflite',
        message: 'this is not a TFLite file: the identifier TFL3 is missing',
        span: { file, offset: 4 },
        hint: 'give a .tflite file of schema version 3',
      })
    }
    this.file = file
    this.reader = new FlatbufferReader(bytes, file)
    this.model = this.reader.root(MODEL, '')
    if (this.model.version !== SCHEMA_VERSION) {
      fail({
        code: 'tflite/schema-version',
        message: `the file has schema version ${this.model.version}; only ${SCHEMA_VERSION} can be read`,
        span: { file, path: 'version' },
        hint: 'export the model again with a current converter',
      })
    }
    const subgraph = this.model.subgraphs[0]
    if (!subgraph) fail({ code: 'tflite/no-subgraph', message: 'the model has no subgraph', span: { file } })
    this.operators = subgraph.operators
    this.inputs = subgraph.inputs
    this.outputs = subgraph.outputs
    this.tensors = new TensorImporter(bytes, file, this.model, subgraph.tensors, SUBGRAPH_PATH)
  }

  import(): TfliteImport {
    this.refuseUnsupported()
    const inputs = this.inputs.map((tensor) => this.define(tensor, `${SUBGRAPH_PATH} / inputs`))
    for (const [i, operator] of this.operators.entries()) this.nodes.push(this.node(operator, i))
    const outputs = this.outputs.map((tensor) => this.use(tensor, `${SUBGRAPH_PATH} / outputs`))
    const names = uniqueNames(this.nodes.map((node) => node.name))
    const graph: Graph = {
      name: this.file.replace(/^.*[\\/]/, '').replace(/\.tflite$/, ''),
      inputs,
      outputs,
      values: this.values,
      nodes: this.nodes.map((node, i) => ({ ...node, name: names[i] ?? node.name })),
    }
    return { graph: verified(graph, this.file), valueOfTensor: this.valueOfTensor }
  }

  /** The operator's node, the last if it has several. */
  private node(operator: TfliteOperator, index: number): Node {
    const { rule, path } = this.known(operator, index)
    const [output, ...others] = operator.outputs
    if (output === undefined || others.length > 0) {
      this.reject(path, 'bad-operator', `it has ${operator.outputs.length} outputs instead of one`)
    }
    const view = this.view(operator, rule, path)
    for (const state of rule.states ?? []) this.claimState(operator.inputs[state] ?? -1, state, path)
    const last = this.last(operator, rule, view, path)
    const id = this.define(output, path)
    return { ...last, name: id, outputs: [id], span: { file: this.file, path } }
  }

  private last(
    operator: TfliteOperator,
    rule: OperatorRule,
    view: OperatorView<never>,
    path: string,
  ): Pick<Node, 'op' | 'inputs' | 'attrs'> {
    const graph = this.expansion(operator, path)
    const attrs = rule.attrs(view)
    if (rule.expand) return { op: rule.op, inputs: rule.expand(view, graph), attrs }
    const operands = this.operands(operator, rule, path)
    if (rule.inputQuantization && this.isHybrid(operator)) {
      const weights = this.tensors.value(operands[1] ?? -1)
      const inputQuantization = rule.inputQuantization(view)
      return hybridLayer({ op: rule.op, attrs, inputQuantization, weights }, view, graph)
    }
    return { op: rule.op, inputs: operands.map((tensor) => this.use(tensor, path)), attrs }
  }

  /** The tensors that become operands. An optional one that is absent ends the list. */
  private operands(operator: TfliteOperator, rule: OperatorRule, path: string): readonly number[] {
    const wanted = rule.operands === 'all' ? operator.inputs.map((_, i) => i) : (rule.operands ?? [0])
    const required = rule.required ?? wanted.length
    const tensors: number[] = []
    for (const [position, input] of wanted.entries()) {
      const tensor = operator.inputs[input] ?? -1
      if (tensor >= 0) tensors.push(tensor)
      else if (position < required) this.reject(path, 'bad-operator', `its input ${input} is missing`)
    }
    return tensors
  }

  /** Memory that an operator has for itself, and that starts as zeros, does not show. */
  private claimState(tensor: number, input: number, path: string): void {
    if (tensor < 0 || !this.tensors.isVariable(tensor)) {
      this.reject(path, 'bad-operator', `its input ${input} is not a variable tensor`)
    }
    if (this.states.has(tensor)) {
      const message = `it writes ${this.tensors.describe(tensor)}, as another operator does`
      this.reject(path, 'defined-twice', message)
    }
    this.states.add(tensor)
  }

  private expansion(operator: TfliteOperator, path: string): Expansion {
    const names = new Set(this.tensors.ids)
    const fresh = (wish: string, value: Value) => {
      const id = freshId(wish, this.values, names)
      this.values.set(id, value)
      return id
    }
    const typeOf = (id: ValueId) => must(this.values.get(id), id).type
    return {
      name: this.tensors.ids[operator.outputs[0] ?? -1] ?? path,
      value: (input) => this.use(operator.inputs[input] ?? -1, path),
      shape: (id) => typeOf(id).shape,
      constant: (shape, data, wish) => fresh(wish, { type: { dtype: 'f32', shape }, data }),
      bytes: (shape, data, wish) =>
        fresh(wish, { type: { dtype: 'i8', shape, quant: perTensor(1, 0) }, data }),
      emit: (op, inputs, attrs, wish, element = { dtype: 'f32' }) => {
        const inferred = attempt(() => OPS[op].inferShape(inputs.map(typeOf), attrs))
        if (!inferred.ok)
          this.reject(path, 'bad-shape', inferred.diagnostics[0]?.message ?? 'its shapes do not fit')
        const shape = inferred.value
        if (isHuge(element.dtype, shape)) {
          this.reject(path, 'huge-shape', `it computes a tensor [${shape.join(', ')}] of more than 2 GiB`)
        }
        const id = fresh(wish, { type: { ...element, shape } })
        this.nodes.push({ op, name: id, inputs, outputs: [id], attrs, span: { file: this.file, path } })
        return id
      },
    }
  }

  private view(operator: TfliteOperator, rule: OperatorRule, path: string): OperatorView<never> {
    const tensorOf = (input: number) => {
      const tensor = operator.inputs[input] ?? -1
      if (tensor < 0) this.reject(path, 'bad-operator', `its input ${input} is missing`)
      return tensor
    }
    return {
      options: this.options(operator, rule, path) as never,
      output: this.tensors.value(operator.outputs[0] ?? -1).type,
      inputCount: operator.inputs.filter((tensor) => tensor >= 0).length,
      has: (input) => (operator.inputs[input] ?? -1) >= 0,
      input: (input) => this.tensors.value(tensorOf(input)).type,
      ints: (input, what) => this.ints(tensorOf(input), what, path),
      reals: (input, what) => this.reals(tensorOf(input), what, path),
      reject: (code, message, hint) => this.reject(path, code, message, hint),
    }
  }

  private options(operator: TfliteOperator, rule: OperatorRule, path: string): unknown {
    if (!rule.options) return {}
    if (operator.options === undefined) return defaults(rule.options)
    if (operator.optionsType !== rule.options.union) {
      this.reject(
        path,
        'bad-operator',
        `its options are of kind ${operator.optionsType}, not ${rule.options.name}`,
      )
    }
    return this.reader.table(rule.options, operator.options, `${path} / options`)
  }

  private ints(tensor: number, what: string, path: string): readonly number[] {
    const data = this.constant(tensor, what, path)
    if (data instanceof Float32Array)
      this.reject(path, 'bad-operator', `its ${what} is not an integer tensor`)
    return Array.from(data, Number)
  }

  private reals(tensor: number, what: string, path: string): Float32Array {
    const data = this.constant(tensor, what, path)
    if (data instanceof Float32Array) return data
    return this.reject(path, 'bad-operator', `its ${what} is not a float32 tensor`)
  }

  private constant(tensor: number, what: string, path: string): TensorData {
    const { data } = this.tensors.value(tensor)
    if (data) return data
    const hint = 'export the model with fixed shapes, so that it becomes a constant'
    return this.reject(path, 'dynamic-operand', `its ${what} is computed while the model runs`, hint)
  }

  /** A tensor that a node or the model's outputs read: a constant, or one defined before. */
  private use(tensor: number, path: string): ValueId {
    const known = this.valueOfTensor.get(tensor)
    if (known !== undefined) return known
    if (this.tensors.elementType(tensor) && this.tensors.isConstant(tensor)) return this.add(tensor)
    const name = this.tensors.describe(tensor)
    this.reject(path, 'undefined-tensor', `it reads ${name} before anything has computed it`)
  }

  /** A tensor that becomes known here: an input of the model or the result of a node. */
  private define(tensor: number, path: string): ValueId {
    const { data } = this.tensors.value(tensor)
    if (data || this.valueOfTensor.has(tensor)) {
      this.reject(
        path,
        'defined-twice',
        `it writes ${this.tensors.describe(tensor)}, which has a value already`,
      )
    }
    return this.add(tensor)
  }

  private add(tensor: number): ValueId {
    const value = this.tensors.value(tensor)
    const id = this.tensors.ids[tensor] ?? `t${tensor}`
    this.values.set(id, value)
    this.valueOfTensor.set(tensor, id)
    return id
  }

  private operatorName(operator: TfliteOperator): string {
    const code = this.model.operatorCodes[operator.opcodeIndex]
    if (!code) return `operator code ${operator.opcodeIndex}`
    const { builtinCode, deprecatedBuiltinCode, customCode } = code
    // Files written before `builtin_code` existed have 0 there. Source: GetBuiltinCode in schema_utils.cc.
    const number = Math.max(builtinCode, deprecatedBuiltinCode)
    if (number === CUSTOM) return `CUSTOM "${customCode}"`
    return BUILTIN_OPERATORS[number] ?? `builtin operator ${number}`
  }

  private known(operator: TfliteOperator, index: number): { rule: OperatorRule; path: string } {
    const name = this.operatorName(operator)
    const rule = OPERATOR_RULES[name]
    const path = `${SUBGRAPH_PATH} / operator ${index} (${name})`
    if (!rule) this.reject(path, 'unsupported-operator', `${name} is not supported`)
    return { rule, path }
  }

  /** Names everything unsupported at once: one diagnostic for operators, one for element types. */
  private refuseUnsupported(): void {
    const operators = new Map<string, number[]>()
    const types = new Map<string, number[]>()
    for (const [index, operator] of this.operators.entries()) {
      const name = this.operatorName(operator)
      const rule = OPERATOR_RULES[name]
      if (!rule) append(operators, name, index)
      else
        for (const type of this.unsupportedTypes(operator, rule)) append(types, `${name} with ${type}`, index)
    }
    const diagnostics: Diagnostic[] = []
    if (operators.size > 0) {
      const controlFlow = ['IF', 'WHILE', 'CALL_ONCE'].some((name) => operators.has(name))
      diagnostics.push({
        ...this.survey('unsupported-operator', 'operators that are not supported', operators),
        hint: controlFlow
          ? 'control flow cannot be compiled: export the model without it'
          : 'docs/tflite.md lists the supported operators; replace the others and export the model again',
      })
    }
    if (types.size > 0) {
      diagnostics.push({
        ...this.survey('unsupported-type', 'operators with element types that are not supported', types),
        hint: 'docs/tflite.md lists the element types of each operator; convert the model in float, or quantize it fully: int8 weights, int8 or int16 activations',
      })
    }
    if (diagnostics.length > 0) throw new Diagnosed(diagnostics)
  }

  private unsupportedTypes(operator: TfliteOperator, rule: OperatorRule): ReadonlySet<string> {
    const unsupported = new Set<string>()
    const check = (tensor: number | undefined, allowed: OperatorRule['result']) => {
      if (tensor === undefined || tensor < 0) return
      const { name, dtype } = this.tensors.elementType(tensor)
      if (dtype === undefined || !allowed.includes(dtype)) unsupported.add(name)
    }
    const wanted = rule.operands === 'all' ? operator.inputs.map((_, i) => i) : (rule.operands ?? [0])
    for (const [i, input] of wanted.entries()) {
      check(operator.inputs[input], rule.types[i] ?? rule.types.at(-1) ?? [])
    }
    check(operator.outputs[0], rule.result)
    if (unsupported.size === 0) this.checkOneKind(operator, rule, wanted, unsupported)
    return unsupported
  }

  /** Whether a layer has int8 weights between float32 activations. */
  private isHybrid({ inputs: [x = -1, w = -1, bias = -1], outputs: [y = -1] }: TfliteOperator): boolean {
    const is = (tensor: number, dtype: DType) =>
      tensor >= 0 && this.tensors.elementType(tensor).dtype === dtype
    return is(w, 'i8') && is(x, 'f32') && is(y, 'f32') && (bias < 0 || is(bias, 'f32'))
  }

  /** Ops compute on real numbers or on quantized ones, but for layers that quantize their input themselves. */
  private checkOneKind(
    operator: TfliteOperator,
    rule: OperatorRule,
    wanted: readonly number[],
    unsupported: Set<string>,
  ): void {
    if (rule.op === 'quantize' || rule.op === 'dequantize') return
    if (rule.inputQuantization && this.isHybrid(operator)) return
    const tensors = [...wanted.map((input) => operator.inputs[input] ?? -1), operator.outputs[0] ?? -1]
    const kinds = new Set(tensors.filter((t) => t >= 0).map((t) => this.tensors.elementType(t).name))
    if (kinds.has('FLOAT32') && kinds.size > 1) unsupported.add([...kinds].join(' and '))
  }

  private survey(code: string, what: string, found: ReadonlyMap<string, readonly number[]>): Diagnostic {
    const indices = new Set([...found.values()].flat())
    const first = Math.min(...indices)
    const name = this.operatorName(this.operators[first] as TfliteOperator)
    return {
      code: `tflite/${code}`,
      severity: 'error',
      message: `the model has ${indices.size} of ${this.operators.length} ${what}`,
      span: { file: this.file, path: `${SUBGRAPH_PATH} / operator ${first} (${name})` },
      notes: [...found].map(([what, at]) => `${what}: ${at.length} (operator ${listed(at)})`),
    }
  }

  private reject(path: string, code: string, message: string, hint?: string): never {
    fail({ code: `tflite/${code}`, message, span: { file: this.file, path }, ...(hint && { hint }) })
  }
}

function append(map: Map<string, number[]>, key: string, index: number): void {
  const list = map.get(key)
  if (list) list.push(index)
  else map.set(key, [index])
}

/** The first indices of a list that may be long. */
function listed(indices: readonly number[]): string {
  const shown = indices.slice(0, 12).join(', ')
  return indices.length > 12 ? `${shown}, ...` : shown
}
