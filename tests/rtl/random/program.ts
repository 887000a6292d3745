/**
 * Random legal programs: whatever they read has been written, tokens order what must be ordered, and they end by showing
 * all that they have put into activation memory. A recipe makes the same program every time, and any selection
 * of its jobs makes a legal one again, so a failure can be made small by leaving jobs out.
 */
import { orderProgram } from '../../../backends/trellis/emit/order.ts'
import { encode } from '../../../backends/trellis/isa/codec.ts'
import { INSTRUCTION_BYTES } from '../../../backends/trellis/isa/table.ts'
import type { Program } from '../../../backends/trellis/program.ts'
import { capacities, type Target } from '../../../backends/trellis/target.ts'
import { type Draw, drawFromSeed } from '../../sim/model/instructions.ts'
import { ProgramBuilder, randomBytes } from './builder.ts'
import { denseJob, depthwiseJob, pipelineJob } from './mac-jobs.ts'
import { fillJob, poolJob, tableJob, vectorJob } from './post-jobs.ts'
import { mixed, withIdleEarly, withMoreTokens } from './tokens.ts'
import { contentionJob, crowdJob, loadJob, storeJob } from './transfer-jobs.ts'

const JOBS = {
  dense: denseJob,
  pipeline: pipelineJob,
  depthwise: depthwiseJob,
  vector: vectorJob,
  pool: poolJob,
  fill: fillJob,
  table: tableJob,
  load: loadJob,
  store: storeJob,
  crowd: crowdJob,
  contention: contentionJob,
} as const satisfies Readonly<Record<string, (b: ProgramBuilder, d: Draw) => void>>

type JobKind = keyof typeof JOBS

export const JOB_KINDS = Object.keys(JOBS) as JobKind[]

/** Kinds as often as they should come. */
const KINDS: readonly JobKind[] = [
  ...['dense', 'dense', 'pipeline', 'pipeline', 'depthwise', 'depthwise', 'vector', 'vector', 'pool'],
  ...['fill', 'table', 'load', 'store', 'crowd', 'contention'],
] as const as readonly JobKind[]

/** Larger memories would take most of a program's time to fill. */
const MOST_FILLED_BYTES = 16384

/** What a program does, in the order of its meaning. */
export interface Job {
  readonly kind: JobKind
  readonly seed: number
}

export interface Recipe {
  readonly jobs: readonly Job[]
  /** Activation memory, unless it is large, is filled first, bank by bank; else only what is read is. */
  readonly fills: boolean
  /** Seed of fetch order and tokens beyond those needed; undefined: the compiler's own. */
  readonly order: number | undefined
}

export interface RandomProgram {
  readonly recipe: Recipe
  readonly program: Program
  /** DRAM before the run: random data, constants, instructions. */
  readonly dram: Uint8Array
}

/** Seeds that follow one another give unlike draws. */
const spread = (seed: number): Draw => drawFromSeed(Math.imul(seed, 0x9e3779b1))

export function randomRecipe(seed: number): Recipe {
  const d = spread(seed)
  const count = d.pick(d.int(1, 4), d.int(3, 12))
  const jobs = Array.from({ length: count }, () => ({ kind: d.pick(...KINDS), seed: d.int(0, 2 ** 31 - 1) }))
  return { jobs, fills: d.int(0, 3) > 0, order: d.int(0, 2) === 0 ? undefined : d.int(0, 2 ** 31 - 1) }
}

/** The program of a recipe on a target. */
export function programOf(recipe: Recipe, target: Target): RandomProgram {
  const b = new ProgramBuilder(target)
  if (recipe.fills && capacities(target).activationBytes <= MOST_FILLED_BYTES)
    fillActivations(b, spread(recipe.jobs.length))
  for (const { kind, seed } of recipe.jobs) JOBS[kind](b, drawFromSeed(seed))
  showActivations(b, spread(recipe.jobs.length))

  const ordered = orderProgram(b.emitted, target)
  let instructions = [...ordered.instructions]
  if (recipe.order !== undefined) {
    const d = drawFromSeed(recipe.order)
    instructions = mixed(instructions, d, d.pick(1, 4, 30))
    instructions = withIdleEarly(withMoreTokens(instructions, d, d.int(0, 40)), d)
  }

  const constants = b.constants.slice(0, b.constantBytes)
  const constantsEnd = b.layout.constants + constants.length
  const address = Math.ceil(constantsEnd / 256) * 256 + INSTRUCTION_BYTES * (recipe.jobs.length % 8)
  // The fetch unit reads whole beats.
  const dramBytes = address + instructions.length * INSTRUCTION_BYTES + 64
  const dram = new Uint8Array(dramBytes)
  dram.set(randomBytes(drawFromSeed(1), b.layout.constants))
  dram.set(constants, b.layout.constants)
  dram.set(encode(instructions), address)
  const program: Program = {
    ...{ model: 'random', target, batch: 1, inputs: [], outputs: [], buffers: [], layers: [] },
    steps: [{ run: 0 }],
    segments: [{ instructions, layerOf: new Uint16Array(instructions.length), address }],
    ...{ weights: constants, weightsAddress: b.layout.constants },
    regions: [
      { kind: 'activations', start: 0, end: b.layout.constants },
      { kind: 'weights', start: b.layout.constants, end: constantsEnd },
      { kind: 'instructions', start: address, end: address + instructions.length * INSTRUCTION_BYTES },
    ],
    ...{ dramBytes, estimatedCycles: ordered.estimatedCycles, lowerBound: { cycles: 1, dramBytes: 0 } },
  }
  return { recipe, program, dram }
}

function fillActivations(b: ProgramBuilder, d: Draw): void {
  const { activationBytes, bankBytes } = capacities(b.target)
  for (let act = 0; act < activationBytes; act += bankBytes) {
    const padding = { pad_left: 0, pad_right: 0, value: 0 }
    const row = { rows: 1, bytes: bankBytes, y_step: 0, ring_end: 0, ring_size: 0, dram_pitch: 0 }
    b.emit(d, 'load.act', { ...row, ...padding, act, dram: b.data(d, bankBytes) })
  }
}

/** Stores all that was written of activation memory, in pieces. */
function showActivations(b: ProgramBuilder, d: Draw): void {
  const { bankBytes } = capacities(b.target)
  const offset = d.int(0, 40)
  for (const { start, end } of b.activations()) {
    for (let at = start; at < end; ) {
      const stop = Math.min(end, d.pick(end, (Math.floor(at / bankBytes) + 1) * bankBytes))
      const row = { rows: 1, bytes: stop - at, y_step: 0, ring_end: 0, ring_size: 0, dram_pitch: 0 }
      b.emit(d, 'store', { ...row, act: at, dram: b.layout.shown + offset + at })
      at = stop
    }
  }
}

/**
 * The smallest recipe found that still fails: jobs are left out in ever smaller groups as long as it does (delta
 * debugging, Zeller and Hildebrandt 2002), the order of fetch becomes the compiler's own, and nothing is filled that is not read.
 */
export function shrink(recipe: Recipe, fails: (recipe: Recipe) => boolean): Recipe {
  let smallest = recipe
  const isSmaller = (candidate: Recipe): boolean => {
    if (!fails(candidate)) return false
    smallest = candidate
    return true
  }
  if (recipe.order !== undefined) isSmaller({ ...recipe, order: undefined })
  for (let size = Math.ceil(recipe.jobs.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.jobs.length; ) {
      const jobs = smallest.jobs.toSpliced(at, size)
      if (!isSmaller({ ...smallest, jobs })) at += size
    }
  }
  if (smallest.fills) isSmaller({ ...smallest, fills: false })
  return smallest
}
