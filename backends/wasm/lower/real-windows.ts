/** Rules of the ops on float32 images that have windows or weights. */
import { type Activation, activationBounds } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Node, ValueId } from '../../../ir/graph.ts'
import { pads, pair } from '../../../ir/ops/convolution.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount } from '../../../ir/tensor.ts'
import { realPoolKernel } from '../kernels/real-pool.ts'
import { type RealAxis, type RealWindowSpec, realWindowKernel, tilePixels } from '../kernels/real-window.ts'
import { at, type Place } from '../storage.ts'
import type { Lowering } from './lowering.ts'

type Attrs = ReturnType<typeof withDefaults>

function attrsOf(node: Node): Attrs {
  return withDefaults(OPS[node.op].attrs, node.attrs)
}

function ints(attrs: Attrs, name: string, otherwise: readonly number[]): readonly number[] {
  return (attrs[name] ?? otherwise) as readonly number[]
}

function limits(attrs: Attrs): { readonly min: number; readonly max: number } {
  const [min, max] = activationBounds(attrs.activation as Activation)
  return { min, max }
}

/** Both axes of a window over an image. */
function axes(
  node: Node,
  lowering: Lowering,
  kernel: readonly number[],
): { readonly vertical: RealAxis; readonly horizontal: RealAxis } {
  const attrs = attrsOf(node)
  const [, ...input] = nhwc(lowering.type(must(node.inputs[0], 'x')), 'x')
  const [, ...output] = nhwc(lowering.type(must(node.outputs[0], 'y')), 'y')
  const stride = pair(ints(attrs, 'stride', []), 'stride')
  const dilation = pair(ints(attrs, 'dilation', [1, 1]), 'dilation')
  const padBefore = pads(ints(attrs, 'pads', []))
  const axis = (n: 0 | 1): RealAxis => {
    const sizes = { input: input[n], output: output[n], kernel: kernel[n] ?? 1 }
    // A transposed convolution looks back for the inputs that reach an output.
    return node.op === 'transpose_conv2d'
      ? { ...sizes, stride: 1, padBefore: -padBefore[n], dilation: -1, inputStride: stride[n] }
      : { ...sizes, stride: stride[n], padBefore: padBefore[n], dilation: dilation[n], inputStride: 1 }
  }
  return { vertical: axis(0), horizontal: axis(1) }
}

/** conv2d, depthwise_conv2d, transpose_conv2d. */
export function realConvolution(node: Node, lowering: Lowering): void {
  const [images, , , channels] = nhwc(lowering.type(must(node.inputs[0], 'x')), 'x')
  const [first, ...kernel] = nhwc(lowering.type(must(node.inputs[1], 'w')), 'w')
  const [height, width, last] = kernel
  const taps = height * width
  const isOneEach = node.op === 'depthwise_conv2d'
  const outputs = isOneEach ? last : first
  // A depthwise convolution with several outputs for each input is one in groups.
  const isDepthwise = isOneEach && outputs === channels
  const inputChannels = isDepthwise ? channels : isOneEach ? 1 : last
  const groups = isDepthwise ? 1 : channels / inputChannels
  emit(
    node,
    lowering,
    {
      images,
      ...axes(node, lowering, kernel),
      groups,
      inputChannels,
      outputChannels: outputs / groups,
      isDepthwise,
    },
    isOneEach ? { output: 1, tap: outputs, input: 0 } : { output: taps * last, tap: last, input: 1 },
  )
}

const ONE: RealAxis = {
  input: 1,
  output: 1,
  kernel: 1,
  stride: 1,
  padBefore: 0,
  dilation: 1,
  inputStride: 1,
}

/** fully_connected: a pixel for each row. */
export function realFullyConnected(node: Node, lowering: Lowering): void {
  const [outputs = 0, depth = 0] = lowering.type(must(node.inputs[1], 'w')).shape
  const rows = elementCount(lowering.type(must(node.inputs[0], 'x')).shape) / depth
  emit(
    node,
    lowering,
    {
      images: 1,
      vertical: ONE,
      horizontal: { ...ONE, input: rows, output: rows },
      groups: 1,
      inputChannels: depth,
      outputChannels: outputs,
      isDepthwise: false,
    },
    { output: depth, tap: 0, input: 1 },
  )
}

