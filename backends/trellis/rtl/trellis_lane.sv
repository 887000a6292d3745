// A byte lane: one 8-bit product, or the sum of two 4-bit or four 2-bit products, or how many of eight 1-bit operands agree,
// twice (a bit of 1 is +1, of 0 is -1, so the sum of products is this less 8: the column subtracts it).
//
// Operands of cycle t give `product` in t + 1, and `carry`: one more to add. With 4- or 2-bit elements operands are those of
// trellis_operand, else bytes.
module trellis_lane #(
    parameter PRECISIONS = 4'b0001,
    parameter OPERAND_BITS = 8
) (
    input  logic                    clk,
    input  logic [             1:0] precision,
    input  logic                    empty,      // 1-bit operands, but the lane holds no weights
    input  logic [OPERAND_BITS-1:0] x,
    input  logic [OPERAND_BITS-1:0] w,
    output logic [            15:0] product,
    output logic                    carry
);
  wire is_bits = PRECISIONS[3] && precision == 3;
  wire [15:0] sum, wide;
  wire below;
  wire [7:0] x_bits, w_bits;

  generate
    if (OPERAND_BITS == 8) begin : bytes
      assign wide = $signed(x) * $signed(w);
      assign sum = wide;
      assign below = 1'b0;
      assign x_bits = x;
      assign w_bits = w;
    end else begin : elements
      wire signed [35:0] polynomial = $signed(x) * $signed(w);
      assign wide = polynomial[30:15];
      assign below = polynomial[14];
      // The sum of two products less `below` has 9 bits, that of four is -9 .. 16 and has 5.
      wire sign_2 = wide[4] && (wide[3] || wide[2]);
      wire sign = PRECISIONS[2] && precision == 2 ? sign_2 : wide[8];
      assign sum[4:0] = wide[4:0];
      assign sum[8:5] = PRECISIONS[2] && precision == 2 ? {4{sign}} : wide[8:5];
      assign sum[15:9] = precision != 0 ? {7{sign}} : wide[15:9];
      assign x_bits = x[17:10];
      assign w_bits = w[12:5];
      wire unused = &{1'b0, polynomial};
    end
  endgenerate

  always_ff @(posedge clk) begin
    if (is_bits) product[15:5] <= '0;
    else product[15:5] <= sum[15:5];
    carry <= below && !is_bits;
  end

  generate
    if (PRECISIONS[3]) begin : bits
      // Pairs of bits, pairs of pairs (0 .. 4), all (0 .. 8).
      wire [7:0] same = ~(x_bits ^ w_bits);
      wire [3:0] one = same[3:0] ^ same[7:4];
      wire [3:0] both = same[3:0] & same[7:4];
      wire [2:0] low = {
        both[0] && both[1], both[0] ^ both[1] ^ (one[0] && one[1]), one[0] ^ one[1]
      };
      wire [2:0] high = {
        both[2] && both[3], both[2] ^ both[3] ^ (one[2] && one[3]), one[2] ^ one[3]
      };
      wire carry_0 = low[0] && high[0];
      wire carry_1 = low[1] && high[1] || carry_0 && (low[1] || high[1]);
      wire [3:0] agreeing = {
        low[2] && high[2], low[2] ^ high[2] ^ carry_1, low[1] ^ high[1] ^ carry_0, low[0] ^ high[0]
      };
      always_ff @(posedge clk) begin
        if (empty) product[4:0] <= '0;
        else product[4:0] <= is_bits ? {agreeing, 1'b0} : sum[4:0];
      end
    end else begin : no_bits
      always_ff @(posedge clk) product[4:0] <= sum[4:0];
      wire unused = &{1'b0, empty, x_bits, w_bits, precision};
    end
  endgenerate
endmodule
