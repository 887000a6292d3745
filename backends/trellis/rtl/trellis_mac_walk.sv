// The addresses of one block of mac: row by row, every input pixel of the pass for depthwise, every window for dense, which
// is a depthwise pass of one line, one tap and strides of 1.
//
// `launch` comes two cycles before the block streams (S - 2). The walk itself is in cycles S - 1 .. S + M - 2, one pixel a
// cycle, so that the activation memory's address, wrapped in its ring and registered, is there in S .. S + M - 1.
module trellis_mac_walk (
    input  logic        clk,
    input  logic        rst,

    // The block, in the cycle of its launch.
    input  logic        launch,
    input  logic [18:0] start_address,
    input  logic [13:0] x_step,
    input  logic [17:0] y_step,
    input  logic [14:0] ring_end,   // in units of 16 bytes
    input  logic [14:0] ring_size,  // in units of 16 bytes
    input  logic [11:0] mx,
    input  logic [11:0] my,
    input  logic [ 1:0] lines,
    input  logic [ 1:0] taps,
    input  logic [ 2:0] x_stride,
    input  logic [ 2:0] y_stride,
    input  logic        resume,
    input  logic        first_block,  // of the instruction: accumulators start at `acc`
    input  logic        first_entry,  // of the list: accumulators go on behind those of the block before
    input  logic [13:0] acc,

    // The walk.
    output logic        walking,
    output logic        last,        // last pixel
    output logic        is_output,   // the pixel completes a window whose sum is kept
    output logic [ 9:0] word,        // of the row: where line buffers keep the pixel
    output logic [13:0] acc_address,
    output logic [17:0] address      // one cycle later than the rest
);
  logic [13:0] step_x;
  logic [17:0] step_y;
  logic [14:0] end_ring, size_ring;
  logic [11:0] width;
  logic [ 1:0] first_gap_x;
  logic [ 2:0] next_gap_x, next_gap_y;

  logic [18:0] pixel, row;
  // Pixels (rows) before the next one that completes a window, and outputs left in the row (rows of outputs left).
  logic [2:0] gap_x, gap_y;
  logic [11:0] left_x, left_y;
  logic [13:0] block_acc;

  wire row_ends = gap_x == 0 && left_x == 1;
  assign is_output = walking && gap_x == 0 && gap_y == 0;
  assign last = walking && row_ends && gap_y == 0 && left_y == 1;

  wire [13:0] acc_behind = acc_address + {13'd0, is_output};
  wire [13:0] launch_acc = first_block ? acc : first_entry ? acc_behind : block_acc;
  wire [18:0] next_row = row + {1'b0, step_y};

  always_ff @(posedge clk) begin
    if (rst) walking <= 1'b0;
    else if (launch) walking <= 1'b1;
    else if (last) walking <= 1'b0;

    if (launch) begin
      step_x <= x_step;
      step_y <= y_step;
      end_ring <= ring_end;
      size_ring <= ring_size;
      width <= mx;
      first_gap_x <= taps - 2'd1;
      next_gap_x <= x_stride - 3'd1;
      next_gap_y <= y_stride - 3'd1;
      block_acc <= launch_acc;
    end

    if (launch) acc_address <= launch_acc;
    else acc_address <= acc_behind;

    if (launch) begin
      pixel <= start_address;
      row <= start_address;
      word <= '0;
      gap_x <= {1'b0, taps - 2'd1};
      left_x <= mx;
      gap_y <= resume ? y_stride - 3'd1 : {1'b0, lines - 2'd1};
      left_y <= my;
    end else if (walking && row_ends) begin
      pixel <= next_row;
      row <= next_row;
      word <= '0;
      gap_x <= {1'b0, first_gap_x};
      left_x <= width;
      gap_y <= gap_y == 0 ? next_gap_y : gap_y - 3'd1;
      left_y <= gap_y == 0 ? left_y - 12'd1 : left_y;
    end else if (walking) begin
      pixel <= pixel + {5'd0, step_x};
      word <= word + 10'd1;
      gap_x <= gap_x == 0 ? next_gap_x : gap_x - 3'd1;
      left_x <= gap_x == 0 ? left_x - 12'd1 : left_x;
    end
  end

  // Ends and sizes of rings are multiples of 16 bytes. Without a ring its size is 0.
  wire [14:0] wrapped = pixel[18:4] - (pixel[18:4] >= end_ring ? size_ring : 15'd0);
  always_ff @(posedge clk) address <= {wrapped[13:0], pixel[3:0]};
  wire unused = wrapped[14];
endmodule
