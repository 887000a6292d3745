/** Attributes of convolutions and pools. */
import type { NodeContext } from '../context.ts'

export interface Windows {
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  /** [top, left, bottom, right] */
  readonly pads: readonly number[]
}

/** Of a node on images of this height and width, whose kernel has `kernel` elements along its one or two axes. */
export function windowsOf(node: NodeContext, size: readonly number[], kernel: readonly number[]): Windows {
  const rank = kernel.length
  const stride = valuesOf(node, 'strides', rank, 1)
  const dilation = valuesOf(node, 'dilations', rank, 1)
  if (![...kernel, ...stride, ...dilation].every((n) => Number.isInteger(n) && n > 0)) {
    node.reject('bad-attribute', 'kernel, strides and dilations must be at least 1')
  }
  const sizes = size.slice(-rank)
  const pads = padsOf(node, sizes, kernel, stride, dilation)
  if (!pads.every((pad) => Number.isInteger(pad) && pad >= 0)) {
    node.reject('unsupported-attribute', `pads [${pads}] are negative`, 'slice before the layer instead')
  }
  const [top, left, bottom, right] = rank === 1 ? [0, pads[0], 0, pads[1]] : pads
  return {
    kernel: two(kernel, 1),
    stride: two(stride, 1),
    dilation: two(dilation, 1),
    pads: [top ?? 0, left ?? 0, bottom ?? 0, right ?? 0],
  }
}

/** One row above a one-dimensional window. */
function two(list: readonly number[], fill: number): readonly [number, number] {
  return list.length === 1 ? [fill, list[0] ?? fill] : [list[0] ?? fill, list[1] ?? fill]
}

/** An attribute of `rank` integers; all of them `otherwise` if it is not given. */
export function valuesOf(
  node: NodeContext,
  name: string,
  rank: number,
  otherwise: number,
): readonly number[] {
  const given = node.ints(name)
  if (given === undefined) return Array.from({ length: rank }, () => otherwise)
  if (given.length !== rank)
    node.reject('bad-attribute', `${name} has ${given.length} entries, expected ${rank}`)
  return given
}

/** [before of each axis, after of each axis], by `auto_pad` or as given. */
function padsOf(
  node: NodeContext,
  size: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): readonly number[] {
  const mode = node.string('auto_pad', 'NOTSET')
  if (mode === 'NOTSET') {
    const pads = node.ints('pads') ?? kernel.flatMap(() => [0, 0])
    if (pads.length !== 2 * kernel.length) {
      node.reject('bad-attribute', `pads has ${pads.length} entries, expected ${2 * kernel.length}`)
    }
    return pads
  }
  if (mode === 'VALID') return kernel.flatMap(() => [0, 0])
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') {
    node.reject('bad-attribute', `auto_pad ${mode} does not exist`)
  }
  const totals = size.map((extent, axis) => {
    const [k = 1, s = 1, d = 1] = [kernel[axis], stride[axis], dilation[axis]]
    return Math.max(0, (Math.ceil(extent / s) - 1) * s + (k - 1) * d + 1 - extent)
  })
  const smaller = totals.map((total) => Math.floor(total / 2))
  const larger = totals.map((total) => Math.ceil(total / 2))
  return mode === 'SAME_UPPER' ? [...smaller, ...larger] : [...larger, ...smaller]
}

/** The window with as much padding at its end as the last, partial step of `ceil_mode` needs. */
export function roundedUp(windows: Windows, size: readonly number[]): Windows {
  const after = (axis: 0 | 1) => {
    const [before, behind] = [windows.pads[axis] ?? 0, windows.pads[axis + 2] ?? 0]
    const extent = (windows.kernel[axis] - 1) * windows.dilation[axis] + 1
    const stride = windows.stride[axis]
    const length = size[axis] ?? 1
    let outputs = Math.ceil((length + before + behind - extent) / stride) + 1
    // A window that starts beyond the input and its first padding is not taken.
    if ((outputs - 1) * stride >= length + before) outputs--
    return Math.max(behind, (outputs - 1) * stride + extent - length - before)
  }
  const [top = 0, left = 0] = windows.pads
  return { ...windows, pads: [top, left, after(0), after(1)] }
}
