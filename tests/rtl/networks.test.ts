/** Whole networks on the RTL and on the simulator: every instruction of every layer in the same cycles, and the same bytes. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Program } from '../../backends/trellis/program.ts'
import { loadTarget } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { createMachine } from '../../sim/execute/machine.ts'
import { openProgram } from '../../src/open-program.ts'
import { initialDram } from '../../src/program-image.ts'
import { drawFromSeed } from '../sim/model/instructions.ts'
import { differenceOn, type Engine } from './engine.ts'
import { netlistEngine } from './netlist-engine.ts'
import { randomBytes } from './random/builder.ts'
import { verilatorEngine, verilatorVersion } from './verilator-engine.ts'

const LONG = 900_000
const ZOO = '../shared/zoo'
const NETWORKS = [
  'examples/digits/digits_int8.tflite',
  'examples/digits/digits_1w1a.onnx',
  `${ZOO}/own/models/digits_4w4a.onnx`,
  'examples/digits/digits_sparse_int8.tflite',
  `${ZOO}/models/resnet8_int8.tflite`,
  `${ZOO}/models/dscnn_kws_int8.tflite`,
].filter((path) => {
  if (!existsSync(path)) console.warn(`${path} is missing: it is not run on the RTL`)
  return existsSync(path)
})

const target = unwrap(loadTarget('trellis-16'))
const engines: [string, () => Engine | Promise<Engine>][] = [['netlist', () => netlistEngine([target])]]
if (verilatorVersion() !== undefined) engines.push(['Verilator', () => verilatorEngine([target])])

describe.each(engines)('%s', (_, build) => {
  let engine: Engine | undefined
  test.each(NETWORKS)('%s', { timeout: LONG }, async (path) => {
    engine ??= await build()
    const program = unwrap(await openProgram(path, 'trellis-16'))
    expect(networkDifference(engine, program)).toBe(undefined)
  })
})

/** What differs in the first segment that differs. Inputs, and what host ops would write in between, are random. */
function networkDifference(engine: Engine, program: Program): string | undefined {
  const machine = createMachine(program.target, program.dramBytes)
  const before = machine.dram
  before.set(initialDram(program))
  for (const region of program.regions) {
    if (region.kind === 'activations')
      before.set(randomBytes(drawFromSeed(7), region.end - region.start), region.start)
  }
  for (const segment of program.segments) {
    const dram = before.slice()
    const difference = differenceOn(engine, { program: { ...program, target, segments: [segment] }, dram })
    if (difference !== undefined) return difference
    machine.run(segment.instructions)
  }
  return undefined
}
