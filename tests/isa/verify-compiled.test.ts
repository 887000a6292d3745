/** What the compiler makes of real models keeps the rules, survives a folder, and does not once a token is taken away. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileTrellis } from '../../backends/trellis/compile.ts'
import { readProgram, writeProgram } from '../../backends/trellis/image.ts'
import { assemble } from '../../backends/trellis/isa/assembler.ts'
import { type Instruction, UNITS, unitOf } from '../../backends/trellis/isa/table.ts'
import { loadTarget, type PresetName } from '../../backends/trellis/target.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { loadModel } from '../../src/importers/index.ts'
import { cpuMs } from './cpu-time.ts'
import { mask } from './programs.ts'

const ZOO = '../shared/zoo/models'

async function compile(model: string, target: PresetName) {
  return unwrap(compileTrellis(unwrap(await loadModel(`${ZOO}/${model}`)), unwrap(loadTarget(target))))
}

/** The program without the k-th token from one unit to another: neither given nor taken. */
function withoutToken(
  instructions: readonly Instruction[],
  from: number,
  to: number,
  k: number,
): Instruction[] {
  let [given, taken] = [0, 0]
  return instructions.map((i) => {
    const unit = UNITS.indexOf(unitOf(i))
    let { wait, signal } = i
    if (unit === from && (signal >> to) & 1 && given++ === k) signal &= ~(1 << to)
    if (unit === to && (wait >> from) & 1 && taken++ === k) wait &= ~(1 << from)
    return { ...i, wait, signal }
  })
}

describe.skipIf(!existsSync(ZOO))(`models of ${ZOO} (skipped where it is missing)`, () => {
  test.each<[string, PresetName]>([
    ['resnet8_int8.tflite', 'trellis-8'],
    ['dscnn_kws_int8.tflite', 'trellis-32'],
    ['mobilenet_v2_int8_224.tflite', 'trellis-16'],
  ])('%s for %s', async (model, target) => {
    const program = await compile(model, target)
    const ms = cpuMs(() => {
      expect(verifyProgram(program)).toEqual([])
    })
    expect(ms).toBeLessThan(2000)

    const files = writeProgram(program)
    const bytes = Object.fromEntries(
      Object.entries(files).map(([name, content]) => [
        name,
        typeof content === 'string' ? new TextEncoder().encode(content) : content,
      ]),
    )
    const read = unwrap(readProgram(bytes, 'out'))
    expect({ ...read, weights: [], segments: [] }).toEqual({ ...program, weights: [], segments: [] })
    expect(Buffer.compare(read.weights, program.weights)).toBe(0)
    const again = writeProgram(read)
    expect(again['manifest.json'] === files['manifest.json']).toBe(true)
    expect(again['program.s'] === files['program.s']).toBe(true)
    expect(Buffer.compare(again['program.bin'], files['program.bin'])).toBe(0)
    expect(Buffer.compare(unwrap(assemble(files['program.s'], 'program.s')), files['program.bin'])).toBe(0)
  })

  test('most tokens are needed: without one the verifier finds a hazard', async () => {
    const program = await compile('dscnn_kws_int8.tflite', 'trellis-16')
    const [first, ...rest] = program.segments
    if (!first) throw new Error('the program has a segment')
    let [removed, found] = [0, 0]
    for (const [from, giver] of UNITS.entries()) {
      for (const [to, taker] of UNITS.entries()) {
        const tokens = first.instructions.filter((i) => unitOf(i) === giver && i.signal & mask(taker)).length
        for (let k = 0; k < tokens; k++) {
          const instructions = withoutToken(first.instructions, from, to, k)
          const findings = verifyProgram({ ...program, segments: [{ ...first, instructions }, ...rest] })
          removed++
          if (findings.some((d) => d.code === 'program/data-hazard' || d.code === 'program/port-conflict'))
            found++
        }
      }
    }
    expect(removed).toBeGreaterThan(50)
    expect(found / removed).toBeGreaterThan(0.9)
  })
})
