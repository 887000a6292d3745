/** Whether backends give the reference interpreter's results, bit for bit, on random inputs. */
import { type Diagnostic, must, type Result } from '../ir/diagnostic.ts'
import type { TensorData } from '../ir/dtype.ts'
import { type Graph, typeOf } from '../ir/graph.ts'
import { createInterpreter } from '../ir/interpreter.ts'
import { elementCount } from '../ir/tensor.ts'
import { differingPlaces } from './differing-places.ts'
import { randomInputs } from './random-inputs.ts'
import type { Executable } from './run.ts'
import { firstDifferentLayer } from './verify-layer.ts'

/** A backend: for Trellis with its target, for WebAssembly with its variant. The keys are those of `--json`. */
export interface BackendName {
  readonly backend: string
  readonly target?: string
  readonly variant?: string
}

/** A backend that makes an executable of any graph, or the reason why this machine cannot run it. */
export type Contender = BackendName &
  ({ readonly open: (graph: Graph) => Promise<Result<Executable>> } | { readonly cannotRun: string })

/** The keys are those of `espalier verify --json`. */
export interface Verification {
  readonly model: string
  readonly runs: number
  readonly seed: number
  /** Elements that a run compares: those of all outputs. */
  readonly elements: number
  readonly backends: readonly Verdict[]
}

export type Verdict = BackendName &
  (
    | { readonly result: 'equal' }
    | { readonly result: 'different'; readonly difference: Difference }
    /** The backend cannot compile the model. */
    | { readonly result: 'refused'; readonly diagnostics: readonly Diagnostic[] }
    /** This machine cannot run the backend. */
    | { readonly result: 'not_run'; readonly reason: string }
  )

/** The first run that differs, and its first element that does. */
export interface Difference {
  /** From 0. */
  readonly run: number
  readonly output: string
  readonly index: readonly number[]
  /** A number, or text where JSON has none for the value. */
  readonly reference: number | string
  readonly got: number | string
  /** Elements of that output that differ in that run. */
  readonly differing: number
  readonly elements: number
  /** The first layer, in the model's order, whose results differ; absent where none does when the model ends behind it. */
  readonly layer?: string
}

export interface VerifyOptions {
  readonly runs: number
  /** An integer of 32 bits. */
  readonly seed: number
  /** Called after each run. */
  readonly step?: () => void
}

/** Runs the verified graph on every backend. What one of them refuses keeps no other from being compared. */
export async function verifyGraph(
  graph: Graph,
  contenders: readonly Contender[],
  options: VerifyOptions,
): Promise<Verification> {
  const entries: Entry[] = []
  for (const contender of contenders) {
    entries.push('open' in contender ? { contender, executable: await contender.open(graph) } : { contender })
  }
  compareAll(graph, entries, options)
  const backends: Verdict[] = []
  for (const entry of entries) backends.push(await verdictOf(graph, entry))
  const { runs, seed } = options
  const elements = graph.outputs.reduce((sum, id) => sum + elementCount(typeOf(graph, id).shape), 0)
  return { model: graph.name, runs, seed, elements, backends }
}

interface Entry {
  readonly contender: Contender
  readonly executable?: Result<Executable>
  /** Where it differs, and on what. */
  found?: { readonly difference: Difference; readonly inputs: readonly TensorData[] }
}

/** Runs each until it differs. */
function compareAll(
  graph: Graph,
  entries: readonly Entry[],
  { runs, seed, step = () => {} }: VerifyOptions,
): void {
  const reference = createInterpreter(graph)
  const nextInputs = randomInputs(graph, seed)
  for (let run = 0; run < runs; run++) {
    const inputs = nextInputs()
    const expected = reference.run(inputs)
    for (const entry of entries) {
      if (!entry.executable?.ok || entry.found) continue
      const difference = firstDifference(graph, run, expected, entry.executable.value.run(inputs))
      if (difference) entry.found = { difference, inputs }
    }
    step()
  }
}

async function verdictOf(graph: Graph, { contender, executable, found }: Entry): Promise<Verdict> {
  const { backend, target, variant } = contender
  const name = { backend, ...(target && { target }), ...(variant && { variant }) }
  if ('cannotRun' in contender) return { ...name, result: 'not_run', reason: contender.cannotRun }
  if (executable?.ok === false) return { ...name, result: 'refused', diagnostics: executable.diagnostics }
  if (found === undefined) return { ...name, result: 'equal' }
  const layer = await firstDifferentLayer(graph, contender.open, found.inputs)
  const difference = layer === undefined ? found.difference : { ...found.difference, layer }
  return { ...name, result: 'different', difference }
}

function firstDifference(
  graph: Graph,
  run: number,
  expected: readonly TensorData[],
  got: readonly TensorData[],
): Difference | undefined {
  for (const [n, output] of graph.outputs.entries()) {
    const [a, b] = [must(expected[n], output), must(got[n], output)]
    const places = differingPlaces(a, b)
    const [first] = places
    if (first === undefined) continue
    return {
      run,
      output,
      index: indexOf(first, typeOf(graph, output).shape),
      reference: jsonValue(a[first]),
      got: jsonValue(b[first]),
      differing: places.length,
      elements: a.length,
    }
  }
  return undefined
}

function indexOf(place: number, shape: readonly number[]): readonly number[] {
  let rest = place
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size
      rest = Math.floor(rest / size)
      return at
    })
    .reverse()
}

function jsonValue(value: number | bigint | undefined): number | string {
  return typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0) ? value : shown(value)
}

function shown(value: number | bigint | undefined): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
