// Instruction queue of one unit (section 1 of docs/timing.md).
//
// Pushed in t, an instruction is at the head from t+1 at the earliest; popped in t, its slot takes a push from t+1.
// Nothing may be pushed while `full`, not even with a pop in the same cycle. `head` is read without a register: the
// memory is small and becomes distributed RAM. DEPTH is a power of two.
`include "trellis_isa.svh"

module trellis_queue #(
    parameter WIDTH = `INSTRUCTION_BITS,
    parameter DEPTH = 16
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             push,
    input  logic [WIDTH-1:0] din,
    input  logic             pop,
    output logic [WIDTH-1:0] head,
    output logic             empty,
    output logic             full
);
  localparam AW = DEPTH > 1 ? $clog2(DEPTH) : 1;

  logic [WIDTH-1:0] slots[0:DEPTH-1];
  logic [AW-1:0] read, write;
  logic [AW:0] count;

  assign head  = slots[read];
  assign empty = count == 0;
  assign full  = count == DEPTH[AW:0];

  always_ff @(posedge clk) begin
    if (push) slots[write] <= din;
    if (rst) begin
      read  <= 0;
      write <= 0;
      count <= 0;
    end else begin
      if (push) write <= write + 1'b1;
      if (pop) read <= read + 1'b1;
      count <= count + {{AW{1'b0}}, push} - {{AW{1'b0}}, pop};
    end
  end
endmodule
