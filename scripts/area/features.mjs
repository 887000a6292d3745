/**
 * What features of the machine cost and what they buy, each by itself: `SYNTHESES` are units of the 8 x 8 target with and without a
 * feature, `measureNetworks` runs networks on targets with and without it. docs/area.md tells the differences.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { scaleArea } from '../../dist/backends/trellis/area/count.js'
import { synthesizedUnit } from '../../dist/backends/trellis/area/synthesis.js'
import { UNIT_NAMES, unitsOf } from '../../dist/backends/trellis/area/units.js'
import { compileTrellis } from '../../dist/backends/trellis/compile.js'
import { macCost } from '../../dist/backends/trellis/isa/costs.js'
import { layoutOf } from '../../dist/backends/trellis/isa/layout.js'
import { rtlSources } from '../../dist/backends/trellis/rtl/emit.js'
import { checkTarget } from '../../dist/backends/trellis/target.js'
import { unwrap } from '../../dist/ir/diagnostic.js'
import { elementCount } from '../../dist/ir/tensor.js'
import { simulateProgram } from '../../dist/sim/result.js'
import { loadModel } from '../../dist/src/importers/index.js'
import { optimize } from '../../dist/src/pipeline.js'
import { BAR_TARGET, SWEEP } from './sweep.mjs'
import { tiedUnit } from './tied-unit.mjs'

const base = SWEEP.find(({ target }) => target.name === BAR_TARGET).target

const withArray = (array) => ({ ...base, array: { ...base.array, ...array } })
const withMemories = (memories) => ({ ...base, memories: { ...base.memories, ...memories } })

/** The 8 x 8 target, and others that differ from it in one thing. */
const TARGETS = {
  base,
  'post 1': withArray({ post_lanes: 1 }),
  'post 2': withArray({ post_lanes: 2 }),
  'post 8': withArray({ post_lanes: 8 }),
  '8 bits alone': { ...base, precisions: [8] },
  'banks 1': withMemories({ banks: 1 }),
  'banks 2': withMemories({ banks: 2 }),
  'banks 8': withMemories({ banks: 8 }),
}

/** Modules that are synthesized by themselves, beside whole units: what walks through the rows of load and store, the lanes' multipliers. */
const MODULES = [
  { name: 'rows', top: 'trellis_rows', copies: 2, parameters: { PORT_BYTES: 8, BUS_BYTES: 8 } },
  { name: 'requantize', top: 'trellis_requantize', copies: base.array.post_lanes, parameters: {} },
]

/** Ties, [highest bit, lowest bit, value], of a field, or of its lowest bits. */
function fieldTie(op, name, bits) {
  const { field, lowBit } = layoutOf(op).fields.find((each) => each.name === name)
  return [lowBit + (bits ?? field.bits) - 1, lowBit, 0]
}
/** The opcodes of mac.dense and post.setup, of mac.depthwise and post.acc are even and odd; those of other instructions of post are higher. */
const DENSE_ALONE = [0, 0, 0]
const ACC_ALONE = [2, 1, 0]
/** Modes 0, 2 and 4: without residual sums, thresholds and lines. */
const EVEN_MODES = fieldTie('post.acc', 'mode', 1)
/** 18 bits of address for each of so many ports of activation memory, without the 3 bits inside of a line. */
const wholeLines = (ports) => Array.from({ length: ports }, (_, n) => [18 * n + 2, 18 * n, 0])

/**
 * What is synthesized, by the name of what is different: units or modules of a target, or of the first one with `ties`, bits of the
 * inputs that are constants, so that Yosys removes what is without use then. By worth, most first: synthesis takes minutes.
 */
export const SYNTHESES = [
  { name: 'base', units: UNIT_NAMES },
  { name: 'post 2', units: ['post'] },
  { name: 'post 1', units: ['post'] },
  { name: 'no depthwise', units: ['mac'], ties: { instr: [DENSE_ALONE] } },
  {
    name: 'windows of whole lines',
    units: ['activation'],
    ties: { rd_addr: wholeLines(3), wr_addr: wholeLines(2) },
  },
  { name: 'banks 2', units: ['activation'] },
  { name: 'banks 1', units: ['activation'] },
  { name: '8 bits alone', units: ['mac', 'load', 'post'] },
  { name: 'rows', units: ['rows'] },
  { name: 'rows without rings', units: ['rows'], ties: { ring_size: [[14, 0, 0]] } },
  { name: 'requantization alone', units: ['post'], ties: { instr: [ACC_ALONE, EVEN_MODES] } },
  { name: 'requantize', units: ['requantize'] },
  // Of its rules, TFLite's and that of lines.
  { name: 'requantize by one rule', units: ['requantize'], ties: { rule: [[1, 0, 0]] } },
]

/** Area of each unit of one of SYNTHESES, copies counted. */
export async function synthesizeFeature({ name, units, ties = {} }, family) {
  const target = unwrap(checkTarget(TARGETS[name] ?? base, 'features.mjs', name))
  const sources = unwrap(rtlSources(target))
  const areas = {}
  for (const unit of [...unitsOf(target), ...MODULES].filter((each) => units.includes(each.name))) {
    const tied = Object.keys(ties).length > 0 ? { ...unit, ...tiedUnit(unit.top, sources, ties) } : unit
    areas[unit.name] = scaleArea(unwrap(await synthesizedUnit(tied, sources, family)), unit.copies)
  }
  return areas
}

