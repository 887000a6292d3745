// Fetch (section 4 of docs/timing.md): reads instructions ahead in bursts and dispatches one a cycle, in order.
//
// A request is decided when FETCH_BURST (or all remaining) places of the buffer are free and no request waits or, in the
// cycle of its grant, waited; it is visible to the arbiter from the next cycle. A place is taken at the request and free from the cycle
// after its instruction's dispatch. An instruction stands in the buffer from the cycle after its last beat.
// The first request is decided in cycle 0, the first without reset.
`include "trellis_isa.svh"

module trellis_fetch #(
    parameter BUS_BYTES = 16
) (
    input  logic                         clk,
    input  logic                         rst,
    // The program: `program_length` instructions from a byte address that is a multiple of 32.
    input  logic [                 31:0] program_address,
    input  logic [                 31:0] program_length,
    // DRAM
    output logic                         req_valid,
    output logic [                 31:0] req_addr,
    output logic [                  8:0] req_beats,
    input  logic                         grant,
    input  logic                         rvalid,
    input  logic [      8*BUS_BYTES-1:0] rdata,
    // Dispatch to the queues of load, mac, post and store
    output logic [                  3:0] push,
    output logic [`INSTRUCTION_BITS-1:0] instr,
    input  logic [                  3:0] full,
    output logic                         dispatch,
    output logic                         is_end,
    // `end` has been dispatched
    output logic                         ended
);
  localparam BEATS = `INSTRUCTION_BITS / 8 / BUS_BYTES;  // of an instruction; the bus is no wider than one
  localparam BEAT_SHIFT = $clog2(BEATS);
  localparam PLACE_BITS = $clog2(`FETCH_BUFFER);
  localparam [PLACE_BITS:0] BUFFER = `FETCH_BUFFER;
  localparam [PLACE_BITS:0] BURST = `FETCH_BURST;
  localparam [31:0] BURST32 = `FETCH_BURST;

  // ---- Requests
  logic [31:0] next_addr, remaining;  // what is not asked for
  logic [PLACE_BITS:0] places, burst;  // free places of the buffer; instructions of the next burst
  logic decide;
  assign burst  = remaining > BURST32 ? BURST : remaining[PLACE_BITS:0];
  assign decide = !req_valid && burst != 0 && places >= burst;

  always_ff @(posedge clk)
    if (rst) begin
      req_valid <= 1'b0;
      next_addr <= program_address;
      remaining <= program_length;
      places    <= BUFFER;
    end else begin
      if (decide) begin
        req_valid <= 1'b1;
        req_addr  <= next_addr;
        req_beats <= {{(9 - PLACE_BITS - 1) {1'b0}}, burst} << BEAT_SHIFT;
        next_addr <= next_addr + ({{(31 - PLACE_BITS) {1'b0}}, burst} << $clog2(`INSTRUCTION_BITS / 8));
        remaining <= remaining - {{(31 - PLACE_BITS) {1'b0}}, burst};
      end else if (grant) req_valid <= 1'b0;
      places <= places - (decide ? burst : 0) + {{PLACE_BITS{1'b0}}, dispatch};
    end

  // ---- Buffer: one memory for each beat of an instruction
  logic [PLACE_BITS-1:0] write, read;
  logic [PLACE_BITS:0] held;
  logic arrived;  // the last beat of an instruction
  logic [`INSTRUCTION_BITS-1:0] head;

  genvar b;
  generate
    if (BEATS == 1) begin : whole
      assign arrived = rvalid;
    end else begin : parts
      logic [BEAT_SHIFT-1:0] beat;
      assign arrived = rvalid && &beat;
      always_ff @(posedge clk)
        if (rst) beat <= 0;
        else if (rvalid) beat <= beat + 1'b1;
    end
    for (b = 0; b < BEATS; b = b + 1) begin : part
      logic [8*BUS_BYTES-1:0] slots[0:`FETCH_BUFFER-1];
      logic mine;
      if (BEATS == 1) assign mine = rvalid;
      else assign mine = rvalid && parts.beat == b;
      always_ff @(posedge clk) if (mine) slots[write] <= rdata;
      assign head[8*BUS_BYTES*b+:8*BUS_BYTES] = slots[read];
    end
  endgenerate

  // ---- Dispatch
  logic [3:0] unit;  // whose instruction the head is; none for `end`
  logic [4:0] opcode;
  assign instr  = head;
  assign opcode = head[`F_OPCODE];
  assign is_end = opcode == `OP_END;
  trellis_unit_of unit_of (.opcode, .unit);
  assign dispatch = held != 0 && !ended && (unit & full) == 0;
  assign push = dispatch ? unit : 4'd0;

  always_ff @(posedge clk)
    if (rst) begin
      write <= 0;
      read  <= 0;
      held  <= 0;
      ended <= 1'b0;
    end else begin
      if (arrived) write <= write + 1'b1;
      if (dispatch) read <= read + 1'b1;
      held <= held + {{PLACE_BITS{1'b0}}, arrived} - {{PLACE_BITS{1'b0}}, dispatch};
      if (dispatch && is_end) ended <= 1'b1;
    end
endmodule

// Which unit an opcode belongs to, in the order load, mac, post, store; none for `end`.
module trellis_unit_of (
    input  logic [4:0] opcode,
    output logic [3:0] unit
);
  always_comb
    case (opcode)
      `OP_LOAD_ACT, `OP_LOAD_FILL, `OP_LOAD_WEIGHT, `OP_LOAD_INDEX, `OP_LOAD_PARAM, `OP_LOAD_TABLE: unit = 4'b0001;
      `OP_MAC_DENSE, `OP_MAC_DEPTHWISE: unit = 4'b0010;
      `OP_POST_SETUP, `OP_POST_ACC, `OP_POST_BINARY, `OP_POST_UNARY, `OP_POST_POOL, `OP_POST_FILL: unit = 4'b0100;
      `OP_STORE: unit = 4'b1000;
      default: unit = 4'b0000;
    endcase
endmodule
