/** Domains of operators. */

/** QONNX's operators come under the names of all the tools that had them first, declared or not. */
export const QONNX_DOMAINS: ReadonlySet<string> = new Set([
  'qonnx.custom_op.general',
  'qonnx.custom_op.intquant',
  'onnx.brevitas',
  'finn.custom_op.general',
  'finn',
])

/** The key under which an operator is looked up: its name, after its domain if that is not ONNX's own. */
export function operatorKey(domain: string | undefined, opType: string): string {
  if (domain === undefined || domain === '' || domain === 'ai.onnx') return opType
  return QONNX_DOMAINS.has(domain) ? `qonnx/${opType}` : `${domain}/${opType}`
}
