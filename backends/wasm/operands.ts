/** What a step reads and writes, for reports: the whole of each buffer and constant that it is called with. */
import { must } from '../../ir/diagnostic.ts'
import { VARIANTS, type Variant, type WasmOperand } from './artifact.ts'
import { Dot } from './codegen/dot.ts'
import { type Lowering, type Step, WEIGHTS } from './lower/lowering.ts'
import { weightBytes } from './weight-blocks.ts'

/** By the places of steps; `sizes` are those of buffers that are no weights. */
export function operands(
  lowering: Lowering,
  sizes: ReadonlyMap<string, number>,
): (step: Step) => readonly WasmOperand[] {
  const layers = new Map(lowering.layers.map((layer) => [layer.buffer, layer.blocks]))
  return ({ places }) => {
    const found = new Map<string, WasmOperand>()
    for (const { buffer, offset } of places) {
      const blocks = layers.get(buffer)
      const constant = buffer === WEIGHTS ? lowering.constantAt(offset) : undefined
      const name = constant === undefined ? buffer : `${buffer} ${constant.offset}`
      const bytes = (variant: Variant): number => {
        if (blocks !== undefined) return weightBytes(blocks, Dot.weightBytes(variant))
        return constant?.bytes ?? must(sizes.get(buffer), `the size of ${buffer}`)
      }
      found.set(name, { name, bytes: eachVariant(bytes) })
    }
    return [...found.values()]
  }
}

function eachVariant(of: (variant: Variant) => number): WasmOperand['bytes'] {
  return Object.fromEntries(VARIANTS.map((variant) => [variant, of(variant)])) as WasmOperand['bytes']
}
