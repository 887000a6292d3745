/** Lowering of sums, products, moves and tables: what needs no multiply array. Pools are in pool.ts. */
import {
  addRequant,
  mulRequant,
  reluRequant,
  rescaleRequant,
  zeroPointOf,
} from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import { type Node, typeOf } from '../../../ir/graph.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import {
  addLayer,
  allInt8,
  isInt8,
  type LoweringContext,
  type MutableMap,
  mapFor,
  type Unsupported,
  unsupported,
} from './context.ts'
import { onnxBinaryConstants } from './onnx-binary.ts'
import {
  type BinaryConstants,
  type InputUse,
  type MovePart,
  type MoveStage,
  NO_PADDING,
  type Stage,
} from './stage.ts'

export const NOTHING = { macs: 0, weightBytes: 0, parameterBytes: 0 } as const
export const NOT_INT8 = unsupported('the post unit computes on int8 tensors quantized as a whole')

const NO_INTEGERS = unsupported('no integers of the post unit give the results of its float32 arithmetic')

export function attrsOf(node: Node): Record<string, unknown> {
  return withDefaults(OPS[node.op].attrs, node.attrs) as Record<string, unknown>
}

/** Input and output maps of a node with one of each. */
export function ends(ctx: LoweringContext, node: Node): readonly [MutableMap, MutableMap] | undefined {
  const input = mapFor(ctx, must(node.inputs[0], 'input'))
  const output = mapFor(ctx, must(node.outputs[0], 'output'))
  return input && output ? [input, output] : undefined
}

export const sameRows = (map: MutableMap): InputUse => ({
  map: map.id,
  padding: NO_PADDING,
  rows: (from, to) => [from, to],
})

/** Undefined where no integers give the results of the op's own arithmetic. */
export function binaryConstants(ctx: LoweringContext, node: Node): BinaryConstants | undefined {
  const [a, b] = node.inputs.map((id) => typeOf(ctx.graph, id)) as [
    ReturnType<typeof typeOf>,
    ReturnType<typeof typeOf>,
  ]
  const output = typeOf(ctx.graph, must(node.outputs[0], 'output'))
  const { activation, arithmetic } = attrsOf(node) as { activation: Activation; arithmetic: Arithmetic }
  if (arithmetic === 'onnx') {
    return onnxBinaryConstants(node.op as 'add' | 'sub' | 'mul', a, b, output, activation)
  }
  const one = { multiplier: 0, shift: 0 }
  if (node.op === 'mul') {
    const r = mulRequant(a, b, output, activation)
    return {
      zeroPointA: zeroPointOf(a),
      zeroPointB: zeroPointOf(b),
      a: one,
      b: one,
      out: r,
      zeroPoint: r.outputZeroPoint,
      min: r.min,
      max: r.max,
    }
  }
  const r = addRequant(a, b, output, activation, node.op === 'sub' ? -1 : 1)
  return {
    zeroPointA: r.zeroPointA,
    zeroPointB: r.zeroPointB,
    a: r.a,
    b: r.b,
    out: r.output,
    zeroPoint: r.output.outputZeroPoint,
    min: r.output.min,
    max: r.output.max,
  }
}

export function lowerBinary(ctx: LoweringContext, node: Node): Stage | Unsupported {
  if (!allInt8(ctx, node)) return NOT_INT8
  const a = mapFor(ctx, must(node.inputs[0], 'a'))
  const b = mapFor(ctx, must(node.inputs[1], 'b'))
  const output = mapFor(ctx, must(node.outputs[0], 'output'))
  if (!a || !b || !output) return NOT_INT8
  const fits = (m: MutableMap) =>
    m.c === output.c && ((m.h === output.h && m.w === output.w) || (m.h === 1 && m.w === 1))
  if (a.h !== output.h || a.w !== output.w || a.c !== output.c || !fits(b)) {
    return unsupported('the post unit broadcasts only its second operand, and only over rows and columns')
  }
  const constants = binaryConstants(ctx, node)
  if (!constants) return NO_INTEGERS
  const uses: InputUse[] = [
    sameRows(a),
    b.h === output.h ? sameRows(b) : { ...sameRows(b), rows: () => [0, 1] },
  ]
  return {
    kind: 'binary',
    op: node.op as 'add' | 'sub' | 'mul',
    name: node.name,
    layer: addLayer(ctx, node, NOTHING),
    inputs: uses,
    output: output.id,
    constants,
  }
}

