/** One run of Yosys, compiled to WebAssembly: a script over source files. It takes long, so what comes out is kept. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attemptAsync, fail, type Result } from '../../../ir/diagnostic.ts'
import { cached, cacheName, keep } from './cache.ts'

/** A circuit in SystemVerilog. */
export interface Design {
  /** Texts by file name; those that end in `.svh` are read by `include` only. */
  readonly files: Readonly<Record<string, string>>
  readonly top: string
  /** Values of the top module's parameters; the others have their defaults. */
  readonly parameters?: Readonly<Record<string, number>>
}

/**
 * What `passes`, commands of Yosys that follow the reading of the design, write to the file `output`, or without one to the
 * standard output; `netlist/yosys` where Yosys refuses the design.
 */
export async function runYosys(
  design: Design,
  passes: readonly string[],
  output?: string,
): Promise<Result<string>> {
  return attemptAsync(async () => {
    const yosys = await import('@yowasp/yosys')
    const script = scriptOf(design, passes)
    const name = `${cacheName([yosys.version, script, Object.entries(design.files).sort()])}.json`
    const kept = cached(name)
    if (kept !== undefined) return readFileSync(kept, 'utf8')

    const [stdout, log] = [new TextSink(), new TextSink()]
    const files = await Promise.resolve(
      yosys.runYosys(['-q', '-p', script], { ...design.files }, { stdout: stdout.write, stderr: log.write }),
    ).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error) return refuse(design, log.read())
      throw error
    })
    const text = output === undefined ? stdout.read() : files?.[output]
    if (typeof text !== 'string') throw new Error(`internal error: Yosys wrote no ${output}: ${log.read()}`)
    keepText(text, name)
    return text
  })
}

function keepText(text: string, name: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'yosys-'))
  const file = join(folder, name)
  writeFileSync(file, text)
  keep(file, name)
  rmSync(folder, { recursive: true })
}

function scriptOf({ files, top, parameters = {} }: Design, passes: readonly string[]): string {
  const sources = Object.keys(files).filter((name) => !name.endsWith('.svh'))
  const values = Object.entries(parameters).map(([name, value]) => `-set ${name} ${value}`)
  return [
    `read_verilog -sv ${sources.join(' ')}`,
    ...(values.length > 0 ? [`chparam ${values.join(' ')} ${top}`] : []),
    ...passes,
  ].join('; ')
}

/** Text that comes in many small pieces. */
class TextSink {
  private readonly pieces: Uint8Array[] = []

  readonly write = (bytes: Uint8Array | null): void => {
    if (bytes !== null) this.pieces.push(bytes.slice())
  }

  read(): string {
    return Buffer.concat(this.pieces).toString()
  }
}

function refuse(design: Design, log: string): never {
  const error = /^.*ERROR: .*$/m.exec(log)?.[0] ?? log.trim()
  return fail({
    code: 'netlist/yosys',
    message: `Yosys refuses module '${design.top}': ${error}`,
    hint: 'the message names the file and the line',
  })
}
