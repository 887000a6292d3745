// Staging buffer of the load unit: a ring of 2 * `LOAD_BURSTS * `MAX_BURST_BEATS beats, written a beat a cycle and read as a window
// of PORT_BYTES bytes at any byte. Twice the room of the bursts in flight, so that addresses wrap by themselves and
// the bytes of a word that spans bursts stay.
//
// The beats of two port words are spread over as many banks, of which a window needs each at most once. (Lines as in
// trellis_window_ram would be read while another of their beats is written.)
// A beat written in t can be read in t+1. `window` in t: `bytes` in t+1 (combinational rotation behind the memories' registers).
`include "trellis_isa.svh"
module trellis_staging #(
    parameter PORT_BYTES = 8,
    parameter BUS_BYTES = 8
) (
    input  logic clk,
    input  logic wr_en,
    input  logic [$clog2(2*`LOAD_BURSTS*`MAX_BURST_BEATS)-1:0] wr_beat,
    input  logic [8*BUS_BYTES-1:0] wr_data,
    input  logic [$clog2(2*`LOAD_BURSTS*`MAX_BURST_BEATS*BUS_BYTES)-1:0] window,
    output logic [8*PORT_BYTES-1:0] bytes
);
  localparam BEATS = 2 * `LOAD_BURSTS * `MAX_BURST_BEATS;
  localparam BANKS = 2 * PORT_BYTES / BUS_BYTES;
  localparam BANK_BITS = $clog2(BANKS);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  localparam PORT_BITS = $clog2(PORT_BYTES);
  localparam LINE_BITS = $clog2(BEATS) - BANK_BITS;

  wire [LINE_BITS-1:0] line = window[BUS_BITS+BANK_BITS +: LINE_BITS];
  logic [16*PORT_BYTES-1:0] banks;
  for (genvar b = 0; b < BANKS; b++) begin : bank
    localparam [BANK_BITS-1:0] THIS = b;
    // A beat that is read while it is written is not looked at.
    (* no_rw_check *)
    logic [8*BUS_BYTES-1:0] memory[0:(1<<LINE_BITS)-1];
    logic [8*BUS_BYTES-1:0] beat;
    // Banks before that of the first byte give their next line; the last bank never does.
    /* verilator lint_off CMPCONST */
    wire [LINE_BITS-1:0] address = window[BUS_BITS +: BANK_BITS] > THIS ? line + 1'b1 : line;
    /* verilator lint_on CMPCONST */
    always_ff @(posedge clk) begin
      if (wr_en && wr_beat[BANK_BITS-1:0] == THIS) memory[wr_beat[BANK_BITS +: LINE_BITS]] <= wr_data;
      beat <= memory[address];
    end
    assign banks[8*BUS_BYTES*b +: 8*BUS_BYTES] = beat;
  end

  logic [PORT_BITS:0] first;
  always_ff @(posedge clk) first <= window[PORT_BITS:0];
  trellis_window_rotate #(.WIDTH(PORT_BYTES)) rotate (
      .even_data(banks[8*PORT_BYTES-1:0]),
      .odd_data(banks[16*PORT_BYTES-1:8*PORT_BYTES]),
      .offset(first[PORT_BITS-1:0]),
      .odd_first(first[PORT_BITS]),
      .data(bytes)
  );
endmodule
