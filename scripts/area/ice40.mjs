/**
 * The units of a 4x4 core on an FPGA with open place and route, an iCE40 HX8K (ct256): each by itself. The chip has fewer
 * pins than a unit, so a shift register drives its inputs and another takes its outputs: paths that are timed are the unit's own,
 * with those from and to its border.
 */
import { designOf } from '../../dist/backends/trellis/area/synthesis.js'
import { unitsOf } from '../../dist/backends/trellis/area/units.js'
import { runYosys } from '../../dist/backends/trellis/netlist/run-yosys.js'
import { rtlSources } from '../../dist/backends/trellis/rtl/emit.js'
import { rtlParameters } from '../../dist/backends/trellis/rtl/header.js'
import { checkTarget } from '../../dist/backends/trellis/target.js'
import { unwrap } from '../../dist/ir/diagnostic.js'

const TOP = 'area_ice40'
const PORTS = 'ports.txt'
const NETLIST = 'unit.json'
const REPORT = 'report.json'

/** Of the chip. */
const LOGIC_CELLS = 7680

/** Of the placer. With some, its router turns in circles on the fullest units and never ends: with 1 on load. */
const SEED = '2'

const TARGET = {
  name: '4x4',
  clock_mhz: 100,
  array: { rows: 4, cols: 4, post_lanes: 1, line_words: 64 },
  precisions: [8],
  memories: {
    activation_kib: 16,
    weight_kib: 2,
    accumulator_kib: 4,
    parameter_kib: 1,
    index_kib: 1,
    banks: 4,
  },
  dram: { bytes_per_cycle: 4, latency_cycles: 30 },
}

/** Ports of the mac unit with its memories, beside the clock, with their bits. */
const MAC_INPUTS = {
  rst: 1,
  ready: 1,
  instr: 256,
  act_rd_data: 32,
  index_rd_data: 32,
  wr_en: 2,
  wr_column: 16,
  wr_data: 64,
  wr_filled: 4,
  post_addr: 14,
}
const MAC_OUTPUTS = {
  start: 1,
  give: 4,
  give_early: 1,
  done: 1,
  idle: 1,
  act_rd_en: 1,
  act_rd_addr: 18,
  index_rd_entry: 14,
  post_data: 128,
}

const declared = (direction, ports) =>
  Object.entries(ports).map(([name, width]) => `${direction} [${width - 1}:0] ${name}`)
const connections = (...names) => names.map((name) => `.${name}(${name})`).join(', ')

const MAC = `module area_mac (input clk, ${[...declared('input', MAC_INPUTS), ...declared('output', MAC_OUTPUTS)].join(', ')});
  wire [15:0] rd_column;
  wire [63:0] rd_data;
  wire [7:0] rd_filled;
  wire acc_wr_en;
  wire [13:0] acc_wr_addr, mac_addr;
  wire [127:0] acc_wr_data, mac_data;
  trellis_weights #(.ROWS(4), .COLUMNS(512)) weights (
    .clk(clk), ${connections('wr_en', 'wr_column', 'wr_data', 'wr_filled', 'rd_column', 'rd_data', 'rd_filled')});
  trellis_accumulators #(.COLS(4), .VECTORS(256)) accumulators (
    .clk(clk), .wr_en(acc_wr_en), .wr_addr(acc_wr_addr), .wr_data(acc_wr_data),
    ${connections('mac_addr', 'mac_data', 'post_addr', 'post_data')});
  trellis_mac #(.ROWS(4), .COLS(4), .PORT_BYTES(4), .LINE_WORDS(64), .PRECISIONS(1)) mac (
    .clk(clk), ${connections('rst', 'ready', 'instr', 'start', 'give', 'give_early', 'done', 'idle')},
    ${connections('act_rd_en', 'act_rd_addr', 'act_rd_data', 'index_rd_entry', 'index_rd_data')},
    .weight_rd_column(rd_column), .weight_rd_data(rd_data), .weight_rd_filled(rd_filled),
    .acc_rd_addr(mac_addr), .acc_rd_data(mac_data),
    ${connections('acc_wr_en', 'acc_wr_addr', 'acc_wr_data')});
endmodule
`

