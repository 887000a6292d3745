// The array: windows to the sums of each column, by the weights in use. For a window that is read in cycle T:
//   T + 1  its bytes come (`bytes`), and line buffers are read
//   T + 2  window and lines are registered; operands are made of them, by the modes `window_*`
//   T + 3  operands of the lanes; the weights of its block are in use
//   T + 7  `sums`, and `carries`, one more to add to each
module trellis_mac_array #(
    parameter ROWS = 8,
    parameter COLS = 8,
    parameter LINE_WORDS = 128,
    parameter PRECISIONS = 4'b0001,
    parameter OPERAND_BITS = 8
) (
    input  logic                                     clk,
    input  logic [8*(ROWS > COLS ? ROWS : COLS)-1:0] bytes,
    input  logic [                              9:0] word,              // of line buffers, in T + 1
    input  logic                                     pixel_valid,       // of depthwise, in T + 2
    input  logic [                              1:0] window_precision,
    input  logic                                     window_unsigned,
    input  logic                                     window_depthwise,
    input  logic [                              1:0] window_lines,
    input  logic [                              1:0] window_taps,
    input  logic [                              1:0] lane_precision,
    input  logic [       OPERAND_BITS*ROWS*COLS-1:0] weights,
    input  logic [                    ROWS*COLS-1:0] empty,
    input  logic [        (16+$clog2(ROWS))*COLS-1:0] constants,
    output logic [        (16+$clog2(ROWS))*COLS-1:0] sums,
    output logic [                         COLS-1:0] carries
);
  localparam SUM_BITS = 16 + $clog2(ROWS);
  // Lanes of depthwise: 3 * (lines ago) + (pixels ago).
  localparam LINES = ROWS < 9 ? ROWS / 3 : 3;
  localparam FILTER = 3 * LINES;
  // Bits of an operand below those of the byte that depthwise lanes have too.
  localparam LOW = OPERAND_BITS - 8;

  logic [8*(ROWS > COLS ? ROWS : COLS)-1:0] window;
  // Of each line of the filter, the newest first, the pixel in the column that streams.
  wire [8*COLS*LINES-1:0] pixels;
  assign pixels[8*COLS-1:0] = window[8*COLS-1:0];
  always_ff @(posedge clk) window <= bytes;
  generate
    if (LINES > 1) begin : rows_above
      trellis_line_buffers #(.COLS(COLS), .LINES(LINES - 1), .LINE_WORDS(LINE_WORDS)) line_buffers (
          .clk,
          .word,
          .valid(pixel_valid),
          .pixel(window[8*COLS-1:0]),
          .above(pixels[8*COLS*LINES-1:8*COLS])
      );
    end
  endgenerate

  // Lanes of depthwise keep their pixels while none comes, for an instruction that resumes rows of one word.
  wire [OPERAND_BITS*ROWS-1:0] operands;
  logic [8*FILTER*COLS-1:0] filter_x;  // [column][lane]
  wire [OPERAND_BITS*ROWS*COLS-1:0] x;  // [column][lane]
  genvar c, r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : lane_operand
      if (LOW == 0) assign operands[8*r+:8] = window[8*r+:8];
      else begin : elements
        trellis_operand #(.PRECISIONS(PRECISIONS), .WEIGHT(0)) spread (
            .precision(window_precision),
            .is_unsigned(window_unsigned),
            .elements(window[8*r+:8]),
            .operand(operands[OPERAND_BITS*r+:OPERAND_BITS])
        );
      end
    end

    for (r = 0; r < FILTER; r = r + 1) begin : filter_lane
      localparam LINE = r / 3;
      localparam TAP = r % 3;
      wire [7:0] dense = operands[OPERAND_BITS*r+LOW+:8];
      wire outside = window_depthwise && (LINE[1:0] >= window_lines || TAP[1:0] >= window_taps);
      for (c = 0; c < COLS; c = c + 1) begin : column
        wire [7:0] pixel;
        if (TAP > 0) assign pixel = filter_x[8*(FILTER*c+r-1)+:8];
        else assign pixel = pixels[8*(COLS*LINE+c)+:8];
        always_ff @(posedge clk) begin
          if (outside) filter_x[8*(FILTER*c+r)+:8] <= 8'd0;
          else if (pixel_valid || !window_depthwise) filter_x[8*(FILTER*c+r)+:8] <= window_depthwise ? pixel : dense;
        end
        assign x[OPERAND_BITS*(ROWS*c+r)+LOW+:8] = filter_x[8*(FILTER*c+r)+:8];
      end
    end
    for (r = FILTER; r < ROWS; r = r + 1) begin : dense_lane
      logic [7:0] dense_x;
      always_ff @(posedge clk) begin
        if (window_depthwise) dense_x <= 8'd0;
        else dense_x <= operands[OPERAND_BITS*r+LOW+:8];
      end
      for (c = 0; c < COLS; c = c + 1) begin : column
        assign x[OPERAND_BITS*(ROWS*c+r)+LOW+:8] = dense_x;
      end
    end
    if (LOW > 0) begin : low
      for (r = 0; r < ROWS; r = r + 1) begin : lane
        logic [LOW-1:0] low_x;
        always_ff @(posedge clk) low_x <= operands[OPERAND_BITS*r+:LOW];
        for (c = 0; c < COLS; c = c + 1) begin : column
          assign x[OPERAND_BITS*(ROWS*c+r)+:LOW] = low_x;
        end
      end
    end

    for (c = 0; c < COLS; c = c + 1) begin : columns
      trellis_mac_column #(.ROWS(ROWS), .PRECISIONS(PRECISIONS), .OPERAND_BITS(OPERAND_BITS)) column (
          .clk,
          .precision(lane_precision),
          .x(x[OPERAND_BITS*ROWS*c+:OPERAND_BITS*ROWS]),
          .w(weights[OPERAND_BITS*ROWS*c+:OPERAND_BITS*ROWS]),
          .empty(empty[ROWS*c+:ROWS]),
          .constant(constants[SUM_BITS*c+:SUM_BITS]),
          .sum(sums[SUM_BITS*c+:SUM_BITS]),
          .carry(carries[c])
      );
    end
  endgenerate
  wire unused = &{1'b0, window_precision, window_unsigned, word};
endmodule
