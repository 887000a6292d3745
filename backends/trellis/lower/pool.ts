/** Lowering of pools and means: windows of the post unit. */
import { meanRequant, zeroPointOf } from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import { multiplyHalfEven } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import { type Node, typeOf } from '../../../ir/graph.ts'
import {
  addLayer,
  allInt8,
  type LoweringContext,
  type MutableMap,
  type Unsupported,
  unsupported,
} from './context.ts'
import { attrsOf, ends, NOT_INT8, NOTHING } from './elementwise.ts'
import { NO_PADDING, type PoolStage, type Stage } from './stage.ts'

interface PoolAttrs {
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly pads: readonly [number, number, number, number]
  readonly activation: Activation
  /** Of average pools. */
  readonly arithmetic?: Arithmetic
}

function poolStage(
  ctx: LoweringContext,
  node: Node,
  ports: readonly [MutableMap, MutableMap],
  maximum: boolean,
  { kernel, stride, pads }: Omit<PoolAttrs, 'activation' | 'arithmetic'>,
  scale: PoolStage['scale'],
): PoolStage {
  const [input, output] = ports
  return {
    kind: 'pool',
    maximum,
    name: node.name,
    layer: addLayer(ctx, node, NOTHING),
    inputs: [
      {
        map: input.id,
        padding: NO_PADDING,
        rows: (from, to) => [
          Math.max(0, from * stride[0] - pads[0]),
          Math.min(input.h, (to - 1) * stride[0] - pads[0] + kernel[0]),
        ],
      },
    ],
    output: output.id,
    kernelH: kernel[0],
    kernelW: kernel[1],
    strideY: stride[0],
    strideX: stride[1],
    padTop: pads[0],
    padLeft: pads[1],
    scale,
  }
}

export function lowerPool(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const ports = ends(ctx, node)
  if (!ports) return NOT_INT8
  const attrs = attrsOf(node) as unknown as PoolAttrs
  if (attrs.arithmetic === 'onnx') {
    return unsupported('its float32 sums depend on the order of their elements')
  }
  if (attrs.activation !== 'none') return unsupported('a pool with a fused activation has no instruction')
  if (attrs.kernel[0] > 255 || attrs.kernel[1] > 255) return unsupported('a pool window is at most 255 x 255')
  const maximum = node.op === 'max_pool2d'
  if (!maximum && !allInt8(ctx, node)) return NOT_INT8
  if (!maximum && !reciprocalIsExact(attrs.kernel[0] * attrs.kernel[1])) {
    return unsupported('its window is too large for an exact division by multiplication')
  }
  return poolStage(ctx, node, ports, maximum, attrs, (count) => ({
    ...reciprocal(count),
    rule: 'half_even',
    zeroPointIn: 0,
    zeroPoint: 0,
  }))
}

/**
 * 1 / count as a multiplier a little too large: a tie of a positive or negative sum then lies just beyond the half, so
 * that the single rounding of `half_even` takes it away from zero as the pool's division does.
 */
function reciprocal(count: number): { readonly multiplier: number; readonly shift: number } {
  const shift = 1 - Math.ceil(Math.log2(count))
  return { multiplier: Math.floor(2 ** (31 - shift) / count) + 1, shift }
}

const checkedCounts = new Map<number, boolean>()

/** Whether the requantizer divides every sum of up to `count` int8 values exactly as the pool's rounding division does. */
function reciprocalIsExact(count: number): boolean {
  const known = checkedCounts.get(count)
  if (known !== undefined) return known
  let exact = count <= 1 << 14
  for (let n = 1; n <= count && exact; n++) {
    // Windows cut off by an edge divide by fewer; each divisor that can occur must hold.
    if (count % n !== 0 && n !== count) continue
    const { multiplier, shift } = reciprocal(n)
    for (let sum = -128 * n; sum <= 128 * n && exact; sum++) {
      const rounded = Math.trunc((sum + (sum > 0 ? 1 : -1) * Math.floor(n / 2)) / n)
      exact = multiplyHalfEven(sum, multiplier, shift) === (rounded | 0)
    }
  }
  checkedCounts.set(count, exact)
  return exact
}

export function lowerMean(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const ports = ends(ctx, node)
  const inputType = typeOf(ctx.graph, must(node.inputs[0], 'input'))
  const outputType = typeOf(ctx.graph, must(node.outputs[0], 'output'))
  if (!ports || !allInt8(ctx, node) || inputType.shape.length !== 4) return NOT_INT8
  const { axes, arithmetic } = attrsOf(node) as { axes: readonly number[]; arithmetic: Arithmetic }
  if (axes.some((axis) => axis !== 1 && axis !== 2))
    return unsupported('the post unit averages over rows and columns only')
  const [input, output] = ports
  const kernel = [axes.includes(1) ? input.h : 1, axes.includes(2) ? input.w : 1] as const
  if (kernel[0] > 255 || kernel[1] > 255) return unsupported('a pool window is at most 255 x 255')
  // Without kept dimensions a mean over columns alone turns rows into columns.
  if (output.h !== input.h / kernel[0] || output.w !== input.w / kernel[1])
    return unsupported('it removes dimensions')
  return poolStage(ctx, node, ports, false, { kernel, stride: kernel, pads: [0, 0, 0, 0] }, (count) => {
    const r = meanRequant(inputType, outputType, count, arithmetic)
    return {
      multiplier: r.multiplier,
      shift: r.shift,
      rule: r.rule,
      zeroPointIn: zeroPointOf(inputType),
      zeroPoint: r.outputZeroPoint,
    }
  })
}
