/** What `run` and `evaluate` have in common: a model run on every sample of the arrays that the command line names. */
import { unwrap } from '../../ir/diagnostic.ts'
import { type Backend, openExecutable } from '../executable.ts'
import { runFeed } from '../run.ts'
import { readArrays } from '../tensors/array-files.ts'
import { feed } from '../tensors/feed.ts'
import type { NpyArray } from '../tensors/npy.ts'
import { type FeedFlags, feedOptions } from './options.ts'
import type { Session } from './session.ts'

export interface RunFlags extends FeedFlags {
  readonly backend: Backend
  readonly target?: string
}

export interface Ran {
  readonly name: string
  readonly samples: number
  /** By output name, samples first. */
  readonly outputs: ReadonlyMap<string, NpyArray>
}

/** Runs `model` on the samples of `files`, with a progress bar where there is a terminal. */
export async function runSamples(
  session: Session,
  model: string,
  files: readonly string[],
  flags: RunFlags,
): Promise<Ran> {
  const executable = unwrap(await openExecutable(model, flags.backend, flags.target))
  const given = unwrap(readArrays(files))
  const fed = unwrap(feed(executable.inputs, given, feedOptions(flags, session.warn)))
  const progress = await session.progress(fed.runs, executable.name)
  try {
    const outputs = runFeed(executable, fed, progress.step)
    return { name: executable.name, samples: fed.runs * fed.samplesPerRun, outputs }
  } finally {
    progress.stop()
  }
}
