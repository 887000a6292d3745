/** The emitted test bench in Icarus Verilog: an engine that runs what `espalier rtl` writes, by the commands of its README. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UNITS } from '../../backends/trellis/isa/table.ts'
import { cached, cacheName, keep } from '../../backends/trellis/netlist/cache.ts'
import { rtlFiles } from '../../backends/trellis/rtl/emit.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { hexadecimal } from '../../src/program-image.ts'
import { instructionTimes } from './bench.ts'
import type { Engine, Run } from './engine.ts'

/** DRAM of the test bench. Filling the four megabytes that it has by default would take most of a short program's time. */
const DRAM_BYTES = 1 << 19

/** The first line of `iverilog -V`; undefined where it is not installed. */
export function icarusVersion(): string | undefined {
  const { status, stdout } = spawnSync('iverilog', ['-V'], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n')[0]?.trim() : undefined
}

/** An engine for programs of these targets, at most `DRAM_BYTES` large; it runs some thousand cycles a second. */
export function icarusEngine(targets: readonly Target[]): Engine {
  const benches = new Map(targets.map((target) => [target, compileBench(target)]))
  return {
    name: 'the RTL (Icarus)',
    run(run) {
      const folder = mkdtempSync(join(tmpdir(), 'icarus-run-'))
      try {
        return runProgram(must(benches.get(run.target), 'a test bench of the target'), run, folder)
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  }
}

function runProgram(bench: string, run: Run, folder: string): ReturnType<Engine['run']> {
  const { target, instructions, address, dram, mostCycles } = run
  if (dram.length > DRAM_BYTES) throw new Error(`the test bench has ${DRAM_BYTES} bytes of DRAM`)
  const [image, dump] = [join(folder, 'program.hex'), join(folder, 'dump.hex')]
  writeFileSync(image, hexadecimal(dram))
  const numbers = {
    address,
    length: instructions.length,
    latency: target.dram.latency_cycles,
    most: mostCycles,
  }
  const args = Object.entries({ image, dump, ...numbers }).map(([name, value]) => `+${name}=${value}`)
  const { status, stdout, stderr } = spawnSync('vvp', ['-n', bench, ...args, '+events'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
  if (status !== 0) throw new Error(`vvp fails: ${stdout.slice(-1000)}${stderr}`)

  const [starts, dones] = [UNITS.map((): number[] => []), UNITS.map((): number[] => [])]
  let end: number | undefined
  for (const [, cycle, event, of] of stdout.matchAll(/^(\d+) (start|done|dispatch) ?(\w*)$/gm)) {
    if (event === 'start') starts[Number(of)]?.push(Number(cycle))
    else if (event === 'done') dones[Number(of)]?.push(Number(cycle))
    else if (of === 'end') end = Number(cycle)
  }
  const cycles = Number(must(/^(\d+) cycles/m.exec(stdout), 'a line with the cycles')[1])
  return {
    cycles,
    ...instructionTimes(instructions, { starts, dones, end }),
    dram: dumped(readFileSync(dump, 'utf8')).slice(0, dram.length),
    hasConflict: stdout.includes('two units at one port'),
  }
}

/** What $writememh has written. Bits that nothing has set are `x`, and must not reach DRAM. */
function dumped(text: string): Uint8Array {
  const words = text
    .replaceAll(/\/\/.*/g, '')
    .trim()
    .split(/\s+/)
  const unknown = words.findIndex((word) => !/^[0-9a-f]{2}$/.test(word))
  if (unknown >= 0) throw new Error(`byte ${unknown} of DRAM is ${words[unknown]}`)
  return Uint8Array.from(words, (word) => Number.parseInt(word, 16))
}

function compileBench(target: Target): string {
  const files = unwrap(rtlFiles(target))
  const options = ['-g2012', '-s', 'trellis_tb', `-Ptrellis_tb.DRAM_BYTES=${DRAM_BYTES}`]
  const name = cacheName([icarusVersion(), options, Object.entries(files).sort()])
  const kept = cached(name)
  if (kept !== undefined) return kept
  const folder = mkdtempSync(join(tmpdir(), 'icarus-build-'))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  const sources = Object.keys(files).filter((file) => file.endsWith('.sv'))
  const { status, stdout, stderr } = spawnSync('iverilog', [...options, '-o', 'bench.vvp', ...sources], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
  if (status !== 0) throw new Error(`iverilog fails:\n${stdout}${stderr}`)
  const built = join(folder, 'bench.vvp')
  const bench = keep(built, name)
  if (bench !== built) rmSync(folder, { recursive: true })
  return bench
}