/** What is placed: the mac unit with its memories, post by its parts, since it does not fit as a whole, and the units around them. */
function placedUnits(target) {
  const { COLS, POST_LANES, PORT_BYTES, PARAMETER_BYTES, PRECISIONS } = rtlParameters(target)
  const part = (name, parameters) => ({ name: `post, ${name}`, top: `trellis_post_${name}`, parameters })
  const around = ['load', 'store', 'fetch', 'issue', 'arbiter', 'activation', 'parameters', 'tables']
  return [
    { name: 'mac, weights, accumulators', top: 'area_mac', parameters: {}, wrapper: MAC },
    part('lane', {}),
    part('sequencer', { COLS, POST_LANES, PORT_BYTES }),
    part('params', { COLS, POST_LANES, PW: PORT_BYTES, PARAMETER_BYTES }),
    part('output', { COLS, POST_LANES, PORT_BYTES, PRECISIONS }),
    ...unitsOf(target).filter(({ name }) => around.includes(name)),
  ]
}

/**
 * MHz that each unit reaches when it is placed and routed, and what it uses of the chip; by `nextpnr`, the module
 * @yowasp/nextpnr-ice40. Calls `step` with each.
 */
export async function placeUnits(nextpnr, step) {
  const target = unwrap(checkTarget(TARGET, 'ice40.mjs', TARGET.name))
  const sources = unwrap(rtlSources(target))
  const units = []
  for (const unit of placedUnits(target)) {
    const placed = { unit: unit.name, ...(await place(nextpnr, await betweenRegisters(unit, sources))) }
    step(placed)
    units.push(placed)
  }
  return {
    chip: 'iCE40 HX8K, ct256',
    nextpnr: nextpnr.version,
    seed: SEED,
    logic_cells_available: LOGIC_CELLS,
    units,
  }
}

/** The unit as a chip of three pins. */
async function betweenRegisters(unit, sources) {
  const design = designOf(unit, sources)
  const passes = [`hierarchy -top ${unit.top}`, `tee -o ${PORTS} portlist`]
  const list = unwrap(await runYosys(design, passes, PORTS))
  const ports = [...list.matchAll(/(input|output) \[(\d+):0\] (\w+)/g)]
    .map(([, direction, high, name]) => ({ direction, width: Number(high) + 1, name }))
    .filter(({ name }) => name !== 'clk')
  const of = (wanted) => ports.filter(({ direction }) => direction === wanted)
  const bits = (some) => some.reduce((sum, { width }) => sum + width, 0)
  const names = (some) => some.map(({ name }) => name)
  const [inputs, outputs] = [of('input'), of('output')]
  const wrapper = `module ${TOP} (input clk, input serial_in, output reg serial_out);
${ports.map(({ name, width }) => `  wire [${width - 1}:0] ${name};`).join('\n')}
  reg [${bits(inputs) - 1}:0] inputs;
  reg [${bits(outputs) - 1}:0] outputs;
  assign {${names(inputs).join(', ')}} = inputs;
  always @(posedge clk) begin
    inputs <= {inputs[${bits(inputs) - 2}:0], serial_in};
    outputs <= serial_in ? {${names(outputs).join(', ')}} : outputs >> 1;
    serial_out <= outputs[0];
  end
  ${unit.top} #(${Object.entries(unit.parameters).map(([name, value]) => `.${name}(${value})`)}) unit (
    .clk(clk), ${connections(...names(ports))});
endmodule
`
  return { files: { ...design.files, [`${TOP}.sv`]: wrapper }, top: TOP }
}

async function place(nextpnr, design) {
  const netlist = unwrap(await runYosys(design, [`synth_ice40 -top ${TOP} -json ${NETLIST}`], NETLIST))
  const chip = ['--hx8k', '--package', 'ct256', '--pcf-allow-unconstrained']
  const options = ['--seed', SEED, '--freq', '60', '--quiet', '--timing-allow-fail']
  const files = await nextpnr.runNextpnrIce40(
    [...chip, ...options, '--json', NETLIST, '--report', REPORT],
    { [NETLIST]: netlist },
    { stdout: null, stderr: null },
  )
  const { fmax, utilization } = JSON.parse(files[REPORT])
  const slowest = Math.min(...Object.values(fmax).map(({ achieved }) => achieved))
  return {
    fmax_mhz: Math.round(10 * slowest) / 10,
    logic_cells: utilization.ICESTORM_LC.used,
    block_rams: utilization.ICESTORM_RAM.used,
  }
}
