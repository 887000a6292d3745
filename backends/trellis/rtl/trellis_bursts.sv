// The bursts of a load: `streams` streams of `bytes` bytes, `pitch` apart, each split at `MAX_BURST_BEATS aligned beats.
//
// `begin_streams` in cycle t: the first burst stands at the outputs from t+1. `next` moves on to the burst after it.
// The outputs depend on registers alone.
`include "trellis_isa.svh"
module trellis_bursts #(
    parameter BUS_BYTES = 8
) (
    input  logic clk,
    input  logic begin_streams,
    input  logic [31:0] address,
    input  logic [31:0] bytes,
    input  logic [23:0] pitch,
    input  logic [11:0] streams,
    input  logic next,
    output logic [31:0] burst_address,
    output logic [5:0] burst_beats,
    output logic last
);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  localparam [31:0] BUS_MASK = BUS_BYTES - 1;
  localparam [31:0] MAX_BYTES = `MAX_BURST_BEATS * BUS_BYTES;

  logic [31:0] left, stream_bytes, stream_address;
  logic [23:0] stream_pitch;
  logic [11:0] streams_left;

  wire [31:0] room = MAX_BYTES - (burst_address & BUS_MASK);
  wire is_split = left > room;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [31:0] short_beats = ((burst_address & BUS_MASK) + left + BUS_MASK) >> BUS_BITS;
  /* verilator lint_on UNUSEDSIGNAL */
  assign burst_beats = is_split ? `MAX_BURST_BEATS : short_beats[5:0];
  assign last = !is_split && streams_left == 1;

  wire [31:0] next_stream = stream_address + {8'd0, stream_pitch};

  always_ff @(posedge clk) begin
    if (begin_streams) begin
      burst_address <= address;
      left <= bytes;
      stream_address <= address;
      stream_bytes <= bytes;
      stream_pitch <= pitch;
      streams_left <= streams;
    end else if (next) begin
      if (is_split) begin
        burst_address <= burst_address + room;
        left <= left - room;
      end else begin
        burst_address <= next_stream;
        stream_address <= next_stream;
        left <= stream_bytes;
        streams_left <= streams_left - 1;
      end
    end
  end
endmodule
