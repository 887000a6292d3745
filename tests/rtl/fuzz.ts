/** Runs random programs on an engine until one shows a difference, and makes that one small. */
import { printInstruction } from '../../backends/trellis/isa/assembler.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must } from '../../ir/diagnostic.ts'
import { differenceOn, type Engine } from './engine.ts'
import { programOf, type Recipe, randomRecipe, shrink } from './random/program.ts'

export interface Failure {
  readonly seed: number
  readonly target: Target
  readonly difference: string
  readonly recipe: Recipe
  /** The small program as assembly text, with what it is and how to see it again. */
  readonly text: string
}

/** Tries seeds from `first` on while `more` says so; the target changes with the seed. */
export function firstFailure(
  engine: Engine,
  targets: readonly Target[],
  first: number,
  more: (tried: number) => boolean,
): Failure | undefined {
  for (let tried = 0; more(tried); tried++) {
    const seed = first + tried
    const target = must(targets[seed % targets.length], 'target')
    const difference = (recipe: Recipe) => differenceOn(engine, programOf(recipe, target))
    if (difference(randomRecipe(seed)) === undefined) continue
    const recipe = shrink(randomRecipe(seed), (candidate) => difference(candidate) !== undefined)
    return describeFailure(seed, target, recipe, must(difference(recipe), 'difference'))
  }
  return undefined
}

function describeFailure(seed: number, target: Target, recipe: Recipe, difference: string): Failure {
  const { program } = programOf(recipe, target)
  const { instructions } = must(program.segments[0], 'segment')
  const { rows, cols } = target.array
  const text = [
    `; ${difference}`,
    `; seed ${seed} on ${target.name} (${rows} x ${cols}, ${target.dram.bytes_per_cycle} bytes a cycle)`,
    `; jobs: ${recipe.jobs.map(({ kind, seed: of }) => `${kind} ${of}`).join(', ')}`,
    ...instructions.map(printInstruction),
  ]
  return { seed, target, difference, recipe, text: `${text.join('\n')}\n` }
}
