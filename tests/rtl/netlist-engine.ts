/**
 * The RTL as an engine that needs npm packages alone: Yosys makes a netlist of it, this becomes a cycle model, and DRAM is
 * the model of this file: fixed latency, a beat a cycle.
 */
import { UNITS } from '../../backends/trellis/isa/table.ts'
import { type CycleModel, compileNetlist } from '../../backends/trellis/netlist/cycle-model.ts'
import { synthesize } from '../../backends/trellis/netlist/yosys.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { type Events, instructionTimes, trellisDesign } from './bench.ts'
import type { Engine } from './engine.ts'

/** An engine for programs of these targets; Yosys takes up to a minute for each that it has not seen. */
export async function netlistEngine(targets: readonly Target[]): Promise<Engine> {
  const models = new Map<Target, CycleModel>()
  for (const target of targets) {
    const design = trellisDesign(target)
    models.set(target, unwrap(compileNetlist(unwrap(await synthesize(design)), design.top)))
  }
  return {
    name: 'the RTL (netlist)',
    run({ target, instructions, address, dram, mostCycles }) {
      const model = must(models.get(target), 'a model of the target')
      const copy = dram.slice()
      const bus = target.dram.bytes_per_cycle
      const ram = new FixedLatencyDram(model, copy, bus, target.dram.latency_cycles)
      model.set('program_address', address)
      model.set('program_length', instructions.length)
      const { cycles, events } = runToEnd(model, ram, mostCycles)
      const hasConflict = model.get('port_conflict') !== 0n
      return { cycles, ...instructionTimes(instructions, events), dram: copy, hasConflict }
    },
  }
}

/** Resets, then steps until the machine halts, at most `mostCycles`. */
function runToEnd(
  model: CycleModel,
  ram: FixedLatencyDram,
  mostCycles: number,
): { readonly cycles: number; readonly events: Events } {
  model.set('mem_rvalid', 0)
  model.set('rst', 1)
  model.step()
  model.set('rst', 0)
  const [start, done, end, halted] = ['ev_start', 'ev_done', 'ev_end', 'halted'].map((name) =>
    model.port(name),
  )
  const [starts, dones] = [UNITS.map((): number[] => []), UNITS.map((): number[] => [])]
  let ended: number | undefined
  let cycle = 0
  for (; cycle < mostCycles; cycle++) {
    ram.give(cycle)
    model.step()
    if (halted?.[0] === 1) break
    ram.take(cycle)
    for (let unit = 0; unit < UNITS.length; unit++) {
      if (((start?.[0] ?? 0) >> unit) & 1) starts[unit]?.push(cycle)
      // The event comes with the last effect, which is the cycle before the instruction counts as done.
      if (((done?.[0] ?? 0) >> unit) & 1) dones[unit]?.push(cycle + 1)
    }
    if (end?.[0] === 1) ended = cycle
  }
  return { cycles: cycle, events: { starts, dones, end: ended } }
}

/** A burst on its way: beat i comes in cycle `first` + i. */
interface ReadBurst {
  readonly first: number
  readonly address: number
  readonly beats: number
}

/** Section 3 of docs/timing.md, on the memory ports of the machine. Bytes beyond the end read as 0. */
class FixedLatencyDram {
  private readonly bytes: Uint8Array
  private readonly busBytes: number
  private readonly latency: number
  private readonly reads: ReadBurst[] = []
  private writeAddress = 0
  private readonly port: (name: string) => Uint32Array
  private readonly readData: Uint8Array
  private readonly writeData: Uint8Array
  private readonly writeMask: Uint8Array
  private readonly readValid: Uint32Array
  private readonly writeValid: Uint32Array
  private readonly requestValid: Uint32Array

  constructor(model: CycleModel, bytes: Uint8Array, busBytes: number, latency: number) {
    this.bytes = bytes
    this.busBytes = busBytes
    this.latency = latency
    this.port = (name) => model.port(name)
    const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array) =>
      new Uint8Array(buffer, byteOffset, byteLength)
    this.readData = bytesOf(model.port('mem_rdata'))
    this.writeData = bytesOf(model.port('mem_wdata'))
    this.writeMask = bytesOf(model.port('mem_wmask'))
    this.readValid = model.port('mem_rvalid')
    this.writeValid = model.port('mem_wvalid')
    this.requestValid = model.port('mem_req_valid')
  }

  /** Puts the beat of this cycle, if there is one, on the machine's inputs. */
  give(cycle: number): void {
    const [burst] = this.reads
    const beat = burst === undefined ? -1 : cycle - burst.first
    this.readValid[0] = beat >= 0 ? 1 : 0
    if (burst === undefined || beat < 0) return
    const address = burst.address + beat * this.busBytes
    for (let i = 0; i < this.busBytes; i++) this.readData[i] = this.bytes[address + i] ?? 0
    if (beat === burst.beats - 1) this.reads.shift()
  }

  /** Takes what the machine asks for and writes in this cycle. */
  take(cycle: number): void {
    // The last beat of a write may come in the cycle of the next request.
    if (this.writeValid[0] === 1) {
      for (let i = 0; i < this.busBytes; i++)
        if (((this.writeMask[i >> 3] ?? 0) >> (i & 7)) & 1)
          this.bytes[this.writeAddress + i] = this.writeData[i] ?? 0
      this.writeAddress += this.busBytes
    }
    if (this.requestValid[0] !== 1) return
    const [asked = 0] = this.port('mem_req_addr')
    const [beats = 0] = this.port('mem_req_beats')
    const address = asked - (asked % this.busBytes)
    if (this.port('mem_req_write')[0] === 1) this.writeAddress = address
    else this.reads.push({ first: cycle + this.latency, address, beats })
  }
}