const ZOO = join(import.meta.dirname, '../../../shared/zoo')
/** Networks, and what their maps need beyond the memories of the target. */
const NETWORKS = {
  resnet8_int8: {},
  dscnn_kws_int8: {},
  vww_96_int8: {},
  mobilenet_v2_int8_224: { activation_kib: 64 },
}
const BINARY_NETWORK = join(import.meta.dirname, '../../examples/digits/digits_1w1a.onnx')

/** Ops that the post unit computes without mac. */
const POST_OPS = ['add', 'sub', 'mul', 'max_pool2d', 'avg_pool2d', 'mean']

const VARIANTS = ['base', 'post 1', 'post 2', 'post 8', 'banks 1', 'banks 2', 'banks 8', 'no cascades']

/** Figures of each network: of its graph, and of its runs on the targets. Wants the zoo beside the repository. */
export async function measureNetworks(step) {
  if (!existsSync(ZOO)) throw new Error(`no zoo of networks in ${ZOO}`)
  const networks = {}
  const measure = (graph, variant, memories = {}) => {
    step(`${graph.name}: ${variant}`)
    const changed = TARGETS[variant] ?? base
    const data = { ...changed, memories: { ...changed.memories, ...memories } }
    const settings = variant === 'no cascades' ? { longestCascade: 1 } : {}
    return runOn(graph, unwrap(checkTarget(data, 'features.mjs', variant)), settings)
  }
  for (const [name, memories] of Object.entries(NETWORKS)) {
    const graph = optimize(unwrap(await loadModel(join(ZOO, 'models', `${name}.tflite`))))
    networks[name] = { memories, graph: graphFigures(graph), runs: {} }
    for (const variant of VARIANTS) networks[name].runs[variant] = measure(graph, variant, memories)
  }
  const graph = optimize(unwrap(await loadModel(BINARY_NETWORK)))
  networks.digits_1w1a = { memories: {}, graph: graphFigures(graph), runs: {} }
  for (const variant of ['base', '8 bits alone']) networks.digits_1w1a.runs[variant] = measure(graph, variant)
  return networks
}

/** What one network takes. */
function runOn(graph, target, settings) {
  const program = unwrap(compileTrellis(graph, target, settings))
  const { cycles, dram, lower_bound } = unwrap(simulateProgram(program, { ownership: false }))
  const depthwise = program.segments.flatMap(({ instructions }) =>
    instructions.filter(({ op }) => op === 'mac.depthwise'),
  )
  const sum = (of) => depthwise.reduce((total, i) => total + of(i), 0)
  return {
    cycles,
    dram_bytes: dram.read_bytes + dram.write_bytes,
    compulsory_bytes: lower_bound.dram_bytes,
    // A dense instruction streams each output once for each place of the filter: weights of a diagonal.
    depthwise_cycles: sum((i) => i.entries * i.blocks * macCost(i, target).streamCycles),
    depthwise_as_dense_cycles: sum((i) => i.entries * i.blocks * i.mx * i.my * i.lines * i.taps),
  }
}

/**
 * Of a graph: bytes of its feature maps, as they are and with channels filled up to lines of activation memory; cycles in which its
 * dense convolutions stream, with lists of windows that start at any byte and with lists of lines; bytes that ops of the post
 * unit alone read and write.
 */
function graphFigures(graph) {
  const { rows, cols } = base.array
  const line = Math.max(rows, cols, base.dram.bytes_per_cycle)
  const shapeOf = (id) => graph.values.get(id).type.shape
  const ids = [...graph.inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)]
  const filled = (shape) => (elementCount(shape) / (shape.at(-1) ?? 1)) * ceilTo(shape.at(-1) ?? 1, line)
  const sum = (items, of) => items.reduce((total, item) => total + of(item), 0)
  const dense = graph.nodes.filter(({ op }) => op === 'conv2d')
  const streams = (entriesOf) =>
    sum(dense, ({ inputs, outputs }) => {
      const [, height, width, channels] = shapeOf(outputs[0])
      return height * width * Math.ceil(channels / cols) * entriesOf(shapeOf(inputs[1]))
    })
  const isMap = new Set(ids)
  return {
    map_bytes: sum(ids, (id) => elementCount(shapeOf(id))),
    map_bytes_of_lines: sum(ids, (id) => filled(shapeOf(id))),
    dense_cycles: streams(([, height, width, channels]) => height * Math.ceil((width * channels) / rows)),
    dense_cycles_of_lines: streams(
      ([, height, width, channels]) => height * width * Math.ceil(channels / rows),
    ),
    post_op_bytes: sum(
      graph.nodes.filter(({ op }) => POST_OPS.includes(op)),
      ({ inputs, outputs }) =>
        sum([...inputs.filter((id) => isMap.has(id)), ...outputs], (id) => elementCount(shapeOf(id))),
    ),
  }
}

const ceilTo = (n, multiple) => Math.ceil(n / multiple) * multiple
