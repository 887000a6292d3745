/**
 * Random programs on an engine and on the simulator. `npm run fuzz:rtl -- --minutes 10 --seed 1000` goes on for ten
 * minutes from that seed, on the RTL; a test run tries the same few programs every time on the models.
 */
import { describe, expect, it } from 'vitest'
import { must } from '../../ir/diagnostic.ts'
import { type Engine, MODEL_ENGINE } from './engine.ts'
import { firstFailure } from './fuzz.ts'
import { icarusEngine } from './icarus-engine.ts'
import { netlistEngine } from './netlist-engine.ts'
import { FUZZ_TARGETS } from './random/targets.ts'
import { verilatorEngine } from './verilator-engine.ts'

const PROGRAMS = 40
const minutes = Number(process.env.FUZZ_RTL_MINUTES ?? 0)
const seed = Number(process.env.FUZZ_RTL_SEED ?? 0)

/** `model`, or the RTL by way of `netlist`, `verilator` or `icarus`. */
const engineName = process.env.FUZZ_RTL_ENGINE ?? 'model'

async function namedEngine(): Promise<Engine> {
  if (engineName === 'netlist') return await netlistEngine(FUZZ_TARGETS)
  if (engineName === 'verilator') return verilatorEngine(FUZZ_TARGETS)
  if (engineName === 'icarus') return icarusEngine(FUZZ_TARGETS)
  if (engineName !== 'model') throw new Error(`no engine is named ${engineName}`)
  return MODEL_ENGINE
}

/** For a few programs, or for the time that was asked for, with a line of progress every ten seconds. */
function budget(): (tried: number) => boolean {
  if (minutes === 0) return (tried) => tried < PROGRAMS
  const started = Date.now()
  let told = started
  return (tried) => {
    const now = Date.now()
    if (now - told >= 10_000) {
      told = now
      console.log(`${tried} programs, next seed ${seed + tried}, ${Math.round((now - started) / 1000)} s`)
    }
    return now - started < minutes * 60_000
  }
}

describe('random programs', () => {
  it('take the same cycles and leave the same bytes', { timeout: minutes * 60_000 + 1_200_000 }, async () => {
    const failure = firstFailure(await namedEngine(), FUZZ_TARGETS, seed, budget())
    expect(failure?.text).toBe(undefined)
  })
})

describe('what an engine does differently', () => {
  const broken: readonly [string, Engine['run'], RegExp][] = [
    [
      'a late start',
      (run) => {
        const outcome = MODEL_ENGINE.run(run)
        const pool = run.instructions.findIndex((i) => i.op === 'post.pool')
        return {
          ...outcome,
          startCycles: Array.from(outcome.startCycles, (c, n) => (n === pool ? c + 1 : c)),
        }
      },
      /^; instruction \d+ \(post.pool\) starts in cycle/,
    ],
    [
      'a wrong bit of a lookup',
      (run) => {
        const outcome = MODEL_ENGINE.run(run)
        const isWrong = run.instructions.some((i) => i.op === 'post.unary' && i.mode === 2)
        if (isWrong) outcome.dram[100] = must(outcome.dram[100], 'byte') ^ 1
        return outcome
      },
      /^; DRAM byte 100 is/,
    ],
  ]
  it.each(broken)('%s is found and made small', (_, run, message) => {
    const failure = must(
      firstFailure({ name: 'broken', run }, FUZZ_TARGETS, 0, (tried) => tried < 200),
      'failure',
    )
    expect(failure.text).toMatch(message)
    expect(failure.recipe.jobs).toHaveLength(1)
    expect(failure.text.split('\n').length).toBeLessThan(25)
  })
})
