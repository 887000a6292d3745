// Stationary weights, twice: the block in use, and the one that arrives, two columns a cycle, first columns first.
//
// `shift` takes two columns of weight memory's data. `swap` puts the block that arrived in use from the next cycle on, and
// `swap_constants`, three cycles later, what is to be added to each sum of the block: at 1 bit lanes count agreeing bits,
// at 2 bits they take unsigned inputs for 2 less than they are.
module trellis_mac_weights #(
    parameter ROWS = 8,
    parameter COLS = 8,
    parameter PRECISIONS = 4'b0001,
    parameter OPERAND_BITS = 8
) (
    input  logic                                clk,
    input  logic                                shift,
    input  logic                                swap,
    input  logic                                swap_constants,
    // Of the block that arrives.
    input  logic [                         1:0] precision,
    input  logic                                is_unsigned,
    input  logic                                one_word,
    input  logic [               2*8*ROWS-1:0] data,
    input  logic [                  2*ROWS-1:0] filled,
    // Of the block in use.
    output logic [OPERAND_BITS*ROWS*COLS-1:0] weights,
    output logic [             ROWS*COLS-1:0] empty,
    output logic [(16+$clog2(ROWS))*COLS-1:0] constants
);
  localparam PAIR = 2 * OPERAND_BITS * ROWS;
  localparam SUM_BITS = 16 + $clog2(ROWS);
  // A constant is twice a sum of a signed number of 4 bits for each lane.
  localparam HALF_BITS = 4 + $clog2(ROWS);

  wire [2*8*ROWS-1:0] bytes;
  wire [PAIR-1:0] operands;
  wire [2*ROWS-1:0] holds_nothing = precision == 3 ? ~filled : '0;
  logic [OPERAND_BITS*ROWS*COLS-1:0] arriving;
  logic [ROWS*COLS-1:0] arriving_empty;

  genvar c, r;
  generate
    // With rows of one word the pixels above are those that streamed just before: lanes 0, 3, 6 become lanes 0, 1, 2.
    for (r = 0; r < 2 * ROWS; r = r + 1) begin : lane_order
      localparam LANE = r % ROWS;
      localparam FROM = (LANE == 1 || LANE == 2) && 3 * LANE + 3 <= ROWS ? r + 2 * LANE : r;
      assign bytes[8*r+:8] = one_word ? data[8*FROM+:8] : data[8*r+:8];
    end
    if (OPERAND_BITS == 8) assign operands = bytes;
    else begin : elements
      for (r = 0; r < 2 * ROWS; r = r + 1) begin : lane
        trellis_operand #(.PRECISIONS(PRECISIONS), .WEIGHT(1)) spread (
            .precision,
            .is_unsigned(1'b0),
            .elements(bytes[8*r+:8]),
            .operand(operands[OPERAND_BITS*r+:OPERAND_BITS])
        );
      end
    end
  endgenerate

  always_ff @(posedge clk) begin
    if (shift) begin
      arriving <= {operands, arriving[OPERAND_BITS*ROWS*COLS-1:PAIR]};
      arriving_empty <= {holds_nothing, arriving_empty[ROWS*COLS-1:2*ROWS]};
    end
    if (swap) begin
      weights <= arriving;
      empty <= arriving_empty;
    end
  end

  generate
    if (PRECISIONS[3:2] != 0) begin : with_constants
      logic [2:0] shifted;
      logic [HALF_BITS*COLS-1:0] arriving_halves, halves;
      wire [2*HALF_BITS-1:0] sums;
      for (c = 0; c < 2; c = c + 1) begin : column
        wire [4*ROWS-1:0] parts;
        for (r = 0; r < ROWS; r = r + 1) begin : lane
          wire [7:0] w = data[8*(ROWS*c+r)+:8];
          wire [3:0] sum = {{2{w[1]}}, w[1:0]} + {{2{w[3]}}, w[3:2]} + {{2{w[5]}}, w[5:4]} + {{2{w[7]}}, w[7:6]};
          assign parts[4*r+:4] = PRECISIONS[3] && precision == 3 ? {{2{filled[ROWS*c+r]}}, 2'b00} :
              PRECISIONS[2] && precision == 2 && is_unsigned ? sum : 4'd0;
        end
        wire unused;
        trellis_tree #(.COUNT(ROWS), .WIDTH(4), .CARRIES(0)) tree (
            .clk,
            .values(parts),
            .carries('0),
            .addend('0),
            .sum(sums[HALF_BITS*c+:HALF_BITS]),
            .carry(unused)
        );
      end
      always_ff @(posedge clk) begin
        shifted <= {shifted[1:0], shift};
        if (shifted[2]) arriving_halves <= {sums, arriving_halves[HALF_BITS*COLS-1:2*HALF_BITS]};
        if (swap_constants) halves <= arriving_halves;
      end
      for (c = 0; c < COLS; c = c + 1) begin : constant
        wire [HALF_BITS-1:0] half = halves[HALF_BITS*c+:HALF_BITS];
        assign constants[SUM_BITS*c+:SUM_BITS] = {
          {(SUM_BITS - HALF_BITS - 1) {half[HALF_BITS-1]}}, half, 1'b0
        };
      end
    end else begin : no_constants
      assign constants = '0;
      wire unused = &{1'b0, swap_constants, filled};
    end
  endgenerate
  wire unused = &{1'b0, is_unsigned};
endmodule
