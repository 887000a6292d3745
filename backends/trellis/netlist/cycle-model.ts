/**
 * A synchronous circuit that is run cycle by cycle: values of 0 and 1, one clock. Compiled from a netlist of Yosys to
 * WebAssembly, whose linear memory holds ports, registers and memories.
 */
import { attempt, must, type Result } from '../../../ir/diagnostic.ts'
import { emitModule } from './emit.ts'
import { type LoweredModule, lowerModule } from './lower-module.ts'
import { type Netlist, topModule, wordCount } from './netlist.ts'
import type { MemoryPlace, Place } from './state.ts'

/** A memory of the circuit. */
export interface MemoryView {
  readonly rows: number
  /** Bits of a row. */
  readonly width: number
  /** Words of 32 bits that a row takes in `words`, the lowest first. */
  readonly rowWords: number
  /** The contents, which can be written too: `rows` x `rowWords`. */
  readonly words: Uint32Array
}

/** Compiles a flat module; `netlist/...` where it cannot be run in cycles. */
export function compileNetlist(netlist: Netlist, top: string): Result<CycleModel> {
  return attempt(() => new CycleModel(lowerModule(topModule(netlist, top))))
}

export class CycleModel {
  private readonly instance: { readonly evaluate: () => void; readonly clock: () => void }
  private readonly words: Uint32Array
  private readonly inputs: ReadonlyMap<string, Place>
  private readonly outputs: ReadonlyMap<string, Place>
  private readonly memoryPlaces: ReadonlyMap<string, MemoryPlace>

  constructor(lowered: LoweredModule) {
    const binary = emitModule(lowered)
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary as BufferSource))
    const { evaluate, clock, memory } = exports as unknown as Exports
    this.instance = { evaluate, clock }
    this.words = new Uint32Array(memory.buffer)
    this.inputs = lowered.inputs
    this.outputs = lowered.outputs
    this.memoryPlaces = lowered.memories
    for (const { address, value } of lowered.state.initial) this.words[address / 4] = value
  }

  /** Names of the memories, hierarchical: `queue.rows` is memory `rows` of instance `queue`. */
  get memories(): readonly string[] {
    return [...this.memoryPlaces.keys()]
  }

  /**
   * The words of a port of 32 bits, the lowest first: what is written into those of an input is its value from then on;
   * those of an output are its value at the last `evaluate` or `step`.
   */
  port(name: string): Uint32Array {
    const place = must(this.inputs.get(name) ?? this.outputs.get(name), `no port '${name}'`)
    return this.words.subarray(place.address / 4, place.address / 4 + wordCount(place.bits))
  }

  /** Gives an input port a value, of which the bits that it has count. */
  set(port: string, value: bigint | number): void {
    const { bits } = must(this.inputs.get(port), `no input port '${port}'`)
    const words = this.port(port)
    const whole = BigInt.asUintN(bits, BigInt(value))
    for (let k = 0; k < words.length; k++) words[k] = Number(BigInt.asUintN(32, whole >> BigInt(32 * k)))
  }

  /** The unsigned value of a port. */
  get(port: string): bigint {
    return this.port(port).reduceRight((value, word) => (value << 32n) | BigInt(word), 0n)
  }

  /** Computes the output ports from the input ports and the state, which stays. */
  evaluate(): void {
    this.instance.evaluate()
  }

  /** One cycle: computes the output ports, which keep these values, then the state of the next cycle. */
  step(): void {
    this.instance.evaluate()
    this.instance.clock()
  }

  /** A memory by its hierarchical name. */
  memory(name: string): MemoryView {
    const { address, rows, rowWords, width } = must(this.memoryPlaces.get(name), `no memory '${name}'`)
    const words = this.words.subarray(address / 4, address / 4 + rows * rowWords)
    return { rows, width, rowWords, words }
  }
}

interface Exports {
  readonly evaluate: () => void
  readonly clock: () => void
  readonly memory: WebAssembly.Memory
}
