  // What enters the multiplier.
  localparam [3:0] SOURCE_ACC = 4'd0,  // accumulator with bias, requantized
  SOURCE_LINE = 4'd1,  // the same, through the line of its column
  SOURCE_SUM = 4'd2,  // the same, as it is
  SOURCE_COUNT = 4'd3,  // thresholds reached
  SOURCE_UNARY = 4'd4,
  SOURCE_POOL = 4'd5,
  SOURCE_OUT = 4'd6,  // sum or product of two operands
  SOURCE_A = 4'd7,
  SOURCE_FIRST = 4'd8,  // the first operand of a residual sum: a requantized accumulator
  SOURCE_B = 4'd9,
  SOURCE_PRODUCT = 4'd10;
