/** What the resizing ops share. */
import type { TensorType } from '../tensor.ts'
import { pair } from './convolution.ts'
import { input, nhwc, type TypedConstraint } from './define.ts'
import type { AttrSpec } from './op.ts'

export const RESIZE_ATTRS = {
  size: { kind: 'ints', doc: '[height, width] of the output in pixels' },
  align_corners: { kind: 'bool', default: false, doc: 'the centers of the corner pixels stay in place' },
  half_pixel_centers: {
    kind: 'bool',
    default: false,
    doc: 'a pixel’s center lies half a pixel from its edge',
  },
} as const satisfies Readonly<Record<string, AttrSpec>>

export interface ResizeAttrs {
  readonly align_corners: boolean
  readonly half_pixel_centers: boolean
}

export const ONE_COORDINATE_RULE: TypedConstraint<typeof RESIZE_ATTRS> = {
  sentence: 'align_corners and half_pixel_centers exclude each other.',
  holds: ({ attrs }) => !attrs.align_corners || !attrs.half_pixel_centers,
}

export function resizedShape(
  inputs: readonly TensorType[],
  attrs: { readonly size: readonly number[] },
): readonly number[] {
  const [n, , , channels] = nhwc(input(inputs, 0), 'x')
  return [n, ...pair(attrs.size, 'size'), channels]
}
