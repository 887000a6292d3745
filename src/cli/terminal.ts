/** Where the command line writes: this process's streams, or a test's. */
import { processStyle, type Style } from './style.ts'

export interface Channel {
  readonly write: (text: string) => void
  readonly style: Style
  /** Present where the channel is a terminal that can redraw a line. */
  readonly live?: NodeJS.WriteStream
}

export interface Terminal {
  /** Results. */
  readonly out: Channel
  /** Diagnostics, progress and messages. */
  readonly err: Channel
}

export function processTerminal(): Terminal {
  // A reader that has seen enough, `| head` say, is no error of anybody's.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return { out: channel('stdout'), err: channel('stderr') }
}

function channel(name: 'stdout' | 'stderr'): Channel {
  const stream = process[name]
  const write = (text: string) => void stream.write(text)
  const style = processStyle(name)
  return stream.isTTY ? { write, style, live: stream } : { write, style }
}
