/** What `run` and `evaluate` have in common: a model run on every sample of the arrays that the command line names. */
import { unwrap } from '../../ir/diagnostic.ts'
import { type Backend, openExecutable } from '../executable.ts'
import { type Executable, runFeed } from '../run.ts'
import { readArrays } from '../tensors/array-files.ts'
import { feed } from '../tensors/feed.ts'
import type { NpyArray } from '../tensors/npy.ts'
import { type FeedFlags, feedOptions } from './options.ts'
import type { Session } from './session.ts'

export interface RunFlags extends FeedFlags {
  readonly backend: Backend
  readonly target?: string
  readonly batch?: number
}

export interface Samples {
  readonly name: string
  readonly count: number
  readonly outputCount: number
  /** Runs the model on them, with a progress bar where there is a terminal: arrays by output name, samples first. */
  readonly run: () => Promise<ReadonlyMap<string, NpyArray>>
}

/** Opens `model` and fits the samples of `files` to it. */
export async function openSamples(
  session: Session,
  model: string,
  files: readonly string[],
  flags: RunFlags,
): Promise<Samples> {
  const executable = unwrap(await openExecutable(model, flags.backend, flags.target, flags))
  return fitSamples(session, executable, files, flags)
}

/** Fits the samples of `files` to a model that is open. */
export function fitSamples(
  session: Session,
  executable: Executable,
  files: readonly string[],
  flags: FeedFlags,
): Samples {
  const given = unwrap(readArrays(files))
  const fed = unwrap(feed(executable.inputs, given, feedOptions(flags, session.warn)))
  return {
    name: executable.name,
    count: fed.runs * fed.samplesPerRun,
    outputCount: executable.outputs.length,
    async run() {
      const progress = await session.progress(fed.runs, executable.name)
      try {
        return runFeed(executable, fed, progress.step)
      } finally {
        progress.stop()
      }
    },
  }
}
