/** What must hold of a network on a target: it compiles, the program keeps the machine's rules, and its outputs are exact. */
import type { Program } from '../../backends/trellis/program.ts'
import { PRESET_NAMES, parseTarget, presetYaml, type Target } from '../../backends/trellis/target.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { type Result, unwrap } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import type { Graph } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { compileModel } from '../../src/pipeline.ts'
import { simulate } from '../../src/simulate.ts'
import { createTrellisRunner } from '../../src/trellis-runner.ts'
import { whatDoesNotHold } from '../sim/model/whole.ts'
import { expectOnHost } from './host-ops.ts'
import { randomInputs } from './network-builder.ts'

const SMALL = `
name: 4x4 with 16 KiB
clock_mhz: 50
array: { rows: 4, cols: 4 }
precisions: [8, 4, 2, 1]
memories: { activation_kib: 8, weight_kib: 4, accumulator_kib: 2, parameter_kib: 1, index_kib: 1, banks: 8 }
dram: { bytes_per_cycle: 4, latency_cycles: 20, model: fixed }
`

function oblong(rows: number, cols: number): string {
  return `
name: ${rows}x${cols}
clock_mhz: 100
array: { rows: ${rows}, cols: ${cols} }
precisions: [8, 4, 2, 1]
memories: { activation_kib: 64, weight_kib: 32, accumulator_kib: 16, parameter_kib: 2, index_kib: 2, banks: 8 }
dram: { bytes_per_cycle: 8, latency_cycles: 30, model: fixed }
`
}

/** The presets, a machine with next to no memory, and two that are not square. */
export const TARGETS: readonly Target[] = [
  ...PRESET_NAMES.map((name) => presetYaml(name)),
  SMALL,
  oblong(8, 16),
  oblong(16, 8),
].map((yaml) => unwrap(parseTarget(yaml, 'target')))

/** 'exact', or that the target is too small for a layer, which only small ones may be. */
export function checkOnTrellis(
  graph: Graph,
  target: Target,
  seed: number,
  inputs: readonly TensorData[] = randomInputs(graph, seed),
): 'exact' | 'memory-too-small' {
  const program = compileOrTooSmall(compileModel(graph, target))
  if (program === undefined) return 'memory-too-small'
  for (const step of program.steps) if ('host' in step) expectOnHost(step.host)
  expectConserved(program)
  const findings = verifyProgram(program)
  if (findings.length > 0)
    throw new Error(findings.map(({ code, message }) => `${code}: ${message}`).join('\n'))
  const expected = createInterpreter(graph).run(inputs)
  const actual = createTrellisRunner(program).run(inputs)
  expected.forEach((data, n) => {
    expectEqual(actual[n], data, graph.outputs[n] ?? '')
  })
  return 'exact'
}

function compileOrTooSmall(compiled: Result<Program>): Program | undefined {
  if (compiled.ok) return compiled.value
  if (compiled.diagnostics.every(({ code }) => code === 'trellis/memory-too-small')) return undefined
  throw new Error(compiled.diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n'))
}

function expectEqual(actual: TensorData | undefined, expected: TensorData, id: string): void {
  const wrong = expected.findIndex((value: number | bigint, i: number) => !Object.is(actual?.[i], value))
  if (wrong < 0 && actual?.length === expected.length) return
  throw new Error(`output ${id} differs at ${wrong}: ${actual?.[wrong]}, expected ${expected[wrong]}`)
}

/** Fails unless everything adds up and has its place, and nothing is better than its bound. */
function expectConserved(program: Program): void {
  const wrong = whatDoesNotHold(program, unwrap(simulate(program)).result)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}
