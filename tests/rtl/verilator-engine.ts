/** The RTL as Verilator compiles it: an engine of its own, a binary a target, which runs any program. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UNITS } from '../../backends/trellis/isa/table.ts'
import { cached, cacheName, keep } from '../../backends/trellis/netlist/cache.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must } from '../../ir/diagnostic.ts'
import { instructionTimes, trellisDesign } from './bench.ts'
import type { Engine, Run } from './engine.ts'

const BENCH = resolve('tests/rtl/verilator/bench.cpp')

/** What `verilator --version` says; undefined where it is not installed. */
export function verilatorVersion(): string | undefined {
  const { status, stdout } = spawnSync('verilator', ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/**
 * An engine for programs of these targets; building takes up to a minute for each that has not been seen. The C++ compiler's
 * optimization takes longer than it saves on short programs.
 */
export function verilatorEngine(targets: readonly Target[], optimization: '-O0' | '-O3' = '-O0'): Engine {
  const binaries = new Map(targets.map((target) => [target, build(target, optimization)]))
  return {
    name: 'the RTL (Verilator)',
    run(run) {
      const folder = mkdtempSync(join(tmpdir(), 'verilator-run-'))
      try {
        return runProgram(must(binaries.get(run.target), 'a binary of the target'), run, folder)
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  }
}

function runProgram(binary: string, run: Run, folder: string): ReturnType<Engine['run']> {
  const [before, after] = [join(folder, 'before'), join(folder, 'after')]
  writeFileSync(before, run.dram)
  const numbers = [run.address, run.instructions.length, run.target.dram.latency_cycles, run.mostCycles]
  const args = [before, ...numbers.map(String), after]
  const { status, stdout, stderr } = spawnSync(binary, args, { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (status !== 0) throw new Error(`the test bench failed: ${stderr}`)

  const [starts, dones] = [UNITS.map((): number[] => []), UNITS.map((): number[] => [])]
  let [end, cycles]: (number | undefined)[] = []
  let hasConflict = false
  for (const line of stdout.trim().split('\n')) {
    const [event, ...values] = line.split(' ')
    const [first = 0, second = 0] = values.map(Number)
    if (event === 'start') starts[first]?.push(second)
    else if (event === 'done') dones[first]?.push(second)
    else if (event === 'end') end = first
    else if (event === 'conflict') hasConflict = true
    else cycles = first
  }
  const times = instructionTimes(run.instructions, { starts, dones, end })
  const result = new Uint8Array(readFileSync(after))
  return { cycles: must(cycles, 'the last line'), ...times, dram: result, hasConflict }
}

function build(target: Target, optimization: string): string {
  const { files, top } = trellisDesign(target)
  const bus = target.dram.bytes_per_cycle
  const options = ['--cc', '--exe', '--build', '-j', '2', '-O3', '--x-initial', 'unique', '-Wno-fatal']
  const flags = ['-CFLAGS', `${optimization} -DBUS_BYTES=${bus}`, '--top-module', top]
  const bench = readFileSync(BENCH, 'utf8')
  const name = cacheName([verilatorVersion(), options, flags, Object.entries(files).sort(), bench])
  const kept = cached(name)
  if (kept !== undefined) return kept
  const folder = mkdtempSync(join(tmpdir(), 'verilator-build-'))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  const objects = join(folder, 'objects')
  mkdirSync(objects)
  const sources = Object.keys(files).filter((file) => file.endsWith('.sv'))
  const { status, stdout, stderr } = spawnSync(
    'verilator',
    [...options, ...flags, '--Mdir', objects, BENCH, ...sources],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 30 },
  )
  if (status !== 0) throw new Error(`Verilator fails:\n${stdout}${stderr}`)
  const built = join(objects, `V${top}`)
  const binary = keep(built, name)
  if (binary !== built) rmSync(folder, { recursive: true })
  return binary
}
