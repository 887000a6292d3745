/** The parts of the top module `trellis` whose area is counted, each with the parameters that it has in a target. */
import { rtlParameters } from '../rtl/header.ts'
import type { Target } from '../target.ts'

export const UNIT_NAMES = [
  'fetch',
  'issue',
  'load',
  'mac',
  'post',
  'store',
  'arbiter',
  'activation',
  'weights',
  'accumulators',
  'parameters',
  'index',
  'tables',
] as const
export type UnitName = (typeof UNIT_NAMES)[number]

export interface Unit {
  readonly name: UnitName
  /** Its module, and how often it is there. */
  readonly top: string
  readonly copies: number
  readonly parameters: Readonly<Record<string, number>>
  /** SystemVerilog beside the RTL: `top` where it is no module of it. */
  readonly wrapper?: string
}

/** In the order of UNIT_NAMES. */
export function unitsOf(target: Target): readonly Unit[] {
  const all = rtlParameters(target)
  const pick = (...names: readonly (keyof typeof all)[]) =>
    Object.fromEntries(names.map((name) => [name, all[name]]))
  const WIDTH = all.PORT_BYTES
  const unit = (name: UnitName, parameters: Unit['parameters'], copies = 1): Unit => ({
    name,
    top: `trellis_${name}`,
    copies,
    parameters,
  })
  return [
    unit('fetch', pick('BUS_BYTES')),
    unit('issue', pick('QUEUE_DEPTH'), 4),
    unit('load', pick('ROWS', 'PORT_BYTES', 'BUS_BYTES', 'PRECISIONS')),
    unit('mac', pick('ROWS', 'COLS', 'PORT_BYTES', 'LINE_WORDS', 'PRECISIONS')),
    unit('post', pick('COLS', 'POST_LANES', 'PORT_BYTES', 'PARAMETER_BYTES', 'PRECISIONS')),
    unit('store', pick('PORT_BYTES', 'BUS_BYTES')),
    unit('arbiter', {}),
    unit('activation', { BYTES: all.ACTIVATION_BYTES, BANKS: all.BANKS, WIDTH }),
    unit('weights', { ROWS: all.ROWS, COLUMNS: all.WEIGHT_COLUMNS }),
    unit('accumulators', { COLS: all.COLS, VECTORS: all.ACCUMULATOR_VECTORS }),
    window('parameters', all.PARAMETER_BYTES, WIDTH, Math.min(WIDTH, 4 * all.COLS)),
    window('index', 4 * all.INDEX_ENTRIES, WIDTH, 4),
    unit('tables', { WIDTH }),
  ]
}

/** A window memory of which the top reads `used` bytes from multiples of 4. */
function window(name: UnitName, BYTES: number, WIDTH: number, used: number): Unit {
  const top = `area_${name}`
  const wrapper = `module ${top} #(parameter BYTES = 0, parameter WIDTH = 0) (
  input clk, input wr_en, input [$clog2(BYTES)-1:0] wr_addr, input [8*WIDTH-1:0] wr_data, input [WIDTH-1:0] wr_mask,
  input [$clog2(BYTES)-3:0] word, output [${8 * used - 1}:0] rd_data
);
  wire [8*WIDTH-1:0] window;
  assign rd_data = window[${8 * used - 1}:0];
  trellis_window_ram #(.BYTES(BYTES), .WIDTH(WIDTH)) memory (
    .clk(clk), .wr_en(wr_en), .wr_addr(wr_addr), .wr_data(wr_data), .wr_mask(wr_mask),
    .rd_addr({word, 2'b00}), .rd_data(window)
  );
endmodule
`
  return { name, top, copies: 1, parameters: { BYTES, WIDTH }, wrapper }
}
