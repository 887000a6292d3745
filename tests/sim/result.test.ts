/** Results of whole programs, on the networks of the repository. */
import { describe, expect, it } from 'vitest'
import { compileTrellis } from '../../backends/trellis/compile.ts'
import { readProgram, writeProgram } from '../../backends/trellis/image.ts'
import type { Instruction } from '../../backends/trellis/isa/table.ts'
import type { Program } from '../../backends/trellis/program.ts'
import { loadTarget, type Target } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { createMachine } from '../../sim/execute/machine.ts'
import { simulateProgram } from '../../sim/result.ts'
import { timeSegments } from '../../sim/timed-segments.ts'
import { TIMED_UNITS } from '../../sim/timing/ledger.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { chromeTrace } from '../../sim/trace.ts'
import { loadModel } from '../../src/importers/index.ts'
import { optimize } from '../../src/pipeline.ts'
import { whatDoesNotAddUp, whatIsNotConnected } from './model/conserved.ts'
import { END, make, mask } from './model/small-programs.ts'

const TARGET = unwrap(loadTarget('trellis-16'))

async function compiled(name: string): Promise<Program> {
  const graph = unwrap(await loadModel(`examples/digits/${name}.tflite`))
  return unwrap(compileTrellis(optimize(graph), TARGET))
}

const PROGRAMS = await Promise.all(['digits_int8', 'digits_sparse_int8', 'digits_segment_int8'].map(compiled))

