/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { fail, nearest } from '../../ir/diagnostic.ts'
import { BACKENDS, type Backend } from '../executable.ts'
import type { DataLayout, FeedOptions } from '../tensors/feed.ts'

export const MODEL_HELP = 'a .tflite or .esp file'

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

export function targetOption(): Option {
  return new Option('--target <target>', 'a preset or a target file; see "espalier targets"').argParser(
    target,
  )
}

function target(value: string): string {
  if (value === 'wasm')
    failNotAvailable('the target wasm', 'compile for a Trellis target: see "espalier targets"')
  return value
}

export function backendOption(): Option {
  return new Option('--backend <backend>', `${BACKENDS.join(' or ')}`).argParser(backend)
}

function backend(value: string): Backend {
  const known = BACKENDS.find((name) => name === value)
  if (known !== undefined) return known
  if (value === 'wasm') failNotAvailable('the backend wasm', `use ${BACKENDS.join(' or ')}`)
  const near = nearest(value, BACKENDS)
  throw new InvalidArgumentError(
    near === undefined ? `Choose ${BACKENDS.join(' or ')}.` : `(Did you mean ${near}?)`,
  )
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
