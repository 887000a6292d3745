/**
 * SystemVerilog to a flat word-level netlist, by Yosys compiled to WebAssembly. That takes many seconds, so netlists
 * are kept in a cache by the hash of what they are made from.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { attemptAsync, fail, type Result } from '../../../ir/diagnostic.ts'
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
    const key = createHash('sha256')
      .update(JSON.stringify([version, script, Object.entries(design.files).sort()]))
      .digest('hex')
    const cached = readCached(key)
    if (cached !== undefined) return JSON.parse(cached) as Netlist

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
    store(key, text)
    return JSON.parse(text) as Netlist
  })
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

/** Beside the installed packages, or where these cannot be written, with the system's temporary files. */
const CACHE_FOLDERS = [
  resolve('node_modules/.cache/espalier/netlists'),
  join(tmpdir(), 'espalier', 'netlists'),
]

function readCached(key: string): string | undefined {
  for (const folder of CACHE_FOLDERS) {
    try {
      return readFileSync(join(folder, `${key}.json`), 'utf8')
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

function store(key: string, text: string): void {
  for (const folder of CACHE_FOLDERS) {
    try {
      mkdirSync(folder, { recursive: true })
      // Another process may write the same: whole files only are seen.
      const partial = join(folder, `${key}.${process.pid}`)
      writeFileSync(partial, text)
      renameSync(partial, join(folder, `${key}.json`))
      return
    } catch {
      // Not writable: the next folder.
    }
  }
}
