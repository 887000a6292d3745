// A column of the array: ROWS byte lanes and the tree that adds their products.
//
// Operands of cycle t give `sum` and `carry`, one more to add, in t + 4; `constant` is that of t + 3.
module trellis_mac_column #(
    parameter ROWS = 8,
    parameter PRECISIONS = 4'b0001,
    parameter OPERAND_BITS = 8
) (
    input  logic                         clk,
    input  logic [                  1:0] precision,
    input  logic [OPERAND_BITS*ROWS-1:0] x,
    input  logic [OPERAND_BITS*ROWS-1:0] w,
    input  logic [             ROWS-1:0] empty,
    input  logic [     15+$clog2(ROWS):0] constant,
    output logic [     15+$clog2(ROWS):0] sum,
    output logic                         carry
);
  wire [16*ROWS-1:0] products;
  wire [ROWS-1:0] carries;

  genvar i;
  generate
    for (i = 0; i < ROWS; i = i + 1) begin : lanes
      trellis_lane #(.PRECISIONS(PRECISIONS), .OPERAND_BITS(OPERAND_BITS)) lane (
          .clk,
          .precision,
          .empty(empty[i]),
          .x(x[OPERAND_BITS*i+:OPERAND_BITS]),
          .w(w[OPERAND_BITS*i+:OPERAND_BITS]),
          .product(products[16*i+:16]),
          .carry(carries[i])
      );
    end
  endgenerate

  trellis_tree #(.COUNT(ROWS), .WIDTH(16), .CARRIES(OPERAND_BITS > 8)) tree (
      .clk,
      .values(products),
      .carries,
      .addend(constant),
      .sum,
      .carry
  );
endmodule
