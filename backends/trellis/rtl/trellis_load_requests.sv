// The load unit's requests to DRAM (docs/timing.md, section 5).
//
// `start` in t0: `LOAD_SETUP = 3 cycles later the first request is visible. In t0+1 the operands are multiplied, in t0+2 the
// length of the stream is ready. The request after that granted in g is visible in g+1; but no burst is asked for while
// `LOAD_BURSTS before it have not left their places (`burst_left` in R: visible in R+1).
// `busy` from t0+1 up to the last grant.
`include "trellis_isa.svh"
module trellis_load_requests #(
    parameter BUS_BYTES = 8
) (
    input  logic clk,
    input  logic rst,
    input  logic start,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [255:0] instr,
    /* verilator lint_on UNUSEDSIGNAL */
    // Of load.weight: bits of a column in the stream.
    input  logic [9:0] column_bits,
    input  logic burst_left,
    output logic busy,
    output logic req_valid,
    output logic [31:0] req_addr,
    output logic [5:0] req_beats,
    input  logic grant
);
  wire [4:0] opcode = instr[`F_OPCODE];
  wire is_rows = opcode == `OP_LOAD_ACT;
  wire is_weight = opcode == `OP_LOAD_WEIGHT;
  wire is_contiguous = is_rows && instr[`F_LOAD_ACT_DRAM_PITCH] == {7'd0, instr[`F_LOAD_ACT_BYTES]};

  localparam [31:0] BUS_MASK = BUS_BYTES - 1;

  // A stream is units * count * factor bits.
  logic [17:0] units;
  logic [15:0] count;
  logic [9:0] factor;
  always_ff @(posedge clk) begin
    count <= 16'd1;
    case (opcode)
      `OP_LOAD_WEIGHT: begin
        units <= 18'(instr[`F_LOAD_WEIGHT_COLUMNS]);
        count <= instr[`F_LOAD_WEIGHT_GROUPS];
      end
      `OP_LOAD_INDEX: begin
        units <= 18'(instr[`F_LOAD_INDEX_ENTRIES]);
        count <= 16'd4;
      end
      `OP_LOAD_PARAM: begin
        units <= instr[`F_LOAD_PARAM_BYTES];
        count <= 16'd4;
      end
      `OP_LOAD_TABLE: units <= 18'd256;
      default: begin
        units <= 18'(instr[`F_LOAD_ACT_BYTES]);
        if (is_contiguous) count <= 16'(instr[`F_LOAD_ACT_ROWS]);
      end
    endcase
    factor <= is_weight ? column_bits : 10'd8;
  end

  // No stream is longer than DRAM, whose bytes 32 bits count.
  logic [33:0] product;
  logic [9:0] product_factor;
  logic [31:0] address_1, address;
  logic [23:0] pitch_1, pitch;
  logic [11:0] streams_1, streams;
  logic is_multiplying, is_starting;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [34:0] bits = 35'(product) * 35'(product_factor);
  wire [34:0] last_bit = bits - 35'd1;
  wire [34:0] last_bit_of_beat = bits + 35'((address & BUS_MASK) << 3) - 35'd1;
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk) begin
    product <= 34'(units) * 34'(count);
    product_factor <= factor;
    // Every instruction that reads DRAM has its address in the same place.
    {address, address_1} <= {address_1, instr[`F_LOAD_ACT_DRAM]};
    {pitch, pitch_1} <= {pitch_1, instr[`F_LOAD_ACT_DRAM_PITCH]};
    {streams, streams_1} <= {streams_1, is_rows && !is_contiguous ? instr[`F_LOAD_ACT_ROWS] : 12'd1};
    is_multiplying <= !rst && start && opcode != `OP_LOAD_FILL;
    is_starting <= !rst && is_multiplying;
  end

  logic is_last;
  trellis_bursts #(.BUS_BYTES(BUS_BYTES)) bursts (
      .clk(clk),
      .begin_streams(is_starting),
      .address(address),
      .last_byte(last_bit_of_beat[34:3]),
      .bytes_less_1(last_bit[34:3]),
      .pitch(pitch),
      .streams(streams),
      .next(grant),
      .burst_address(req_addr),
      .burst_beats(req_beats),
      .last(is_last)
  );

  // Bursts asked for whose data have not left the staging buffer.
  logic [$clog2(`LOAD_BURSTS+1)-1:0] places;
  wire has_more = is_starting || (busy_bursts && !(grant && is_last));
  wire is_free = places != `LOAD_BURSTS || burst_left;
  wire asks = has_more && is_free && (!req_valid || grant);
  // From the cycle in which the bursts stand at their outputs.
  logic busy_bursts;

  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      busy_bursts <= 1'b0;
      req_valid <= 1'b0;
      places <= '0;
    end else begin
      if (start && opcode != `OP_LOAD_FILL) busy <= 1'b1;
      else if (grant && is_last) busy <= 1'b0;
      if (is_starting) busy_bursts <= 1'b1;
      else if (grant && is_last) busy_bursts <= 1'b0;
      if (asks) req_valid <= 1'b1;
      else if (grant) req_valid <= 1'b0;
      if (asks && !burst_left) places <= places + 1'b1;
      else if (!asks && burst_left) places <= places - 1'b1;
    end
  end
endmodule
