/** Networks of the model zoo on Trellis, beside FPGA accelerators and the nearest product. */
import { footprint } from '../../../backends/trellis/isa/footprint.ts'
import type { Program } from '../../../backends/trellis/program.ts'
import { capacities, loadTarget, PRESET_NAMES } from '../../../backends/trellis/target.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import { loadModel } from '../../../src/importers/index.ts'
import { compileModel } from '../../../src/pipeline.ts'
import { difference, resultOf, table, thousands } from './figures.ts'

/** Inferences a second of ResNet8 by fpgaConvNet in MLPerf Tiny, and multipliers (DSP slices) of the board's device. */
const BOARDS = [
  { name: 'ZC706', inferencesPerSecond: 6_789.6, dsps: 900 },
  { name: 'Zedboard', inferencesPerSecond: 2_431.4, dsps: 220 },
] as const

/** Ethos-U55-256 as Vela 3.10 estimates it, --optimise Performance, default memory mode; bars are ours. */
const ETHOS_U55 = [
  { name: 'resnet8_int8', cycles: 117_046, sramKib: 50.6, dramMb: 0.08, bar: 56_160 },
  { name: 'dscnn_kws_int8', cycles: 48_875, sramKib: 21.6, dramMb: 0.03, bar: 16_605 },
  { name: 'vww_96_int8', cycles: 147_028, sramKib: 72.7, dramMb: 0.07, bar: 52_660 },
  { name: 'ad01_int8', cycles: 109_222, sramKib: 0.8, dramMb: 0.2, bar: 18_990 },
  { name: 'mobilenet_v2_int8_224', cycles: 4_366_844, sramKib: 363.5, dramMb: 3.44, bar: 1_762_000 },
] as const

function perSecond(rate: number): string {
  return rate.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
}

/** Gives the path of a file of the zoo. */
export type ZooPath = (file: string) => string

async function onTrellis(name: string, preset: string, zooPath: ZooPath) {
  const graph = unwrap(await loadModel(zooPath(`models/${name}.tflite`)))
  const program = unwrap(compileModel(graph, unwrap(loadTarget(preset))))
  return { program, result: resultOf(program) }
}

/** Bytes of activation memory that are ever written. */
function activationBytes({ segments, target }: Program): number {
  const isWritten = new Uint8Array(capacities(target).activationBytes)
  for (const { instructions } of segments) {
    for (const instruction of instructions) {
      for (const { space, write, start, end } of footprint(instruction, target)) {
        if (write && space === 'activation') isWritten.fill(1, start, end)
      }
    }
  }
  return isWritten.reduce((sum, bit) => sum + bit, 0)
}

export async function zooSection(zooPath: ZooPath): Promise<string> {
  return `${await boardsSection(zooPath)}
${await ethosSection(zooPath)}`
}

async function boardsSection(zooPath: ZooPath): Promise<string> {
  const rows = []
  for (const preset of PRESET_NAMES) {
    const { program, result } = await onTrellis('resnet8_int8', preset, zooPath)
    const { rows: reduction, cols } = program.target.array
    rows.push([
      preset,
      reduction * cols,
      program.target.clock_mhz,
      result.cycles,
      perSecond(result.inferences_per_s),
      ...BOARDS.map(({ inferencesPerSecond }) => difference(result.inferences_per_s, inferencesPerSecond)),
    ])
  }
  return `## ResNet8 on FPGAs: fpgaConvNet

fpgaConvNet lays a network out over a whole device. Its results for ResNet8 in MLPerf Tiny:

${table(
  ['board', 'DSP slices', 'inferences/s'],
  BOARDS.map(({ name, dsps, inferencesPerSecond }) => [name, dsps, perSecond(inferencesPerSecond)]),
)}
Trellis's presets at the clock that each states, which is an assumption and not the result of placement and routing:

${table(['preset', 'multipliers', 'MHz', 'cycles', 'inferences/s', ...BOARDS.map(({ name }) => `beside ${name}`)], rows)}`
}

async function ethosSection(zooPath: ZooPath): Promise<string> {
  const rows = []
  for (const { name, cycles, sramKib, dramMb, bar } of ETHOS_U55) {
    const { program, result } = await onTrellis(name, 'trellis-16', zooPath)
    rows.push([
      name,
      cycles,
      result.cycles,
      difference(result.cycles, cycles),
      `${result.cycles <= bar ? '≤' : '**>**'} ${thousands(bar)}`,
      sramKib.toFixed(1),
      (activationBytes(program) / 1024).toFixed(1),
      dramMb.toFixed(2),
      ((result.dram.read_bytes + result.dram.write_bytes) / 1e6).toFixed(2),
    ])
  }
  return `## The nearest product at the same peak: Ethos-U55-256

256 products of 8 bits a cycle, as trellis-16. The figures of Ethos-U55-256 are estimates by Arm's compiler Vela 3.10
(\`--optimise Performance\`, default memory mode), not measurements. *Bar* is the limit of cycles that trellis-16 is
meant to keep. SRAM of Vela is its arena of tensors; that of Trellis is what of its 128 KiB of activation memory is
ever written. Clock and area are not compared.

${table(
  [
    'model',
    'Vela, cycles',
    'trellis-16, cycles',
    'difference',
    'bar',
    'Vela, SRAM KiB',
    'trellis-16, SRAM KiB',
    'Vela, DRAM MB',
    'trellis-16, DRAM MB',
  ],
  rows,
)}
DRAM traffic is a miss: Vela compresses weights and Trellis does not, instructions are part of Trellis's traffic,
and in less memory than Vela's arena mobilenet_v2's layers run in stripes, whose weights cross from DRAM once for
each.
`
}