describe.each(PROGRAMS)('$model', (program) => {
  const result = unwrap(simulateProgram(program))

  it('units, causes, kinds of bytes and components of energy add up, in all and over layers', () => {
    expect(whatDoesNotAddUp(result)).toEqual([])
    expect(whatDoesNotAddUp(unwrap(simulateProgram({ ...program, batch: 3 })))).toEqual([])
    const outputs = program.outputs.reduce((sum, b) => sum + b.bytes, 0)
    expect(result.dram.write_bytes).toBeGreaterThanOrEqual(
      program.steps.some((s) => 'host' in s) ? 1 : outputs,
    )
  })

  it('a figure of a layer that is wrong is found', () => {
    const [first, ...others] = result.layers
    if (first === undefined) throw new Error('no layers')
    const found = (change: Partial<typeof first>) =>
      whatDoesNotAddUp({ ...result, layers: [{ ...first, ...change }, ...others] }).join('\n')
    const { mac, dram } = first.units
    expect(found({ units: { ...first.units, mac: { ...mac, busy: mac.busy + 1 } } })).toMatch(/of mac in/)
    expect(found({ units: { ...first.units, dram: { ...dram, idle: dram.idle - 1 } } })).toMatch(
      /idle of dram/,
    )
    expect(found({ dram_bytes: 0 })).toMatch(/DRAM bytes of/)
    expect(found({ energy: { ...first.energy, high: 2 * first.energy.high } })).toMatch(/high energy/)
    expect(found({ kept_macs: first.macs + 1 })).toMatch(/MACs/)
  })

  it('layers and host ops are a graph, also when they come out of a compiled folder', () => {
    expect(whatIsNotConnected(result)).toEqual([])
    const files = Object.entries(writeProgram(program)).map(([name, data]) => [name, Buffer.from(data)])
    const read = unwrap(readProgram(Object.fromEntries(files), 'folder'))
    expect(unwrap(simulateProgram(read))).toEqual(result)
  })

  it('figures stand beside the machine that they are measured against', () => {
    const { machine } = result
    expect(result.batch).toBe(1)
    expect(machine).toMatchObject({ rows: 16, cols: 16, dram_bytes_per_cycle: 16, dram_latency_cycles: 40 })
    expect(machine.memories).toContainEqual({
      ...{ name: 'activation', bytes: 128 * 1024, banks: 8, bank_bytes: 16 * 1024 },
    })
    for (const { bytes, banks, bank_bytes } of machine.memories) expect(banks * bank_bytes).toBe(bytes)
    const convolution = result.layers.find((l) => l.op === 'conv2d')
    expect(convolution).toMatchObject({ peak_macs_per_cycle: 256, kept_macs: expect.any(Number) })
    expect(convolution?.output_shape).toEqual(program.layers.find((l) => l.op === 'conv2d')?.shape)
    expect(convolution?.schedule).toMatch(/whole|stripes/)
  })

  it('the lower bound is below the result, for the whole and where no layer runs ahead', () => {
    expect(result.lower_bound.cycles).toBeLessThanOrEqual(result.cycles)
    expect(result.mac_utilization).toBeLessThanOrEqual(1)
    expect(result.latency_ms).toBeCloseTo(result.cycles / 200e3, 9)
    expect(result.inferences_per_s).toBeCloseTo(200e6 / result.cycles, 6)
  })

  it('a batch multiplies everything but the rate', () => {
    const twice = unwrap(simulateProgram({ ...program, batch: 2 }))
    expect(twice.cycles).toBe(2 * result.cycles)
    expect(twice.dram.read_bytes).toBe(2 * result.dram.read_bytes)
    expect(twice.energy_uj.nominal).toBeCloseTo(2 * result.energy_uj.nominal, 9)
    expect(twice.inferences_per_s).toBeCloseTo(result.inferences_per_s, 6)
    expect(twice.mac_utilization).toBeCloseTo(result.mac_utilization, 9)
  })

  it('the same program gives the same result', () => {
    expect(unwrap(simulateProgram(program))).toEqual(result)
  })

  it('more bandwidth or less latency is never slower', () => {
    const cycles = (dram: Partial<Target['dram']>): number => {
      const target = { ...TARGET, dram: { ...TARGET.dram, ...dram } }
      return program.segments.reduce(
        (sum, s) => sum + simulateTiming(s.instructions, s.address, target).cycles,
        0,
      )
    }
    const byWidth = [64, 32, 16, 8, 4, 2, 1].map((bytes_per_cycle) => cycles({ bytes_per_cycle }))
    expect(byWidth).toEqual(byWidth.toSorted((a, b) => a - b))
    const byLatency = [1, 20, 40, 80, 160].map((latency_cycles) => cycles({ latency_cycles }))
    expect(byLatency).toEqual(byLatency.toSorted((a, b) => a - b))
  })

  it('values do not depend on time: any legal timing leaves the same memory', () => {
    const run = (order: (instructions: readonly Instruction[], starts: Float64Array) => Instruction[]) =>
      [1, 40, 300].map((latency_cycles) => {
        const target = { ...TARGET, dram: { ...TARGET.dram, latency_cycles } }
        const machine = createMachine(TARGET, program.dramBytes)
        for (let i = 0; i < program.dramBytes; i++) machine.dram[i] = (i * 37) & 0xff
        machine.dram.set(program.weights, program.weightsAddress)
        for (const { instructions, address } of program.segments) {
          const { startCycles } = simulateTiming(instructions, address, target)
          machine.run(order(instructions, startCycles))
        }
        return machine.dram
      })
    const [inOrder] = run((instructions) => [...instructions])
    const inTime = run((instructions, starts) =>
      instructions
        .map((i, index) => ({ i, start: starts[index] as number }))
        .sort((a, b) => (a.i.op === 'end' ? 1 : b.i.op === 'end' ? -1 : a.start - b.start))
        .map(({ i }) => i),
    )
    for (const dram of inTime) expect(Buffer.compare(dram, inOrder as Uint8Array)).toBe(0)
  })

  it('a trace has a named track for each unit, and slices that do not overlap', () => {
    const timed = unwrap(timeSegments(program))
    const { traceEvents } = JSON.parse(JSON.stringify(chromeTrace(program, timed))) as ReturnType<
      typeof chromeTrace
    >
    const names = traceEvents.flatMap((e) => (e.name === 'thread_name' ? [e.args.name] : []))
    expect(names).toEqual(['layers', ...TIMED_UNITS])
    for (let tid = 0; tid < names.length; tid++) {
      let end = 0
      let spent = 0
      for (const event of traceEvents) {
        if (event.ph !== 'X' || event.tid !== tid) continue
        const start = event.args.start_cycle as number
        expect(start).toBeGreaterThanOrEqual(end)
        expect(event.ts).toBeCloseTo(start / TARGET.clock_mhz, 9)
        end = start + (event.args.cycles as number)
        spent += event.args.cycles as number
        if (event.cat === 'stall') expect(event.name).toBe(`stall: ${event.args.cause}`)
      }
      expect(end).toBeLessThanOrEqual(result.cycles)
      const unit = TIMED_UNITS[tid - 1]
      if (unit) expect(spent).toBe(result.cycles - result.units[unit].idle)
      else expect(spent).toBe(result.cycles)
    }
  })

  it('slices of layers follow one another through the whole segment', () => {
    for (const { timing, slices } of unwrap(timeSegments(program))) {
      let at = 0
      for (const { from, to } of slices) {
        expect(from).toBe(at)
        at = to
      }
      expect(at).toBe(timing.cycles)
    }
  })
})

it('a program that breaks a rule of the machine gives diagnostics', () => {
  const program = PROGRAMS[0] as Program
  const withInstructions = (...instructions: readonly Instruction[]): Program => ({
    ...program,
    segments: program.segments.map((s) => ({
      ...s,
      instructions,
      layerOf: new Uint16Array(instructions.length),
    })),
  })
  const pool = make('post.pool', { kx: 100, signal: mask('store') })
  const apart = simulateProgram(withInstructions(pool, make('store', { act: 64 }), END))
  expect(apart).toMatchObject({ ok: false, diagnostics: [{ code: 'program/port-conflict' }] })
  expect(
    simulateProgram(withInstructions(pool, make('store', { act: 64, wait: mask('post') }), END)).ok,
  ).toBe(true)
  const stuck = simulateProgram(withInstructions(make('store', { wait: mask('mac') }), END))
  expect(stuck).toMatchObject({ ok: false, diagnostics: [{ code: 'program/deadlock' }] })
})
