/** Units of the RTL through Yosys. */
import { expect, it } from 'vitest'
import { designOf, synthesizedArea, synthesizedUnit } from '../../backends/trellis/area/synthesis.ts'
import { UNIT_NAMES, unitsOf } from '../../backends/trellis/area/units.ts'
import { rtlSources } from '../../backends/trellis/rtl/emit.ts'
import { loadTarget, type Target } from '../../backends/trellis/target.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'

const TARGET = unwrap(loadTarget('trellis-8'))
const SOURCES = unwrap(rtlSources(TARGET))
const unit = (name: string, target: Target = TARGET) =>
  must(
    unitsOf(target).find((u) => u.name === name),
    name,
  )

it('knows every instance of the top module', () => {
  const instances = [...(SOURCES['trellis.sv'] ?? '').matchAll(/^ +(trellis_\w+) (?:#|\w+ \()/gm)].map(
    (m) => m[1],
  )
  const tops = unitsOf(TARGET).map(({ top }) => top.replace(/^area_.*/, 'trellis_window_ram'))
  expect(tops.sort()).toEqual(instances.sort())
})

it('gives modules parameters that they have', () => {
  for (const each of unitsOf(TARGET)) {
    const { files, top } = designOf(each, SOURCES)
    const module = Object.values(files).join('\n').split(`module ${top} `)[1]?.split('endmodule')[0] ?? ''
    for (const name of Object.keys(each.parameters))
      expect(module, top).toMatch(new RegExp(`parameter.*\\b${name} =`))
  }
})

it('hands over the files that a unit needs, so that others may change', () => {
  const { files } = designOf(unit('issue'), SOURCES)
  expect(Object.keys(files)).toEqual(['trellis_isa.svh', 'trellis_issue.sv', 'trellis_queue.sv'])
  expect(UNIT_NAMES.map((name) => designOf(unit(name), SOURCES).top)).not.toContain('trellis')
  // Of the instruction table, the fields that the queue looks at.
  const fields = files['trellis_isa.svh']?.match(/^`define F_\w+/gm)
  expect(fields).toEqual(['`define F_WAIT'])
})

it('defines what a unit uses of the instruction table and of the costs', () => {
  for (const name of UNIT_NAMES) {
    const { 'trellis_isa.svh': header = '', ...files } = designOf(unit(name), SOURCES).files
    const defined = new Set(SOURCES['trellis_isa.svh']?.match(/(?<=`define )\w+/g))
    const used = Object.values(files).flatMap((text) => text.match(/(?<=`)\w+/g) ?? [])
    for (const macro of used.filter((word) => defined.has(word)))
      expect(header, `${name} uses ${macro}`).toContain(`\`define ${macro} `)
  }
})

it('synthesizes accumulators into block memories, two copies of 36 bits a memory', async () => {
  const target = { ...TARGET, memories: { ...TARGET.memories, accumulator_kib: 16 } }
  const area = unwrap(await synthesizedUnit(unit('accumulators', target), SOURCES, 'ecp5'))
  expect(area).toEqual({ logic_lut: 0, lut: 0, ff: 0, dsp: 0, bram: 16 })
}, 120_000)

it('says what to install where Yosys is missing', async () => {
  const load = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }))
  const result = await synthesizedArea(TARGET, 'ecp5', { load })
  expect(result).toMatchObject({
    ok: false,
    diagnostics: [{ code: 'area/no-yosys', hint: expect.stringContaining('npm install @yowasp/yosys') }],
  })
})
