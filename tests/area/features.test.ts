/** Features by measurement: a unit with constants for some of its inputs, and the schedule without cascades. */
import { expect, it } from 'vitest'
import { synthesizedUnit } from '../../backends/trellis/area/synthesis.ts'
import { compileTrellis } from '../../backends/trellis/compile.ts'
import { rtlSources } from '../../backends/trellis/rtl/emit.ts'
import { loadTarget } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { tiedUnit } from '../../scripts/area/tied-unit.mjs'
import { simulateProgram } from '../../sim/result.ts'
import { loadModel } from '../../src/importers/index.ts'
import { optimize } from '../../src/pipeline.ts'

const TARGET = unwrap(loadTarget('trellis-8'))
const ROTATE = { name: 'rotate', copies: 1, parameters: { WIDTH: 8 } }

it('leaves of a rotation by constants what selects one of two lines, a LUT a bit', async () => {
  const sources = unwrap(rtlSources(TARGET))
  const top = 'trellis_window_rotate'
  const areaOf = async (unit: object) =>
    unwrap(await synthesizedUnit({ ...ROTATE, ...unit } as never, sources, 'ecp5')).logic_lut
  expect(await areaOf(tiedUnit(top, sources, { offset: [[2, 0, 0]] }))).toBe(64)
  expect(await areaOf({ top })).toBeGreaterThan(3 * 64)
}, 120_000)

it('moves more through DRAM without cascades', async () => {
  const graph = optimize(unwrap(await loadModel('examples/digits/digits_int8.tflite')))
  const memories = { ...TARGET.memories, activation_kib: 8 }
  const bytes = (settings: object) => {
    const program = unwrap(compileTrellis(graph, { ...TARGET, memories }, settings))
    const { dram } = unwrap(simulateProgram(program))
    return dram.read_bytes + dram.write_bytes
  }
  expect(bytes({ longestCascade: 1 })).toBeGreaterThan(bytes({}))
})
