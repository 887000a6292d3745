/**
 * Collects the instructions of one segment in the order of their meaning: run one after the other in this order they
 * are right. Tokens and the order in which they are fetched come later, from what each one touches.
 */
import { isDeepStrictEqual } from 'node:util'
import { must } from '../../../ir/diagnostic.ts'
import { type Access, footprint, type ListExtent, operandFootprint } from '../isa/footprint.ts'
import { NO_SETUP } from '../isa/no-setup.ts'
import type { Instruction, InstructionOf, Opcode } from '../isa/table.ts'
import type { FeatureMap, MapId } from '../lower/stage.ts'
import { type Placed, ringOf, rowAddress } from '../schedule/buffer.ts'
import { type Maps, mapOf } from '../schedule/cost.ts'
import { capacities, type Target } from '../target.ts'
import type { ConstantPool } from './constants.ts'
import { RingCache } from './ring-cache.ts'

export interface Emitted {
  readonly instruction: Instruction
  readonly layer: number
  readonly accesses: readonly Access[]
  /** DRAM addresses still count from the start of this pool. */
  readonly pool?: Pool
}

/** Parts of DRAM whose place is known when everything has been emitted; `tensors` are constants that stages read as maps. */
export type Pool = 'weights' | 'parameters' | 'tensors'

/** Where a buffer is in DRAM. */
export interface DramPlace {
  readonly address: number
  readonly pool?: Pool
}

type Fields<O extends Opcode> = Omit<InstructionOf<O>, 'op' | 'wait' | 'signal'>

/** A map where it stands while a group runs. */
export interface MapInMemory {
  readonly map: FeatureMap
  readonly buffer: Placed
}

export class Emitter {
  readonly target: Target
  readonly maps: Maps
  readonly weightPool: ConstantPool
  readonly parameterPool: ConstantPool
  readonly dramPlace: (buffer: string) => DramPlace
  readonly emitted: Emitted[] = []
  readonly weightMemory: RingCache
  readonly parameterMemory: RingCache
  readonly indexMemory: RingCache
  readonly tables = new RingCache(4)
  /** Buffers of the group being emitted. */
  placed: ReadonlyMap<MapId, Placed> = new Map()
  #setup: InstructionOf<'post.setup'> | undefined
  #accumulator = 0

  constructor(
    target: Target,
    maps: Maps,
    pools: { readonly weights: ConstantPool; readonly parameters: ConstantPool },
    dramPlace: (buffer: string) => DramPlace,
  ) {
    this.target = target
    this.maps = maps
    this.weightPool = pools.weights
    this.parameterPool = pools.parameters
    this.dramPlace = dramPlace
    const sizes = capacities(target)
    this.weightMemory = new RingCache(sizes.weightColumns)
    this.parameterMemory = new RingCache(sizes.parameterBytes)
    this.indexMemory = new RingCache(sizes.indexEntries)
  }

  emit<O extends Opcode>(
    op: O,
    layer: number,
    fields: Fields<O>,
    more: { readonly extent?: ListExtent; readonly pool?: Pool | undefined } = {},
  ): void {
    const instruction = { op, wait: 0, signal: 0, ...fields } as unknown as Instruction
    const accesses = footprint(instruction, this.target, more.extent)
    if (this.#setup) accesses.push(...operandFootprint(instruction, this.#setup, this.target))
    if (instruction.op === 'post.setup') this.#setup = instruction
    this.emitted.push({ instruction, layer, accesses, ...(more.pool ? { pool: more.pool } : {}) })
  }

  /** A post.setup, unless the unit already holds these values. */
  setup(layer: number, fields: Partial<Fields<'post.setup'>>): void {
    const all = { ...NO_SETUP, ...fields }
    if (isDeepStrictEqual(this.#setup, all)) return
    this.emit('post.setup', layer, all)
  }

  /** Room for `vectors` accumulator vectors: a ring, so that one tile is emptied while the next fills. */
  accumulators(vectors: number): number {
    const capacity = capacities(this.target).accumulatorVectors
    if (this.#accumulator + vectors > capacity) this.#accumulator = 0
    const at = this.#accumulator
    this.#accumulator += vectors
    return at
  }

  at(id: MapId): MapInMemory {
    return { map: mapOf(this.maps, id), buffer: must(this.placed.get(id), `buffer of ${id}`) }
  }
}

/** Address, row step and ring of an output or operand, at byte `c` of pixel (y, x). */
export function walkOut(m: MapInMemory, y: number, x: number, c: number) {
  const ring = ringOf(m.buffer)
  return {
    address: rowAddress(m.buffer, m.map, y) + x * m.map.c + c,
    yStep: m.buffer.pitch,
    ring_end: ring.end,
    ring_size: ring.size,
  }
}
