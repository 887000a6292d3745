// Issue: the queue of one unit and the counters of tokens given to it (sections 1 and 2 of docs/timing.md).
//
// `ready`: an instruction is at the head and every channel named in its `wait` holds a token. The unit answers with
// `start` in the same cycle; instruction and tokens are then taken together. `tokens` brings the tokens given by each unit in this
// cycle, which count from the next; `early` is a second one from mac. A channel holds at most 255 tokens (the static
// verifier proves it).
`include "trellis_isa.svh"

module trellis_issue #(
    parameter QUEUE_DEPTH = 16
) (
    input  logic                         clk,
    input  logic                         rst,
    // From fetch
    input  logic                         push,
    input  logic [`INSTRUCTION_BITS-1:0] din,
    output logic                         full,
    output logic                         empty,
    // From the units: one bit a unit, in the order load, mac, post, store
    input  logic [                  3:0] tokens,
    input  logic                         early,
    // To the unit
    output logic                         ready,
    output logic [`INSTRUCTION_BITS-1:0] instr,
    input  logic                         start
);
  localparam MAC = 1;

  logic [3:0] waits, available;
  assign waits = instr[`F_WAIT];
  assign ready = !empty && ((waits & ~available) == 0);

  trellis_queue #(.DEPTH(QUEUE_DEPTH)) queue (
      .clk,
      .rst,
      .push,
      .din,
      .pop(start),
      .head(instr),
      .empty,
      .full
  );

  genvar u;
  generate
    for (u = 0; u < 4; u = u + 1) begin : channel
      logic [7:0] count;
      logic second;
      assign second = u == MAC && early;
      assign available[u] = count != 0;
      always_ff @(posedge clk)
        if (rst) count <= 0;
        else
          count <= count + {7'd0, tokens[u]} + {7'd0, second} - {7'd0, start && waits[u]};
    end
  endgenerate
endmodule
