/**
 * A 4x4 core on an FPGA with open place and route: the mac unit with its weight and accumulator memories on an iCE40 HX8K
 * (ct256). The chip has fewer pins than the core, so a shift register drives its inputs and a parity takes its outputs, both
 * behind registers: paths that are timed are the core's own.
 */
import { designOf } from '../../dist/backends/trellis/area/synthesis.js'
import { runYosys } from '../../dist/backends/trellis/netlist/run-yosys.js'
import { rtlSources } from '../../dist/backends/trellis/rtl/emit.js'
import { loadTarget } from '../../dist/backends/trellis/target.js'
import { unwrap } from '../../dist/ir/diagnostic.js'

const TOP = 'area_ice40'
const CORE = 'core.json'
const REPORT = 'report.json'

/** Inputs and outputs of the core beside the clock, with their bits. */
const INPUTS = {
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
const OUTPUTS = {
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

const bits = (ports) => Object.values(ports).reduce((sum, width) => sum + width, 0)
const wires = (ports) =>
  Object.entries(ports)
    .map(([name, width]) => `  wire [${width - 1}:0] ${name};`)
    .join('\n')
const connections = (...names) => names.map((name) => `.${name}(${name})`).join(', ')

const WRAPPER = `module ${TOP} (input clk, input serial_in, output reg serial_out);
${wires(INPUTS)}
${wires(OUTPUTS)}
  reg [${bits(INPUTS) - 1}:0] inputs;
  reg [${bits(OUTPUTS) - 1}:0] outputs;
  assign {${Object.keys(INPUTS).join(', ')}} = inputs;
  always @(posedge clk) begin
    inputs <= {inputs[${bits(INPUTS) - 2}:0], serial_in};
    outputs <= inputs[0] ? {${Object.keys(OUTPUTS).join(', ')}} : outputs >> 1;
    serial_out <= outputs[0];
  end
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

/** MHz that the placed and routed core reaches, and what it uses of the chip; by `nextpnr`, the module @yowasp/nextpnr-ice40. */
export async function placeCore(nextpnr) {
  const sources = unwrap(rtlSources(unwrap(loadTarget('trellis-8'))))
  const design = designOf({ top: TOP, parameters: {}, wrapper: WRAPPER }, sources)
  const core = unwrap(await runYosys(design, [`synth_ice40 -top ${TOP} -json ${CORE}`], CORE))
  const chip = ['--hx8k', '--package', 'ct256', '--pcf-allow-unconstrained']
  const options = ['--seed', '1', '--freq', '60', '--quiet', '--timing-allow-fail']
  const files = await nextpnr.runNextpnrIce40(
    [...chip, ...options, '--json', CORE, '--report', REPORT],
    { [CORE]: core },
    { stdout: null, stderr: null },
  )
  const { fmax, utilization } = JSON.parse(files[REPORT])
  const { used: cells, available } = utilization.ICESTORM_LC
  return {
    chip: 'iCE40 HX8K, ct256',
    nextpnr: nextpnr.version,
    fmax_mhz: Math.round(10 * Math.min(...Object.values(fmax).map(({ achieved }) => achieved))) / 10,
    logic_cells: cells,
    logic_cells_available: available,
    block_rams: utilization.ICESTORM_RAM.used,
  }
}
