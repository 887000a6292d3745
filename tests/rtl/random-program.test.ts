/** Random programs are legal, and show all that they compute. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Accesses } from '../../backends/trellis/isa/accesses.ts'
import { INSTRUCTIONS, UNITS, unitOf } from '../../backends/trellis/isa/table.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { must } from '../../ir/diagnostic.ts'
import { createMachine } from '../../sim/execute/machine.ts'
import { weightIndex } from '../../sim/execute/memories.ts'
import { checkOwnership } from '../../sim/timing/ownership.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { cases } from '../laws/long-run.ts'
import { drawFromSeed } from '../sim/model/instructions.ts'
import { randomBytes } from './random/builder.ts'
import { programOf, type RandomProgram, type Recipe, randomRecipe, shrink } from './random/program.ts'
import { FUZZ_TARGETS } from './random/targets.ts'

const anyProgram = fc
  .record({ seed: fc.nat(), target: fc.constantFrom(...FUZZ_TARGETS) })
  .map(({ seed, target }) => programOf(randomRecipe(seed), target))

const POST = 1 << UNITS.indexOf('post')

const instructionsOf = ({ program }: RandomProgram) => must(program.segments[0], 'segment').instructions

/** DRAM after the program, on a machine whose memories hold `before(n)` in the beginning. */
function dramAfter(random: RandomProgram, before: (length: number) => Uint8Array): Uint8Array {
  const machine = createMachine(random.program.target, random.dram.length)
  machine.dram.set(random.dram)
  const m = machine.memories
  for (const memory of [m.activation, m.parameters, m.accumulators, m.tables, m.index]) {
    new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength).set(before(memory.byteLength))
  }
  const { columns, rows, bytes, filled } = m.weights
  filled.set(before(filled.length).map((byte) => byte & 1))
  before(columns * rows).forEach((byte, at) => {
    bytes[weightIndex(m.weights, Math.floor(at / rows), at % rows)] = byte
  })
  machine.run(instructionsOf(random))
  return machine.dram
}

describe('random programs', () => {
  it('keep every rule that the verifier knows', () => {
    fc.assert(
      fc.property(anyProgram, ({ program }) => {
        expect(verifyProgram(program)).toEqual([])
      }),
      cases(150),
    )
  })

  it('never share a port', () => {
    fc.assert(
      fc.property(anyProgram, (random) => {
        const { target, weights, weightsAddress } = random.program
        const instructions = instructionsOf(random)
        const accesses = new Accesses(target, { bytes: weights, address: weightsAddress })
        const touched = instructions.map((i) => accesses.next(i))
        const unitOfEach = Uint8Array.from(instructions, (i) => UNITS.indexOf(unitOf(i)))
        const timing = simulateTiming(instructions, 0, target)
        expect(checkOwnership({ unitOf: unitOfEach, ...timing }, touched, target)).toEqual([])
      }),
      cases(150),
    )
  })

  it('do not depend on what memories held before', () => {
    fc.assert(
      fc.property(anyProgram, fc.nat(), (random, seed) => {
        const zeros = dramAfter(random, (length) => new Uint8Array(length))
        const d = drawFromSeed(seed)
        const garbage = dramAfter(random, (length) => randomBytes(d, length))
        expect(Buffer.compare(zeros, garbage)).toBe(0)
      }),
      cases(60),
    )
  })

  it('use every instruction, in every mode, with early tokens and resumed rows', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 100; seed++) {
      const target = must(FUZZ_TARGETS[seed % FUZZ_TARGETS.length], 'target')
      for (const i of instructionsOf(programOf(randomRecipe(seed), target))) {
        seen.add(i.op)
        if ('mode' in i) seen.add(`${i.op} in mode ${i.mode}`)
        if ('precision' in i) seen.add(`${i.op} of ${8 >> i.precision} bits`)
        if ('rounding' in i) seen.add(`${i.op} rounding by rule ${i.rounding}`)
        if ('early' in i && i.early === 1 && i.signal & POST) seen.add(`${i.op} with an early token`)
        if ('resume' in i && i.resume === 1) seen.add('resumed rows')
        if ('accumulate' in i && i.accumulate === 1) seen.add('sums added to')
        if ('stream' in i && i.stream > i.precision) seen.add('widened weights')
        if ('ring_size' in i && i.ring_size > 0) seen.add(`${i.op} in a ring`)
      }
    }
    expect([...Object.keys(INSTRUCTIONS)].filter((op) => !seen.has(op))).toEqual([])
    const expected = [
      ...[0, 1, 2, 3, 4, 5].map((mode) => `post.acc in mode ${mode}`),
      ...[0, 1, 2].map((mode) => `post.unary in mode ${mode}`),
      ...[8, 4, 2, 1].map((bits) => `mac.dense of ${bits} bits`),
      ...[8, 4, 2, 1].map((bits) => `post.acc of ${bits} bits`),
      ...[8, 4, 2, 1].map((bits) => `load.weight of ${bits} bits`),
      ...[0, 1, 2].map((rule) => `post.acc rounding by rule ${rule}`),
      ...['mac.dense with an early token', 'mac.depthwise with an early token', 'resumed rows'],
      ...['sums added to', 'widened weights', 'load.act in a ring', 'store in a ring', 'post.acc in a ring'],
    ]
    expect(expected.filter((feature) => !seen.has(feature))).toEqual([])
  })
})

describe('a failure', () => {
  it('is made small by leaving jobs out', () => {
    const target = must(FUZZ_TARGETS[1], 'target')
    // Planted: what fails is any program in which a pooling comes after rows that were resumed.
    const fails = (recipe: Recipe): boolean => {
      const instructions = instructionsOf(programOf(recipe, target))
      const resumed = instructions.findIndex((i) => 'resume' in i && i.resume === 1)
      return resumed >= 0 && instructions.slice(resumed).some((i) => i.op === 'post.pool')
    }
    const seed = must(
      Array.from({ length: 500 }, (_, s) => s).find(
        (s) => randomRecipe(s).jobs.length > 6 && fails(randomRecipe(s)),
      ),
      'a failing program',
    )
    const recipe = randomRecipe(seed)
    const small = shrink(recipe, fails)
    expect(small).toMatchObject({ jobs: [{ kind: 'depthwise' }, { kind: 'pool' }], fills: false })
    expect(fails(small)).toBe(true)
    expect(verifyProgram(programOf(small, target).program)).toEqual([])
    // Of several tiles, with what they read and what they show.
    expect(instructionsOf(programOf(small, target)).length).toBeLessThan(40)
  })
})
