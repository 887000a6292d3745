/** package.json of a bundle. */
import { builtinModules } from 'node:module'

const MAX_NAME_LENGTH = 214

export function packageJson(
  name: string,
  model: string,
  license: string | undefined,
  binaries: readonly string[],
): string {
  const description = {
    name,
    version: '1.0.0',
    description: `${model}: a quantized neural network, compiled to WebAssembly`,
    ...(license === undefined ? {} : { license }),
    type: 'module',
    types: './index.d.ts',
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      ...Object.fromEntries(binaries.map((file) => [`./${file}`, `./${file}`])),
      './package.json': './package.json',
    },
    sideEffects: false,
    files: ['index.js', 'index.d.ts', 'runtime.js', ...binaries],
  }
  return `${JSON.stringify(description, null, 2)}\n`
}

/**
 * A legal npm name close to the model's: lower case, letters, digits and `-._`, no `.` or `_` in front, not a module of
 * Node's own (https://docs.npmjs.com/cli/configuring-npm/package-json#name).
 */
export function packageName(model: string): string {
  const name = model
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, MAX_NAME_LENGTH)
    .replace(/^[-._]+|[-._]+$/g, '')
  if (name === '') return 'model'
  const taken = builtinModules.includes(name) || name === 'node_modules' || name === 'favicon.ico'
  return taken ? `${name}-model` : name
}
