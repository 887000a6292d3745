import { expect, test } from 'vitest'
import { type SimulationReport, simulationText } from '../../src/cli/simulation-report.ts'
import { styleOf } from '../../src/cli/style.ts'

const LAYER = {
  ...{
    name: 'a/very/long/path/that/an/exporter/made/of/the/layer/Conv2D',
    op: 'depthwise_conv2d',
    precision: 'i8',
  },
  ...{ density: 1, macs: 1806336, cycles: 7200, mac_utilization: 0.98, dram_bytes: 9536, energy_uj: 1.234 },
  ...{ bound_by: 'mac', lower_bound_cycles: 7056 },
}
const REPORT: SimulationReport = {
  ...{ model: 'digits_int8', target: 'trellis-16', clock_mhz: 200, cycles: 18374, latency_ms: 0.09187 },
  ...{ inferences_per_s: 10884.9, macs: 4017248, mac_utilization: 0.854 },
  lower_bound: { cycles: 15693, dram_bytes: 64000 },
  dram: {
    read_bytes: 67000,
    write_bytes: 64,
    by: { weights: 58112, activations: 794, instructions: 4224, parameters: 3934 },
  },
  sram: {},
  energy_uj: {
    low: 5,
    nominal: 8,
    high: 14,
    by: { mac: { low: 1, nominal: 2, high: 3 }, dram: { low: 4, nominal: 6, high: 11 } },
  },
  area: {
    ecp5: {
      ...{ logic_lut: 20000, lut: 31234, ff: 15000, dsp: 272, bram: 160 },
      worst_error_percent: { lut: 7.1, ff: 3.2 },
      extrapolated: false,
    },
    xc7: {
      ...{ logic_lut: 19000, lut: 21234, ff: 14000, dsp: 272, bram: 150 },
      worst_error_percent: { lut: 7.1, ff: 3.2 },
      extrapolated: true,
    },
  },
  units: {
    load: { busy: 4000, stall: { token: 10000, dram: 374 }, idle: 4000 },
    mac: { busy: 16000, stall: { token: 2374, dram: 0 }, idle: 0 },
  },
  layers: [
    LAYER,
    { ...LAYER, name: 'add', op: 'add', macs: 0, cycles: 500, lower_bound_cycles: 200, bound_by: 'post' },
  ],
  host_ops: [{ name: 'Softmax', op: 'softmax', reason: 'it needs exponentials, which no unit has' }],
}

test('layers, totals beside the bound, units with causes, and host ops with reasons', () => {
  const text = simulationText(REPORT, styleOf(0))
  expect(text).toMatch(/depthwise_conv2d +7,200 +7,056 +1\.02 +98\.0 % +9,536 +1,234 +mac/)
  expect(text).toMatch(/add +500 +200 +2\.50 +9,536/)
  expect(text).toContain('18,374 cycles, 1.17 x the lower bound of 15,693')
  expect(text).toContain('energy 8 µJ (5 to 14)\n     dram 75.0 %, mac 25.0 %')
  expect(text).toContain('area 31,234 LUT, 15,000 FF, 272 DSP, 160 BRAM of Lattice ECP5')
  expect(text).toContain('area 21,234 LUT, 14,000 FF, 272 DSP, 150 BRAM of Xilinx 7-series')
  expect(text).toMatch(/load +21\.8 % +21\.8 % +token 54\.4 %, dram 2\.0 %/)
  expect(text).toContain('softmax Softmax: it needs exponentials')
})

test('host ops that are alike are one line if they are many', () => {
  const host_ops = Array.from({ length: 480 }, (_, n) => ({
    name: `step ${n}`,
    op: n % 2 === 0 ? 'add' : 'mul',
    reason: 'the machine has no floating point',
  }))
  const [softmax] = REPORT.host_ops
  const text = simulationText(
    { ...REPORT, host_ops: [...host_ops, ...(softmax ? [softmax] : [])] },
    styleOf(0),
  )
  expect(text.slice(text.indexOf('on the host')).trim().split('\n')).toEqual([
    'on the host',
    'add step 0 and 239 more: the machine has no floating point',
    'mul step 1 and 239 more: the machine has no floating point',
    'softmax Softmax: it needs exponentials, which no unit has',
  ])
})

test('it fits 100 columns', () => {
  for (const line of simulationText(REPORT, styleOf(0)).split('\n'))
    expect(line.trimEnd().length).toBeLessThanOrEqual(100)
})

test('colours change nothing but colours', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  const plain = simulationText(REPORT, styleOf(1)).replace(/\x1b\[\d+m/g, '')
  expect(plain).toBe(simulationText(REPORT, styleOf(0)))
})
