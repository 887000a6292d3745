/** The test bench that `espalier rtl` writes, in Icarus Verilog: programs take the simulator's cycles and leave its bytes. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rtlFiles } from '../../backends/trellis/rtl/emit.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { programImage } from '../../src/program-image.ts'
import { differenceOn } from './engine.ts'
import { icarusEngine, icarusVersion } from './icarus-engine.ts'
import { JOB_KINDS, programOf, type RandomProgram, randomRecipe } from './random/program.ts'
import { FUZZ_TARGETS } from './random/targets.ts'

const LONG = 300_000
/** Icarus runs some hundred cycles of a small target a second. */
const MOST_CYCLES = 2400

if (icarusVersion() === undefined)
  console.warn('iverilog is not installed: the test bench is not run in Icarus Verilog')
const withIcarus = test.skipIf(icarusVersion() === undefined)
const [smallest, everyWidth] = FUZZ_TARGETS.map((target, n) => [`${n}: ${target.name}`, target] as const)

withIcarus.each([must(smallest, 'target'), must(everyWidth, 'target')])(
  'short programs of every kind: %s',
  { timeout: LONG },
  (_, target) => {
    const engine = icarusEngine([target])
    for (const { program, dram } of shortPrograms(target))
      expect(differenceOn(engine, { program, dram })).toBe(undefined)
  },
)

withIcarus('the commands of the README take the cycles of program.txt', { timeout: LONG }, () => {
  const target = must(smallest, 'target')[1]
  const { program } = must(shortPrograms(target)[0], 'a short program')
  const files: Readonly<Record<string, string>> = { ...unwrap(rtlFiles(target)), ...programImage(program) }
  const [, options = '', cycles = ''] = must(
    /(\+image.*): (\d+) cycles/.exec(files['program.txt'] ?? ''),
    'a segment',
  )
  const [, command = ''] = must(/^ +(iverilog .*)$/m.exec(files['README.md'] ?? ''), 'the command')
  const folder = mkdtempSync(join(tmpdir(), 'icarus-readme-'))
  try {
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
    const { stdout } = spawnSync('sh', ['-c', command.replace(/\+image.*/, options)], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(stdout.trim()).toBe(`${cycles} cycles`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** The first random programs with jobs of a kind that those before them lack, as far as they are short. */
function shortPrograms(target: Target): RandomProgram[] {
  const programs: RandomProgram[] = []
  const missing = new Set(JOB_KINDS)
  for (let seed = 0; missing.size > 0; seed++) {
    const recipe = randomRecipe(seed)
    if (!recipe.jobs.some(({ kind }) => missing.has(kind))) continue
    const random = programOf(recipe, target)
    const { instructions, address } = must(random.program.segments[0], 'segment')
    if (simulateTiming(instructions, address, target).cycles > MOST_CYCLES) continue
    programs.push(random)
    for (const { kind } of recipe.jobs) missing.delete(kind)
  }
  return programs
}
