// When the token for post counts: `reached` is the cycle by which as many pixels of a block were walked as there are pixels
// that complete no window, S - 1 + M - mx * my, where `launch` is S - 2. What remains of the block are mx * my cycles then.
//
// Counts pixels without output alone, one a cycle, and passes over the others: first those of rows without output
// (`gap_y` of them before each row of outputs), taps + (mx - 1) * x_stride each, then those in a row of outputs,
// taps - 1 + (mx - 1) * (x_stride - 1).
module trellis_mac_early (
    input  logic        clk,
    input  logic        rst,
    input  logic        launch,
    input  logic [11:0] mx,
    input  logic [11:0] my,
    input  logic [ 1:0] lines,
    input  logic [ 1:0] taps,
    input  logic [ 2:0] x_stride,
    input  logic [ 2:0] y_stride,
    input  logic        resume,
    output logic        reached
);
  localparam IDLE = 2'd0, SKIPPED_ROW = 2'd1, OUTPUT_ROW = 2'd2, REACHED = 2'd3;

  logic [ 1:0] state;
  logic [11:0] left_x, left_y, width;
  logic [2:0] gap_x, gap_y, step_x, step_y;
  logic [1:0] taps_held;
  logic rows_full;  // no pixel of a row of outputs is without one

  // What follows depends on the shape that is held, or in the cycle of the launch on the new one.
  wire [1:0] shape_taps = launch ? taps : taps_held;
  wire [2:0] shape_x = launch ? x_stride : step_x;
  wire [2:0] shape_y = launch ? y_stride : step_y;
  wire [11:0] shape_mx = launch ? mx : width;
  wire full = launch ? taps == 1 && (x_stride == 1 || mx == 1) : rows_full;

  wire [2:0] group = state == SKIPPED_ROW ? step_x : step_x - 3'd1;
  wire counting = state == SKIPPED_ROW || state == OUTPUT_ROW;
  wire group_ends = gap_x == 1;
  wire row_ends = group_ends && (left_x == 1 || group == 0);

  // Rows without output before the next row of outputs, and what is left where that row has nothing to count.
  wire [2:0] first_gap = resume ? y_stride - 3'd1 : {1'b0, lines - 2'd1};
  wire more_skipped = launch ? first_gap != 0 : state == SKIPPED_ROW && gap_y != 1;
  wire to_output = !more_skipped && (launch || state == SKIPPED_ROW) && !full;
  wire [11:0] rows_left = launch ? my : left_y;
  wire next_group = !more_skipped && !to_output;
  wire group_skips = shape_y != 1;
  wire ends = next_group && (rows_left == 1 || (!group_skips && full));

  logic [1:0] next_state;
  always_comb begin
    if (ends) next_state = REACHED;
    else if (more_skipped || (next_group && group_skips)) next_state = SKIPPED_ROW;
    else next_state = OUTPUT_ROW;
  end
  // A row of outputs with one tap has its first output at once: its groups begin with the second.
  wire second = next_state == OUTPUT_ROW && shape_taps == 1;

  always_ff @(posedge clk) begin
    if (launch) begin
      width <= mx;
      taps_held <= taps;
      step_x <= x_stride;
      step_y <= y_stride;
      rows_full <= full;
    end

    if (rst) state <= IDLE;
    else if (launch || (counting && row_ends)) state <= next_state;
    else if (state == REACHED) state <= IDLE;

    if (launch || (counting && row_ends)) begin
      gap_x <= second ? shape_x - 3'd1 : {1'b0, shape_taps} - (next_state == OUTPUT_ROW ? 3'd1 : 3'd0);
      left_x <= shape_mx - {11'd0, second};
      gap_y <= next_group ? shape_y - 3'd1 : launch ? first_gap : gap_y - 3'd1;
      left_y <= rows_left - {11'd0, next_group};
    end else if (counting) begin
      gap_x <= group_ends ? group : gap_x - 3'd1;
      left_x <= group_ends ? left_x - 12'd1 : left_x;
    end
  end

  assign reached = state == REACHED;
endmodule
