// Addresses of vectors in activation memory: rows `y_step` apart, which may stand in a row ring, of vectors `x_step` apart; where
// WINDOW is 1, each vector stands for a window of rows `ky_step` and columns `kx_step` apart. `address` is that of the current
// cycle; a step takes effect in the next. With `load` the walk begins at `start` in the next cycle; with `step_block` it begins anew,
// `block_step` bytes further in each row. The ring is applied to starts of rows, before what stands inside of a row is added.
module trellis_walker #(
    parameter WINDOW = 0
) (
    input  logic        clk,
    input  logic        load,
    input  logic [17:0] start,
    input  logic [14:0] load_end,    // ring_end and ring_size of the walk that begins, in 16 bytes
    input  logic [14:0] load_size,
    input  logic [ 8:0] block_step,
    input  logic [13:0] x_step,
    input  logic [17:0] y_step,
    input  logic [13:0] kx_step,
    input  logic [17:0] ky_step,
    input  logic        step_kx,     // at most one of these; steps of a larger thing go back to the first of the smaller ones
    input  logic        step_ky,
    input  logic        step_x,
    input  logic        step_y,
    input  logic        step_block,
    output logic [17:0] address
);
  // Rows count on past the end of a ring; only their addresses come back.
  logic [19:0] row, window_row, next_row, wrapped;
  logic [14:0] ring_end, ring_size, limit, size;
  logic [17:0] first_row, along, next_along, base, next_base;
  logic moves;

  assign limit = load ? load_end : ring_end;
  assign size = load ? load_size : ring_size;
  assign next_base = load ? 18'd0 : base + {9'd0, block_step};
  always_comb begin
    if (load) next_row = {2'd0, start};
    else if (step_block) next_row = {2'd0, first_row};
    else if (step_y) next_row = row + {2'd0, y_step};
    else if (WINDOW != 0 && step_ky) next_row = window_row + {2'd0, ky_step};
    else next_row = row;
    if (load || step_block) next_along = next_base;
    else if (step_y) next_along = base;
    else if (step_x) next_along = along + {4'd0, x_step};
    else next_along = along;
    wrapped = next_row;
    if (size != 15'd0 && next_row >= {1'b0, limit, 4'd0}) wrapped = next_row - {1'b0, size, 4'd0};
  end
  assign moves = load || step_block || step_y || step_x;
  always_ff @(posedge clk) begin
    if (load) begin
      first_row <= start;
      ring_end  <= load_end;
      ring_size <= load_size;
    end
    if (load || step_block) base <= next_base;
    if (load || step_block || step_y) row <= next_row;
    if (moves || step_ky) window_row <= next_row;
    if (moves) along <= next_along;
    if (moves || step_ky) address <= wrapped[17:0] + next_along;
    else if (WINDOW != 0 && step_kx) address <= address + {4'd0, kx_step};
  end
endmodule
