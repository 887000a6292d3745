/** TFLite's padding and slicing conventions, made explicit. */

/** Stride, dilation and kernel of one spatial axis. */
export interface WindowAxis {
  readonly input: number
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
}

/**
 * Padding before and after one axis. SAME gives ceil(input / stride) outputs and puts the odd element after;
 * VALID pads nothing. Source: tensorflow/lite/kernels/padding.h.
 */
export function explicitPadding(padding: string, axis: WindowAxis): readonly [before: number, after: number] {
  if (padding === 'VALID') return [0, 0]
  const output = Math.ceil(axis.input / axis.stride)
  const effectiveKernel = (axis.kernel - 1) * axis.dilation + 1
  const total = Math.max(0, (output - 1) * axis.stride + effectiveKernel - axis.input)
  const before = Math.floor(total / 2)
  return [before, total - before]
}

export interface SliceMasks {
  readonly beginMask: number
  readonly endMask: number
  readonly ellipsisMask: number
  readonly shrinkAxisMask: number
  /** `end` is relative to `begin`. */
  readonly offset: boolean
}

export interface Slice {
  readonly begin: readonly number[]
  readonly end: readonly number[]
  readonly strides: readonly number[]
  readonly shrink: readonly number[]
}

/**
 * One begin, end and stride for each axis of `shape`, without masks and negative begins; `end` is -1 where a
 * negative stride goes on to the first element. Axes in `shrink` keep one element and lose their dimension.
 * Undefined if there are more slice entries than axes or a stride is 0.
 * Source: tensorflow/lite/kernels/internal/strided_slice_logic.h.
 */
export function normalizeSlice(
  shape: readonly number[],
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[],
  masks: SliceMasks,
): Slice | undefined {
  const has = (mask: number, bit: number) => (mask & (1 << bit)) !== 0
  const entries = begin.length
  const ellipsis = begin.findIndex((_, i) => has(masks.ellipsisMask, i))
  // The ellipsis, or else the end of the list, stands for all axes that the other entries leave over.
  const explicit = ellipsis < 0 ? entries : entries - 1
  if (explicit > shape.length || strides.includes(0)) return undefined
  const firstAfter = ellipsis < 0 ? entries : ellipsis

  const axes = shape.map((extent, axis) => {
    const skipped = shape.length - explicit
    if (axis >= firstAfter && axis < firstAfter + skipped) return [0, extent, 1, false] as const
    const entry = axis < firstAfter ? axis : axis - skipped + (ellipsis < 0 ? 0 : 1)
    const stride = strides[entry] ?? 1
    const clamp = (i: number) => {
      const fromStart = i < 0 ? i + extent : i
      return stride > 0
        ? Math.min(Math.max(fromStart, 0), extent)
        : Math.min(Math.max(fromStart, -1), extent - 1)
    }
    const start = has(masks.beginMask, entry) ? (stride > 0 ? 0 : extent - 1) : clamp(begin[entry] ?? 0)
    if (has(masks.shrinkAxisMask, entry)) return [start, start + 1, 1, true] as const
    const wanted = (end[entry] ?? 0) + (masks.offset ? start : 0)
    const stop = has(masks.endMask, entry) ? (stride > 0 ? extent : -1) : clamp(wanted)
    return [start, stop, stride, false] as const
  })
  return {
    begin: axes.map(([start]) => start),
    end: axes.map(([, stop]) => stop),
    strides: axes.map(([, , stride]) => stride),
    shrink: axes.flatMap(([, , , shrunk], axis) => (shrunk ? [axis] : [])),
  }
}
