/** SystemVerilog to a flat word-level netlist, by Yosys. */
import type { Result } from '../../../ir/diagnostic.ts'
import type { Netlist } from './netlist.ts'
import { type Design, runYosys } from './run-yosys.ts'

/**
 * The netlist of a design, whose only module is `top`; `netlist/yosys` where Yosys refuses it.
 *
 * No more passes than it takes to have cells: the model is optimized by its own graph, which takes a tenth of the time of
 * Yosys' passes. The netlist goes to the standard output, as a file of Yosys' own takes longer the longer it is.
 */
export async function synthesize(design: Design): Promise<Result<Netlist>> {
  const passes = [
    `hierarchy -check -top ${design.top}`,
    'proc; flatten; opt_clean; memory_collect',
    'write_json',
  ]
  const text = await runYosys(design, passes)
  return text.ok ? { ok: true, value: JSON.parse(text.value) as Netlist } : text
}
