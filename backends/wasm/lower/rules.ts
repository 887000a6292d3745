/** What the backend does with each op. */
import type { OpName } from '../../../ir/ops/names.ts'
import { conv2d, depthwiseConv2d, fullyConnected } from './convolutions.ts'
import type { Rule } from './rule.ts'

export const RULES: { readonly [N in OpName]?: Rule } = {
  conv2d,
  depthwise_conv2d: depthwiseConv2d,
  fully_connected: fullyConnected,
}
