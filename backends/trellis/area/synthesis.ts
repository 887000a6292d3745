/** Area by synthesis: each unit by itself, through Yosys for an FPGA family. Minutes, but for what was kept from before. */
import { attemptAsync, fail, type Result, unwrap } from '../../../ir/diagnostic.ts'
import { type Design, runYosys } from '../netlist/run-yosys.ts'
import { rtlSources } from '../rtl/emit.ts'
import type { Target } from '../target.ts'
import { type Area, countArea, type Family, scaleArea } from './count.ts'
import { type Unit, type UnitName, unitsOf } from './units.ts'

export type UnitAreas = Readonly<Record<UnitName, Area>>

/**
 * Yosys commands of each family: no pads and no clock buffers, since a unit is no chip. ECP5 without functions of five inputs and more
 * out of LUTs and the multiplexers beside them: they save levels, but take up to twice the LUTs.
 */
const SYNTHESIS: Readonly<Record<Family, (top: string) => string>> = {
  ecp5: (top) => `synth_ecp5 -nowidelut -top ${top}`,
  xc7: (top) => `synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top ${top}`,
}
const OUTPUT = 'stat.json'
const ISA_HEADER = 'trellis_isa.svh'

/**
 * Area of every unit; copies are counted. Calls `step` after each. Diagnostics: `area/no-yosys` where Yosys is not
 * installed, `rtl/unsupported` where there is no RTL of the target.
 */
export async function synthesizedArea(
  target: Target,
  family: Family,
  { step = () => {}, load = () => import('@yowasp/yosys') as Promise<unknown> } = {},
): Promise<Result<UnitAreas>> {
  return attemptAsync(async () => {
    const sources = unwrap(rtlSources(target))
    await load().catch(missing)
    const areas: Partial<Record<UnitName, Area>> = {}
    for (const unit of unitsOf(target)) {
      const area = unwrap(await synthesizedUnit(unit, sources, family))
      areas[unit.name] = scaleArea(area, unit.copies)
      step()
    }
    return areas as UnitAreas
  })
}

function missing(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
  return fail({
    code: 'area/no-yosys',
    message: 'synthesis wants Yosys, which is not installed',
    hint: 'npm install @yowasp/yosys, or take the estimate of --model',
  })
}

/** Area of one copy. */
export async function synthesizedUnit(
  unit: Unit,
  sources: Readonly<Record<string, string>>,
  family: Family,
): Promise<Result<Area>> {
  return attemptAsync(async () => {
    const passes = [SYNTHESIS[family](unit.top), `tee -o ${OUTPUT} stat -json`]
    return countArea(family, unwrap(await runYosys(designOf(unit, sources), passes, OUTPUT)))
  })
}

/** The unit with the files, and of the instruction header the definitions, that it needs only, so that it stays the same where others change. */
export function designOf(unit: Unit, sources: Readonly<Record<string, string>>): Design {
  const { top, parameters, wrapper } = unit
  const files = wrapper === undefined ? sources : { ...sources, [`${top}.sv`]: wrapper }
  const home = new Map<string, string>()
  for (const [name, text] of Object.entries(files)) {
    home.set(name, name)
    for (const [, module = ''] of text.matchAll(/^module (\w+)/gm)) home.set(module, name)
  }
  const needed = new Set<string>()
  const visit = (name: string): void => {
    const file = home.get(name)
    if (file === undefined || needed.has(file)) return
    needed.add(file)
    for (const [word] of files[file]?.matchAll(/\btrellis_\w+(\.svh)?/g) ?? []) visit(word)
  }
  visit(top)
  const texts = Object.fromEntries([...needed].sort().map((name) => [name, files[name] ?? '']))
  return {
    files: { ...texts, [ISA_HEADER]: usedDefinitions(files[ISA_HEADER] ?? '', Object.values(texts).join()) },
    top,
    parameters,
  }
}

/** A header without the definitions of macros that a text does not use. */
function usedDefinitions(header: string, text: string): string {
  const isUsed = (line: string): boolean => {
    const [, name] = line.match(/^`define (\w+) ./) ?? []
    return name === undefined || text.includes(`\`${name}`)
  }
  return header.split('\n').filter(isUsed).join('\n')
}
