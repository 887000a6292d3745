// One column of a pooling window: the largest of the bytes that come, or the sum of their distances from a zero point. A byte in t, with
// `first` the first of a window, is in `value` in t + 1; a maximum stands in its low 8 bits.
//
// Elements below 8 bits stand in bytes and are compared each by itself: pairs of bits first, which then make up nibbles and bytes.
module trellis_pool #(
    parameter PRECISIONS = 1
) (
    input  logic        clk,
    input  logic        enable,
    input  logic        first,
    input  logic        is_sum,
    input  logic [ 1:0] precision,
    input  logic        is_unsigned,
    input  logic [ 7:0] zero_point,
    input  logic [ 7:0] data,
    output logic [24:0] value
);
  logic [7:0] sign, old, a, b, larger;
  logic [3:0] above, equal, takes;
  logic [1:0] above4, equal4;
  integer k;
  assign old = value[7:0];
  always_comb begin
    // With their signs turned, signed elements are in the order of unsigned ones.
    sign = 8'h00;
    if (precision == 2'd0 || PRECISIONS == 1) sign = 8'h80;
    else if (precision == 2'd1) sign = PRECISIONS[1] && !is_unsigned ? 8'h88 : 8'h00;
    else if (precision == 2'd2) sign = PRECISIONS[2] && !is_unsigned ? 8'haa : 8'h00;
    a = data ^ sign;
    b = old ^ sign;
    for (k = 0; k < 4; k = k + 1) begin
      above[k] = a[2*k+:2] > b[2*k+:2];
      equal[k] = a[2*k+:2] == b[2*k+:2];
    end
    for (k = 0; k < 2; k = k + 1) begin
      above4[k] = above[2*k+1] || (equal[2*k+1] && above[2*k]);
      equal4[k] = equal[2*k+1] && equal[2*k];
    end
    takes = {4{above4[1] || (equal4[1] && above4[0])}};
    if (PRECISIONS[1] && precision == 2'd1) takes = {{2{above4[1]}}, {2{above4[0]}}};
    if (PRECISIONS[2] && precision == 2'd2) takes = above;
    for (k = 0; k < 8; k = k + 1) larger[k] = takes[k/2] ? data[k] : old[k];
    if (PRECISIONS[3] && precision == 2'd3) larger = data | old;
  end
  always_ff @(posedge clk) begin
    if (enable && is_sum)
      value <= (first ? 25'd0 : value) + {{17{data[7]}}, data} - {{17{zero_point[7]}}, zero_point};
    else if (enable) value <= {17'd0, first ? data : larger};
  end
endmodule
