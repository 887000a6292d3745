/**
 * SystemVerilog to a flat word-level netlist, by Yosys compiled to WebAssembly. That takes many seconds, so netlists
 * are kept in a cache by the hash of what they are made from.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attemptAsync, fail, type Result } from '../../../ir/diagnostic.ts'
import { cached, cacheName, keep } from './cache.ts'
import type { Netlist } from './netlist.ts'

/** A circuit in SystemVerilog. */
export interface Design {
  /** Texts by file name; those that end in `.svh` are read by `include` only. */
  readonly files: Readonly<Record<string, string>>
  readonly top: string
  /** Values of the top module's parameters; the others have their defaults. */
  readonly parameters?: Readonly<Record<string, number>>
}

/** The netlist of a design, whose only module is `top`; `netlist/yosys` where Yosys refuses it. */
export async function synthesize(design: Design): Promise<Result<Netlist>> {
  return attemptAsync(async () => {
    const { runYosys, version } = await import('@yowasp/yosys')
    const script = scriptOf(design)
    const name = `${cacheName([version, script, Object.entries(design.files).sort()])}.json`
    const kept = cached(name)
    if (kept !== undefined) return JSON.parse(readFileSync(kept, 'utf8')) as Netlist

    const [text, log] = [new TextSink(), new TextSink()]
    await Promise.resolve(
      runYosys(['-q', '-p', script], { ...design.files }, { stdout: text.write, stderr: log.write }),
    ).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error) return refuse(design, log.read())
      throw error
    })
    keepText(text.read(), name)
    return JSON.parse(text.read()) as Netlist
  })
}

function keepText(text: string, name: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'netlist-'))
  const file = join(folder, name)
  writeFileSync(file, text)
  keep(file, name)
  rmSync(folder, { recursive: true })
}

/**
 * No more than it takes to have cells: the model is optimized by its own graph, which takes a tenth of the time of
 * Yosys' passes. The netlist goes to the standard output, as a file of Yosys' own takes longer the longer it is.
 */
function scriptOf({ files, top, parameters = {} }: Design): string {
  const sources = Object.keys(files).filter((name) => !name.endsWith('.svh'))
  const values = Object.entries(parameters).map(([name, value]) => `-set ${name} ${value}`)
  return [
    `read_verilog -sv ${sources.join(' ')}`,
    ...(values.length > 0 ? [`chparam ${values.join(' ')} ${top}`] : []),
    `hierarchy -check -top ${top}`,
    'proc; flatten; opt_clean; memory_collect',
    'write_json',
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
