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

const OUTPUT = 'netlist.json'

/** The netlist of a design, whose only module is `top`; `netlist/yosys` where Yosys refuses it. */
export async function synthesize(design: Design): Promise<Result<Netlist>> {
  return attemptAsync(async () => {
    const { runYosys, version } = await import('@yowasp/yosys')
    const script = scriptOf(design)
    const name = `${cacheName([version, script, Object.entries(design.files).sort()])}.json`
    const kept = cached(name)
    if (kept !== undefined) return JSON.parse(readFileSync(kept, 'utf8')) as Netlist

    let log = ''
    const write = (bytes: Uint8Array | null) => {
      if (bytes !== null) log += new TextDecoder().decode(bytes)
    }
    const output = await Promise.resolve(
      runYosys(['-q', '-p', script], { ...design.files }, { stdout: write, stderr: write }),
    ).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error) return refuse(design, log)
      throw error
    })
    const text = output?.[OUTPUT]
    if (typeof text !== 'string') throw new Error(`internal error: Yosys wrote no netlist: ${log}`)
    keepText(text, name)
    return JSON.parse(text) as Netlist
  })
}

function keepText(text: string, name: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'netlist-'))
  const file = join(folder, name)
  writeFileSync(file, text)
  keep(file, name)
  rmSync(folder, { recursive: true })
}

function scriptOf({ files, top, parameters = {} }: Design): string {
  const sources = Object.keys(files).filter((name) => !name.endsWith('.svh'))
  const values = Object.entries(parameters).map(([name, value]) => `-set ${name} ${value}`)
  return [
    `read_verilog -sv ${sources.join(' ')}`,
    ...(values.length > 0 ? [`chparam ${values.join(' ')} ${top}`] : []),
    `prep -top ${top} -flatten`,
    'opt -full',
    `write_json ${OUTPUT}`,
  ].join('; ')
}

function refuse(design: Design, log: string): never {
  const error = /^.*ERROR: .*$/m.exec(log)?.[0] ?? log.trim()
  return fail({
    code: 'netlist/yosys',
    message: `Yosys refuses module '${design.top}': ${error}`,
    hint: 'the message names the file and the line',
  })
}