/** One part that copies the whole input to the same place. */
function wholePart(map: MutableMap): MovePart {
  return {
    input: 0,
    h: map.h,
    w: map.w,
    c: map.c,
    offsetY: 0,
    offsetX: 0,
    offsetC: 0,
    beginY: 0,
    beginX: 0,
    beginC: 0,
    strideY: 1,
    strideX: 1,
    upY: 1,
    upX: 1,
  }
}

function moveStage(
  ctx: LoweringContext,
  node: Node,
  inputs: readonly InputUse[],
  output: MutableMap,
  parts: readonly MovePart[],
  extra: Partial<Pick<MoveStage, 'fill' | 'table' | 'requant'>> = {},
): MoveStage {
  return {
    kind: 'move',
    name: node.name,
    layer: addLayer(ctx, node, NOTHING),
    inputs,
    output: output.id,
    parts,
    ...extra,
  }
}

/** The op on all 256 int8 values, by its own definition. */
export function tableOf(ctx: LoweringContext, node: Node): Int8Array {
  const shape = [1, 1, 1, 256]
  const input = { ...typeOf(ctx.graph, must(node.inputs[0], 'input')), shape }
  const output = { ...typeOf(ctx.graph, must(node.outputs[0], 'output')), shape }
  const data = Int8Array.from({ length: 256 }, (_, i) => i - 128)
  return OPS[node.op].evaluate([{ type: input, data }], output, node.attrs) as Int8Array
}

export function lowerTable(ctx: LoweringContext, node: Node): Stage | Unsupported {
  if (!allInt8(ctx, node)) return NOT_INT8
  const ports = ends(ctx, node)
  if (!ports) return NOT_INT8
  return moveStage(ctx, node, [sameRows(ports[0])], ports[1], [wholePart(ports[0])], {
    table: tableOf(ctx, node),
  })
}

export function lowerRescale(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const inputType = typeOf(ctx.graph, must(node.inputs[0], 'input'))
  const outputType = typeOf(ctx.graph, must(node.outputs[0], 'output'))
  if (!isInt8(inputType) || !isInt8(outputType)) {
    return unsupported(
      `the post unit requantizes int8 to int8, not ${inputType.dtype} to ${outputType.dtype}`,
    )
  }
  // Float32 arithmetic of one byte is a table.
  if (attrsOf(node).arithmetic === 'onnx') return lowerTable(ctx, node)
  const ports = ends(ctx, node)
  if (!ports) return NOT_INT8
  const r =
    node.op === 'quantize'
      ? rescaleRequant(inputType, outputType)
      : reluRequant(inputType, outputType, node.op as Activation)
  return moveStage(ctx, node, [sameRows(ports[0])], ports[1], [wholePart(ports[0])], {
    requant: {
      zeroPointIn: zeroPointOf(inputType),
      multiplier: r.multiplier,
      shift: r.shift,
      zeroPoint: r.outputZeroPoint,
      min: r.min,
      max: r.max,
    },
  })
}

