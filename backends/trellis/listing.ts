/** program.s: the program as assembly, with comments that say which segment and layer each part belongs to. */
import { printInstruction } from './isa/assembler.ts'
import type { Layer, Program } from './program.ts'

/** Assembles to exactly the bytes of program.bin: all segments, one after the other. */
export function listing(program: Program): string {
  const lines = [`; ${JSON.stringify(program.model)} for ${JSON.stringify(program.target.name)}`]
  program.segments.forEach((segment, s) => {
    const count = segment.instructions.length
    lines.push('', `; segment ${s}: ${count} instructions at 0x${segment.address.toString(16)} of DRAM`)
    segment.instructions.forEach((instruction, k) => {
      const layer = segment.layerOf[k]
      if (layer !== undefined && (k === 0 || layer !== segment.layerOf[k - 1])) {
        lines.push(`; layer ${layer} ${describe(program.layers[layer])}`)
      }
      lines.push(printInstruction(instruction))
    })
  })
  return `${lines.join('\n')}\n`
}

/** Names stand in quotes as JSON strings, so that no name can end the comment. */
function describe(layer: Layer | undefined): string {
  return layer ? `${layer.op} ${JSON.stringify(layer.name)} ${layer.shape.join('x')}` : ''
}
