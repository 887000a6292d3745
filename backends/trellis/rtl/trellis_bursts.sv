// The bursts of a load: `streams` streams of as many bytes, `pitch` apart, each split at `MAX_BURST_BEATS aligned beats.
//
// `begin_streams` in cycle t: the first burst stands at the outputs from t+1. `next` moves on to the burst after it.
// The outputs depend on registers alone.
//
// A stream's last byte, counted from the first beat of its first burst, tells all of its bursts: the number of whole ones
// before the last in its upper bits, and the beats of the last.
`include "trellis_isa.svh"
module trellis_bursts #(
    parameter BUS_BYTES = 8
) (
    input  logic clk,
    input  logic begin_streams,
    input  logic [31:0] address,
    input  logic [31:0] last_byte,         // of the first stream
    input  logic [31:0] bytes_less_1,      // of every stream
    input  logic [23:0] pitch,
    input  logic [11:0] streams,
    input  logic next,
    output logic [31:0] burst_address,
    output logic [5:0] burst_beats,
    output logic last
);
  localparam BUS_BITS = $clog2(BUS_BYTES);
  localparam BURST_BITS = $clog2(`MAX_BURST_BEATS * BUS_BYTES);
  localparam [31:0] BUS_MASK = BUS_BYTES - 1;
  localparam [31:0] MAX_BYTES = `MAX_BURST_BEATS * BUS_BYTES;

  logic [31:0] stream_bytes_less_1, stream_address;
  logic [23:0] stream_pitch;
  logic [11:0] streams_left;
  logic [31-BURST_BITS:0] whole_bursts;
  logic [BURST_BITS-BUS_BITS-1:0] last_beat;

  wire is_split = whole_bursts != 0;
  assign burst_beats = is_split ? `MAX_BURST_BEATS : 6'(last_beat) + 6'd1;
  assign last = !is_split && streams_left == 1;

  wire [31:0] next_stream = stream_address + {8'd0, stream_pitch};
  wire [31:0] next_last_byte = (next_stream & BUS_MASK) + stream_bytes_less_1;
  wire [31:0] begun_last_byte = begin_streams ? last_byte : next_last_byte;

  always_ff @(posedge clk) begin
    if (begin_streams) begin
      burst_address <= address;
      stream_address <= address;
      stream_bytes_less_1 <= bytes_less_1;
      stream_pitch <= pitch;
      streams_left <= streams;
    end else if (next && is_split) burst_address <= (burst_address & ~BUS_MASK) + MAX_BYTES;
    else if (next) begin
      burst_address <= next_stream;
      stream_address <= next_stream;
      streams_left <= streams_left - 1;
    end
    if (begin_streams || next && !is_split) begin
      whole_bursts <= begun_last_byte[31:BURST_BITS];
      last_beat <= begun_last_byte[BURST_BITS-1:BUS_BITS];
    end else if (next) whole_bursts <= whole_bursts - 1;
  end
endmodule
