/** index.d.ts of a bundle: the runtime's interface with this model's own names, shapes and element types. */
import { MODEL_ERRORS, type RuntimePort, type Signature } from '../runtime/types.ts'
import { commentText } from './inline-text.ts'
import { arrayOf, sizeOf, typeText } from './signature.ts'

export function typeDeclarations(model: string, { inputs, outputs }: Signature): string {
  return `/** ${commentText(model)}, compiled to WebAssembly by Espalier. */

/**
 * How a module multiplies bytes: with relaxed SIMD, whose dot product reads its second operand as unsigned (x86 with
 * VNNI) or as signed (Arm), or with plain SIMD. All give the same results, bit for bit.
 */
export type Variant = 'relaxed_unsigned' | 'relaxed_signed' | 'plain'

/** The model's inputs in order. Where there is a scale, real = scale * (element - zeroPoint). */
export declare const inputs: readonly [
${inputs.map(description).join('\n')}
]

/** The model's outputs in order. */
export declare const outputs: readonly [
${outputs.map(description).join('\n')}
]

/** One instance of the model, with memory of its own. */
export interface Model {
  readonly variant: Variant

  /**
   * Views of the instance's memory, row-major. Fill them, then call \`run()\`: nothing is copied. A run may put other
   * values there, so fill them before each.
   */
  readonly inputs: {
${byName(inputs, '    ')}
  }

  /** Views of the instance's memory: the last run's outputs, until inputs are filled again. */
  readonly outputs: {
${byName(outputs, '    ')}
  }

  /**
   * Runs the model on \`input\`, or without it on what the views in \`inputs\` hold.
   *
${inputs.length === 1 ? `   * @param input ${shapes(inputs)}` : `   * @param input ${shapes(inputs)}; all are needed`}
   * @returns ${shapes(outputs)}: a copy of \`outputs\`, the caller's own
   * @throws ModelError \`input-type\`, \`input-length\`${inputs.length === 1 ? '' : ', `input-missing`, `input-unknown`'}
   */
  run(input?: ${argument(inputs)}): ${argument(outputs)}
${quantizeMethods(inputs)}${dequantizeMethod(outputs)}}

export interface LoadOptions {
  /** Use this variant instead of the fastest that the engine executes exactly. */
  readonly variant?: Variant
  /** The folder that holds the modules and the weights, if not that of index.js. */
  readonly base?: string | URL
  /** One of the bundle's modules, a WebAssembly.Module or its bytes; none is fetched. */
  readonly module?: object
  /** The content of weights.bin; it is not fetched. */
  readonly weights?: ArrayBuffer | ArrayBufferView
  /** Fetch with this function. */
  readonly fetch?: typeof globalThis.fetch
  /** Stops the loading; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Loads the model. Files are fetched once: every further call makes an independent instance of them.
 *
 * @throws ModelError of any code that does not begin with \`input\`
 */
export declare function load(options?: LoadOptions): Promise<Model>

/**
 * The variant that \`load\` takes if none is asked for: the fastest that this engine executes exactly.
 *
 * @throws ModelError \`no-simd\`
 */
export declare function detectVariant(): Variant

export type ErrorCode =
${Object.entries(MODEL_ERRORS)
  .map(([code, meaning]) => `  /** ${meaning} */\n  | '${code}'`)
  .join('\n')}

export declare class ModelError extends Error {
  readonly code: ErrorCode
  /** What could not be fetched. */
  readonly url: string | undefined
  /** The HTTP status it was answered with. */
  readonly status: number | undefined
}
`
}

function description({ name, dtype, shape, scale, zeroPoint }: RuntimePort): string {
  const quantization =
    scale === undefined ? '' : `; readonly scale: ${scale}; readonly zeroPoint: ${zeroPoint}`
  return `  { readonly name: ${JSON.stringify(name)}; readonly dtype: '${dtype}'; readonly shape: readonly [${shape.join(', ')}]${quantization} },`
}

/** A value may be an output twice; its name is a key once. */
function distinct(ports: readonly RuntimePort[]): readonly RuntimePort[] {
  return [...new Map(ports.map((port) => [port.name, port])).values()]
}

function byName(ports: readonly RuntimePort[], indent: string): string {
  return distinct(ports)
    .map(
      (port) =>
        `${indent}/** ${shape(port)} */\n${indent}readonly ${JSON.stringify(port.name)}: ${arrayOf(port)}`,
    )
    .join('\n')
}

function shape(port: RuntimePort): string {
  return `${typeText(port)}, ${sizeOf(port)} elements`
}

function shapes(ports: readonly RuntimePort[]): string {
  const [only] = ports
  if (ports.length === 1 && only) return shape(only)
  return distinct(ports)
    .map((port) => `${commentText(port.name)}: ${typeText(port)}`)
    .join('; ')
}

/** What \`run\` takes or returns: an array, or arrays by name. */
function argument(ports: readonly RuntimePort[]): string {
  const [only, another] = distinct(ports)
  if (only && !another) return arrayOf(only)
  const members = distinct(ports).map((port) => `readonly ${JSON.stringify(port.name)}: ${arrayOf(port)}`)
  return `{ ${members.join('; ')} }`
}

function quantizeMethods(inputs: readonly RuntimePort[]): string {
  return inputs
    .filter(hasReals)
    .map(
      (port) => `
  /**
   * Real values as elements of ${commentText(port.name)}: ${formula(port)}
   */
  quantize(real: ArrayLike<number>, name${inputs.length === 1 ? '?' : ''}: ${JSON.stringify(port.name)}): ${arrayOf(port)}
`,
    )
    .join('')
}

function formula({ dtype, scale, zeroPoint }: RuntimePort): string {
  return dtype === 'float32'
    ? 'as they are, in float32.'
    : `round(real / ${scale}) + ${zeroPoint}, clamped to ${dtype}; halves round away from zero.`
}

function dequantizeMethod(outputs: readonly RuntimePort[]): string {
  const ports = distinct(outputs).filter(hasReals)
  if (ports.length === 0) return ''
  const names = ports.map(({ name }) => JSON.stringify(name)).join(' | ')
  return `
  /** The real values of an output's elements, scale * (element - zeroPoint), as float32. */
  dequantize(elements: ArrayLike<number>, name${outputs.length === 1 ? '?' : ''}: ${names}): Float32Array
`
}

function hasReals({ dtype, scale }: RuntimePort): boolean {
  return dtype === 'float32' || scale !== undefined
}
