/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { fail, nearest } from '../../ir/diagnostic.ts'
import { BACKENDS, type Backend } from '../executable.ts'
import { isFolder } from '../files.ts'
import type { DataLayout, FeedOptions } from '../tensors/feed.ts'

export const MODEL_HELP = 'a .tflite, .onnx or .esp file'

/** The end of a request for something that is planned and does not exist yet. */
export function failNotAvailable(what: string, instead: string): never {
  return fail({
    code: 'cli/not-available',
    message: `${what} is not available in this version`,
    hint: instead,
  })
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON object and nothing else')
}

/** How models are loaded. */
export function batchOption(): Option {
  return new Option('--batch <n>', 'samples in a batch that the model leaves open (default: 1)').argParser(
    count,
  )
}

export function targetOption(): Option {
  return new Option('--target <target>', 'a preset or a target file; see "espalier targets"').argParser(
    target,
  )
}

function target(value: string): string {
  if (value === WASM_TARGET) {
    fail({
      code: 'cli/invalid-argument',
      message: 'wasm is a target of "espalier compile" only',
      hint: 'run WebAssembly with --backend wasm, time it with "espalier bench"; see "espalier targets" for Trellis',
    })
  }
  return value
}

/** The target that is no description of a machine. */
export const WASM_TARGET = 'wasm'

/** A Trellis target, or WASM_TARGET. */
export function compileTargetOption(): Option {
  return new Option(
    '--target <target>',
    'wasm, or a preset or a target file for Trellis; see "espalier targets"',
  ).argParser(compileTarget)
}

function compileTarget(value: string): string {
  const isMisspelt = value !== WASM_TARGET && nearest(value, [WASM_TARGET]) !== undefined
  if (isMisspelt && isFolder(value) === undefined) {
    throw new InvalidArgumentError(`(Did you mean ${WASM_TARGET}?)`)
  }
  return value
}

const BACKEND_LIST = `${BACKENDS.slice(0, -1).join(', ')} or ${BACKENDS.at(-1)}`

export function backendOption(): Option {
  return new Option('--backend <backend>', BACKEND_LIST).argParser(backend)
}

function backend(value: string): Backend {
  const known = BACKENDS.find((name) => name === value)
  if (known !== undefined) return known
  const near = nearest(value, BACKENDS)
  throw new InvalidArgumentError(near === undefined ? `Choose ${BACKEND_LIST}.` : `(Did you mean ${near}?)`)
}

/** The options that say how an array's values become the model's input. */
export function addFeedOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--scale <s>', 'multiply real values by s, for example 1/255').argParser(numberOrFraction),
    )
    .addOption(new Option('--mean <m,..>', 'then subtract m, one value or one a channel').argParser(numbers))
    .addOption(new Option('--std <d,..>', 'then divide by d, one value or one a channel').argParser(numbers))
    .addOption(
      new Option('--data-layout <layout>', 'what the array is, where the model differs').choices(LAYOUTS),
    )
}

const LAYOUTS: readonly DataLayout[] = ['nhwc', 'nchw']

export interface FeedFlags {
  readonly scale?: number
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
  readonly dataLayout?: DataLayout
}

export function feedOptions(flags: FeedFlags, warn: NonNullable<FeedOptions['warn']>): FeedOptions {
  const { scale, mean, std, dataLayout } = flags
  return {
    ...(scale === undefined ? {} : { scale }),
    ...(mean === undefined ? {} : { mean }),
    ...(std === undefined ? {} : { std }),
    ...(dataLayout === undefined ? {} : { dataLayout }),
    warn,
  }
}

/** For options that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** A whole number of at least 1. */
export function count(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('Give a whole number of at least 1.')
  }
  return value
}

export function numberOrFraction(text: string): number {
  const parts = text.split('/').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const [numerator = Number.NaN, denominator = 1] = parts
  const value = numerator / denominator
  if (parts.length > 2 || !Number.isFinite(value)) {
    throw new InvalidArgumentError('Give a number, or a fraction such as 1/255.')
  }
  return value
}

function numbers(text: string): readonly number[] {
  return text.split(',').map(numberOrFraction)
}
