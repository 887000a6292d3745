/**
 * What the page is for: on a machine whose DRAM is narrow, its summary says which layers are bound by DRAM, which unit
 * waited for what, and which bank was full, as the object of `--json` has it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { must } from '../../ir/diagnostic.ts'
import type { SimulationData } from '../../src/report/simulation-data.ts'
import { call } from '../cli/call.ts'
import { hasZoo, zooPath } from '../importers/zoo.ts'
import { closeBrowser, hasChromium } from './chromium.ts'
import { openReport } from './report-page.ts'

const folder = mkdtempSync(join(tmpdir(), 'report-'))
afterAll(async () => {
  await closeBrowser()
  rmSync(folder, { recursive: true })
})

async function report(model: string, ...options: string[]) {
  const file = join(folder, `${model}.html`)
  const run = await call(
    'simulate',
    zooPath(`models/${model}.tflite`),
    ...options,
    '--json',
    '--report',
    file,
  )
  expect(run.code).toBe(0)
  return { file, data: JSON.parse(run.out) as SimulationData }
}

describe.skipIf(!(hasChromium && hasZoo))('on networks of the zoo', () => {
  test('vww on trellis-8 with DRAM of 2 bytes a cycle', async () => {
    const target = join(folder, 'narrow.yaml')
    const preset = await call('targets', 'trellis-8')
    writeFileSync(target, preset.out.replace(/bytes_per_cycle: \d+/, 'bytes_per_cycle: 2'))
    const { file, data } = await report('vww_96_int8', '--target', target)
    const { page, complaints } = await openReport(file)
    const sentences = await page.locator('#summary li').allTextContents()
    const sentence = (word: string) =>
      must(
        sentences.find((text) => text.includes(word)),
        word,
      )

    const bound = [...data.layers.entries()].filter(([, layer]) => layer.bound_by === 'dram')
    expect(bound.length).toBeGreaterThan(5)
    expect(sentence('bound by DRAM')).toContain(`${bound.length} of ${data.layers.length} layers`)
    const named = sentence('bound by DRAM').match(/\d+ [a-z]\w+(?=[,.])/g)
    const labels = bound.map(([i, { op }]) => `${i} ${op}`)
    expect(named?.toSorted()).toEqual(labels.toSorted())

    for (const [unit, { stall }] of Object.entries(data.units)) {
      const [longest] = Object.entries(stall).sort(([, a], [, b]) => b - a)
      if (longest === undefined) continue
      const [cause, cycles] = longest
      const said = unit === 'mac' ? sentence('The MAC array') : sentence('each other unit')
      const share = `${((100 * cycles) / data.cycles).toFixed(1)} %`
      const words = cause.replace('token ', '').replace('buffer', 'room')
      const part =
        unit === 'mac'
          ? said
          : must(
              said.split(/: |; /).find((each) => each.startsWith(unit)),
              unit,
            )
      expect(part).toContain(share)
      expect(part).toContain(words)
    }

    const { memories } = must(data.details, 'details').memory
    const full = memories.flatMap(({ name, bank_bytes, banks_used }) => {
      const numbers = [...banks_used.keys()].filter((bank) => banks_used[bank]?.bytes_peak === bank_bytes)
      return numbers.length === 0 ? [] : [{ name, numbers, banks: banks_used.length }]
    })
    expect(full.length).toBeGreaterThan(0)
    for (const { name, numbers, banks } of full) {
      expect(sentence('Full at some time')).toContain(`${name} memory`)
      if (banks > 1)
        for (const bank of numbers)
          expect(sentence('Full at some time')).toMatch(new RegExp(`banks? .*\\b${bank}\\b.* of ${name}`))
    }
    expect(complaints).toEqual([])
  })

  test('mobilenet_v2 is drawn whole and can be zoomed', async () => {
    const { file, data } = await report('mobilenet_v2_int8_224')
    const { page, complaints } = await openReport(file)
    expect(await page.locator('#network .node').count()).toBeGreaterThanOrEqual(data.layers.length)
    expect(await page.locator('#layers tbody tr').count()).toBe(data.layers.length)
    // Of thousands of instructions only those in sight are in the page.
    expect(must(data.details, 'details').instructions.text.length).toBeGreaterThan(5000)
    expect(await page.locator('#program code').count()).toBeLessThan(100)
    await page.locator('#timeline select').selectOption('53')
    const { slices } = must(data.details, 'details')
    const from = slices.end[slices.layer.indexOf(53) - 1] ?? 0
    const range = await page.locator('#timeline .range').textContent()
    expect(range).toContain(`cycles ${from.toLocaleString('en-US')} to `)
    expect(complaints).toEqual([])
  })
})