export function lowerConcat(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const output = mapFor(ctx, must(node.outputs[0], 'output'))
  const inputs = node.inputs.map((id) => mapFor(ctx, id))
  const outputType = typeOf(ctx.graph, must(node.outputs[0], 'output'))
  const { axis, activation } = attrsOf(node) as { axis: number; activation: Activation }
  if (!output || inputs.some((m) => m === undefined)) return NOT_INT8
  if (activation !== 'none') return unsupported('a concatenation with a fused activation has no instruction')
  const differs = node.inputs.some((id) => {
    const q = typeOf(ctx.graph, id).quant
    return q?.scale[0] !== outputType.quant?.scale[0] || q?.zeroPoint[0] !== outputType.quant?.zeroPoint[0]
  })
  if (differs) return unsupported('its inputs and output differ in scale or zero point')
  const dimension = outputType.shape.length - 1 - axis
  if (dimension > 2) return unsupported('it concatenates along the batch')
  let at = 0
  const parts = inputs.map((m, input) => {
    const map = must(m, 'map')
    const part = {
      ...wholePart(map),
      input,
      [(['offsetC', 'offsetX', 'offsetY'] as const)[dimension] as string]: at,
    } as MovePart
    at += dimension === 0 ? map.c : dimension === 1 ? map.w : map.h
    return part
  })
  const uses = inputs.map((m, k): InputUse => {
    const map = must(m, 'map')
    const offset = must(parts[k], 'part').offsetY
    return {
      map: map.id,
      padding: NO_PADDING,
      rows: (from, to) => [clampRow(from - offset, map.h), clampRow(to - offset, map.h)],
    }
  })
  return moveStage(ctx, node, uses, output, parts)
}

function clampRow(row: number, h: number): number {
  return Math.max(0, Math.min(h, row))
}

export function lowerResizeNearest(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const ports = ends(ctx, node)
  if (!ports) return NOT_INT8
  const [input, output] = ports
  const upY = output.h / input.h
  const upX = output.w / input.w
  if (!Number.isInteger(upY) || !Number.isInteger(upX))
    return unsupported('it resizes by a factor that is not whole')
  if ((attrsOf(node) as { align_corners: boolean }).align_corners && (upY > 1 || upX > 1)) {
    return unsupported('aligned corners are not a whole-number resize')
  }
  const use: InputUse = {
    map: input.id,
    padding: NO_PADDING,
    rows: (from, to) => [Math.floor(from / upY), Math.ceil(to / upY)],
  }
  return moveStage(ctx, node, [use], output, [{ ...wholePart(output), c: input.c, upY, upX }])
}

export function lowerPad(ctx: LoweringContext, node: Node): Stage | Unsupported {
  if (!allInt8(ctx, node)) return NOT_INT8
  const ports = ends(ctx, node)
  const shape = typeOf(ctx.graph, must(node.inputs[0], 'input')).shape
  if (!ports || shape.length !== 4) return NOT_INT8
  const { paddings, value } = attrsOf(node) as { paddings: readonly number[]; value: number }
  const [n0 = 0, n1 = 0, top = 0, , left = 0, , front = 0, back = 0] = paddings
  if (n0 + n1 > 0) return unsupported('it pads the batch')
  if (front + back > 0 || paddings.some((p) => p < 0)) return unsupported('it pads channels')
  const [input, output] = ports
  const use: InputUse = {
    map: input.id,
    padding: NO_PADDING,
    rows: (from, to) => [clampRow(from - top, input.h), clampRow(to - top, input.h)],
  }
  return moveStage(ctx, node, [use], output, [{ ...wholePart(input), offsetY: top, offsetX: left }], {
    fill: value,
  })
}

export function lowerStridedSlice(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const ports = ends(ctx, node)
  const rank = typeOf(ctx.graph, must(node.inputs[0], 'input')).shape.length
  const { begin, strides, shrink } = attrsOf(node) as {
    begin: readonly number[]
    strides: readonly number[]
    shrink: readonly number[]
  }
  if (!ports || rank !== 4) return unsupported('only images are sliced by the post unit')
  if (shrink.length > 0) return unsupported('it removes dimensions')
  const [, y = 0, x = 0, c = 0] = begin
  const [, sy = 1, sx = 1, sc = 1] = strides
  if (sc !== 1 || sy < 1 || sx < 1) return unsupported('it reverses, or skips channels')
  const [input, output] = ports
  if ((c * input.bits) % 8 !== 0) return unsupported('its channels do not begin with a whole byte')
  const use: InputUse = {
    map: input.id,
    padding: NO_PADDING,
    rows: (from, to) => [y + from * sy, y + (to - 1) * sy + 1],
  }
  return moveStage(ctx, node, [use], output, [
    { ...wholePart(output), beginY: y, beginX: x, beginC: (c * input.bits) / 8, strideY: sy, strideX: sx },
  ])
}
