/** Whose bytes an instruction writes to the memories of the chip, in the words of a report. */
import { footprint } from '../../backends/trellis/isa/footprint.ts'
import type { Instruction, InstructionOf } from '../../backends/trellis/isa/table.ts'
import type { Layer, Program, Segment } from '../../backends/trellis/program.ts'
import { must } from '../../ir/diagnostic.ts'

/**
 * For each instruction of a segment the name of what it writes on the chip: a tensor of the model in activation memory, else a
 * layer's weights, parameters, list of offsets, table or sums; undefined for an instruction that writes nothing there.
 */
export function writtenTensors(program: Program, segment: Segment): (string | undefined)[] {
  const layerOf = (index: number): Layer =>
    must(program.layers[segment.layerOf[index] as number], 'layer of an instruction')
  const loads = new Map<number, InstructionOf<'load.act'>[]>()
  segment.instructions.forEach((i, index) => {
    if (i.op !== 'load.act') return
    const layer = segment.layerOf[index] as number
    loads.set(layer, [...(loads.get(layer) ?? []), i])
  })
  return segment.instructions.map((i, index) => {
    const layer = layerOf(index)
    switch (i.op) {
      case 'load.act':
        return tensorAt(program, i.dram)
      case 'load.fill': {
        // Padding belongs to the map around which it stands: the one that is loaded nearest to it.
        const around = nearestLoad(i, loads.get(segment.layerOf[index] as number) ?? [], program)
        return around ? tensorAt(program, around.dram) : (layer.inputs[0] ?? `${layer.name} input`)
      }
      case 'load.weight':
        return `${layer.name} weights`
      case 'load.index':
        return `${layer.name} offsets`
      case 'load.param':
        return `${layer.name} parameters`
      case 'load.table':
        return `${layer.name} table`
      case 'mac.dense':
      case 'mac.depthwise':
        return `${layer.name} sums`
      case 'post.acc':
      case 'post.binary':
      case 'post.unary':
      case 'post.pool':
      case 'post.fill':
        return layer.outputs[0] ?? `${layer.name} output`
      default:
        return undefined
    }
  })
}

/** The tensor whose place in DRAM has this address; where several have it, the first is the one that the others show. */
function tensorAt({ buffers }: Program, address: number): string {
  const found = buffers.find((b) => address >= b.address && address < b.address + b.bytes)
  return found?.id ?? `DRAM at 0x${address.toString(16)}`
}

function nearestLoad(
  fill: InstructionOf<'load.fill'>,
  loads: readonly InstructionOf<'load.act'>[],
  { target }: Program,
): InstructionOf<'load.act'> | undefined {
  const rangeOf = (i: Instruction) => {
    const written = footprint(i, target).filter((access) => access.write)
    return { start: Math.min(...written.map((a) => a.start)), end: Math.max(...written.map((a) => a.end)) }
  }
  const filled = rangeOf(fill)
  const gapTo = (load: InstructionOf<'load.act'>): number => {
    const { start, end } = rangeOf(load)
    return Math.max(0, start - filled.end, filled.start - end)
  }
  return loads.reduce<InstructionOf<'load.act'> | undefined>(
    (best, load) => (best === undefined || gapTo(load) < gapTo(best) ? load : best),
    undefined,
  )
}
