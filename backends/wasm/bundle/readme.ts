/** README.md of a bundle: how this very model is used. */
import type { Variant } from '../artifact.ts'
import type { RuntimePort, Signature } from '../runtime/types.ts'
import { oneLine } from './inline-text.ts'
import { arrayOf, sizeOf } from './signature.ts'
import type { BundleFile } from './write-bundle.ts'

export function readme(
  name: string,
  model: string,
  { inputs, outputs }: Signature,
  modules: readonly (readonly [Variant, BundleFile])[],
  weights: BundleFile,
): string {
  return `# ${oneLine(model)}

A quantized neural network, compiled to WebAssembly by Espalier. No dependencies. The results are those of the model's
integer arithmetic, bit for bit, on every machine.

| | name | elements | shape | array | scale | zero point |
|---|---|---|---|---|---|---|
${[...inputs.map((port) => row('input', port)), ...outputs.map((port) => row('output', port))].join('\n')}

Arrays are row-major. A real value is scale × (element − zero point).

## Use

\`\`\`js
${example(name, inputs, outputs)}
\`\`\`

- \`model.run(...)\` returns a copy. To copy nothing, fill the arrays in \`model.inputs\`, call \`model.run()\`, and read those in
  \`model.outputs\`. A run may overwrite \`model.inputs\`: fill them before each.
- \`load()\` fetches once. Each further call makes an independent instance.
- What goes wrong is a \`ModelError\` with a \`code\`; \`index.d.ts\` lists them.

**Node** 20.19 or later: as above; **bundlers** such as Vite and webpack too, which find the files by their URLs. The
development server of Vite before version 8 must not bundle the package ahead: \`optimizeDeps: { exclude: [${JSON.stringify(name)}] }\`.

**Browsers**, without a bundler: serve this folder and import its \`index.js\`. The links only save time.

\`\`\`html
<link rel="modulepreload" href="./${name}/index.js">
<link rel="modulepreload" href="./${name}/runtime.js">
<link rel="preload" as="fetch" crossorigin href="./${name}/${weights.name}">
<script type="module">
  import { load } from './${name}/index.js'
  const model = await load()
</script>
\`\`\`

**Workers**: the same in a module worker, \`new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })\`.

**Content-Security-Policy**: \`script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'\` is enough.

**Elsewhere**: where files cannot be fetched, or modules come compiled, give both:
\`load({ module, weights })\` with one of \`${name}/*.wasm\`, compiled or as bytes, and the bytes of \`${name}/${weights.name}\`.

## Files

| file | bytes | fetched |
|---|---|---|
| ${weights.name} | ${weights.bytes} | always |
${modules.map(([variant, file]) => `| ${file.name} | ${file.bytes} | ${FETCHED[variant]} |`).join('\n')}

\`load\` fetches one module: it tries how the engine computes and takes the fastest that is exact there.
\`load({ variant })\` takes another, ${modules.map(([variant]) => `\`'${variant}'\``).join(' or ')}; where that is not exact it is refused.
`
}

const FETCHED: { readonly [V in Variant]: string } = {
  relaxed_unsigned: 'with relaxed SIMD on x86 with VNNI',
  relaxed_signed: 'with relaxed SIMD on Arm',
  plain: 'with SIMD of 128 bits, everywhere else',
}

function row(kind: string, port: RuntimePort): string {
  const { name, dtype, shape, scale, zeroPoint } = port
  return `| ${kind} | ${code(name)} | ${sizeOf(port)} × ${dtype} | ${shape.join(' × ')} | ${arrayOf(port)} | ${scale ?? ''} | ${zeroPoint ?? ''} |`
}

function example(
  packageName: string,
  inputs: readonly RuntimePort[],
  outputs: readonly RuntimePort[],
): string {
  const given = inputs.map((port) => `new ${arrayOf(port)}(${sizeOf(port)})`)
  const named = inputs.map(({ name }, k) => `  ${JSON.stringify(name)}: ${given[k]},`)
  const lines = [
    `import { load } from ${JSON.stringify(packageName)}`,
    '',
    'const model = await load()',
    inputs.length === 1 ? `const input = ${given[0]}` : `const input = {\n${named.join('\n')}\n}`,
    'const output = model.run(input)',
  ]
  const input = inputs.find(({ scale }) => scale !== undefined)
  const output = outputs.find(({ scale }) => scale !== undefined)
  if (input || output) lines.push('', '// In real values:')
  if (input) {
    const name = inputs.length === 1 ? '' : `, ${JSON.stringify(input.name)}`
    const view = `model.inputs[${JSON.stringify(input.name)}]`
    lines.push(`${view}.set(model.quantize(new Float32Array(${sizeOf(input)})${name}))`)
  }
  if (output) {
    const [array, name] =
      outputs.length === 1
        ? ['output', '']
        : [`output[${JSON.stringify(output.name)}]`, `, ${JSON.stringify(output.name)}`]
    lines.push(`const real = model.dequantize(${array}${name})`)
  }
  return lines.join('\n')
}

/** A name in a table's cell, as code: with a fence longer than any run of backticks in it, and no bare `|`. */
function code(name: string): string {
  const longest = Math.max(0, ...[...name.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = longest > 0 ? ' ' : ''
  return `${fence}${pad}${oneLine(name).replaceAll('|', '\\|')}${pad}${fence}`
}