/** Elements from weight to weight. */
interface WeightStrides {
  readonly output: number
  readonly tap: number
  readonly input: number
}

const MOST_VECTORS = 8

function emit(
  node: Node,
  lowering: Lowering,
  geometry: Omit<RealWindowSpec, 'vectors' | 'hasBias' | 'min' | 'max'>,
  strides: WeightStrides,
): void {
  const [input, w, offsets] = node.inputs
  const x = lowering.placement(must(input, 'x')).place
  const bias = offsets === undefined ? undefined : lowering.placement(offsets).place
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const needed = Math.ceil(geometry.outputChannels / 4)
  // Rows long enough for tiles get small blocks, so that weights serve several pixels; others wide ones, so that there
  // are as many sums at a time.
  const block = geometry.horizontal.output >= tilePixels(2) ? 2 : MOST_VECTORS
  const spec: RealWindowSpec = {
    ...geometry,
    vectors: Math.min(needed, block),
    hasBias: bias !== undefined,
    ...limits(attrsOf(node)),
  }
  const weights = packedWeights(node, lowering, must(w, 'w'), spec, strides)
  const macs = OPS[node.op].macs({
    inputs: node.inputs.map((id) => lowering.type(id)),
    outputs: node.outputs.map((id) => lowering.type(id)),
    attrs: node.attrs,
  })
  lowering.step(node, realWindowKernel(spec), [x, weights, bias ?? x, y.place], macs)
}

const FLOAT = 4

/** Weights in the order of the kernel; the lanes of missing channels hold anything. Computed ones are moved each time. */
function packedWeights(
  node: Node,
  lowering: Lowering,
  id: ValueId,
  spec: RealWindowSpec,
  strides: WeightStrides,
): Place {
  const { groups, outputChannels, isDepthwise, vectors, vertical, horizontal } = spec
  const taps = vertical.kernel * horizontal.kernel
  const depth = isDepthwise ? 1 : spec.inputChannels
  const width = 4 * vectors
  const blocks = Math.ceil(outputChannels / width)
  const blockElements = taps * depth * width
  const parts = Array.from({ length: groups * blocks }, (_, n) => {
    const first = Math.floor(n / blocks) * outputChannels + (n % blocks) * width
    return { first, lanes: Math.min(width, outputChannels - (n % blocks) * width), start: n * blockElements }
  })
  const elements = parts.length * blockElements
  const constant = lowering.constant(id)
  if (constant !== undefined) {
    // The steps of a recurrent layer read the same weights.
    const key = JSON.stringify([id, groups, outputChannels, depth, taps, width, strides])
    return lowering.shared(key, () => {
      const packed = new Float32Array(elements)
      for (const { first, lanes, start } of parts) {
        for (let k = 0; k < taps * depth; k++) {
          const from =
            Math.floor(k / depth) * strides.tap + (k % depth) * strides.input + first * strides.output
          for (let lane = 0; lane < lanes; lane++) {
            packed[start + k * width + lane] = constant[from + lane * strides.output] as number
          }
        }
      }
      return new Uint8Array(packed.buffer)
    })
  }
  const given = lowering.placement(id).place
  const place = lowering.buffer(FLOAT * elements)
  for (const { first, lanes, start } of parts) {
    lowering.move(
      node,
      [taps, depth, lanes],
      FLOAT,
      {
        place: at(given, FLOAT * first * strides.output),
        strides: [FLOAT * strides.tap, FLOAT * strides.input, FLOAT * strides.output],
      },
      { place: at(place, FLOAT * start), strides: [FLOAT * depth * width, FLOAT * width, FLOAT] },
    )
  }
  return place
}

/** avg_pool2d, max_pool2d. */
export function realPool(node: Node, lowering: Lowering): void {
  const attrs = attrsOf(node)
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const [images, , , channels] = nhwc(x.type, 'x')
  const kernel = realPoolKernel({
    images,
    ...axes(node, lowering, pair(ints(attrs, 'kernel', []), 'kernel')),
    channels,
    kind: node.op === 'max_pool2d' ? 'largest' : 'average',
    countsPadding: attrs.include_pad === true,
    ...limits(attrs),
  })
  lowering.step(node, kernel, [x.place, y.place])
}
