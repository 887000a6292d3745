/** index.js of a bundle: what is this model's own. */
import type { Variant } from '../artifact.ts'
import type { RuntimePort, Signature } from '../runtime/types.ts'
import { commentText } from './inline-text.ts'
import type { BundleFile } from './write-bundle.ts'

export function entryPoint(
  model: string,
  { inputs, outputs, memory }: Signature,
  modules: readonly (readonly [Variant, BundleFile])[],
  weights: BundleFile,
): string {
  return `/* ${commentText(model)}, compiled to WebAssembly by Espalier. */
import { createLoader } from './runtime.js'

export { detectVariant, ModelError } from './runtime.js'

export const inputs = [
${ports(inputs)}
]

export const outputs = [
${ports(outputs)}
]

// The URLs are written out for bundlers, which look for them.
export const load = /* @__PURE__ */ createLoader(
  { inputs, outputs, memory: ${JSON.stringify(memory)} },
  {
    modules: {
${modules.map(([variant, file]) => `      ${variant}: ${fileText(file)},`).join('\n')}
    },
    weights: ${fileText(weights, `bytes: ${weights.bytes}, `)},
  },
)
`
}

function ports(list: readonly RuntimePort[]): string {
  return list.map((port) => `  ${JSON.stringify(port)},`).join('\n')
}

function fileText({ name, crc32 }: BundleFile, more = ''): string {
  return `{ name: '${name}', ${more}crc32: ${crc32}, url: () => new URL('./${name}', import.meta.url) }`
}
