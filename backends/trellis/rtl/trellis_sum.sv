// The sum of COUNT signed values (a power of two), as a balanced tree without registers.
module trellis_sum #(
    parameter COUNT = 2,
    parameter WIDTH = 16
) (
    input  logic [              COUNT*WIDTH-1:0] values,
    output logic [WIDTH+$clog2(COUNT)-1:0] sum
);
  generate
    if (COUNT == 1) assign sum = values;
    else begin : halves
      localparam HALF = COUNT / 2;
      wire signed [WIDTH+$clog2(HALF)-1:0] low, high;
      trellis_sum #(.COUNT(HALF), .WIDTH(WIDTH)) sum_low (.values(values[HALF*WIDTH-1:0]), .sum(low));
      trellis_sum #(.COUNT(HALF), .WIDTH(WIDTH)) sum_high (.values(values[COUNT*WIDTH-1:HALF*WIDTH]), .sum(high));
      assign sum = low + high;
    end
  endgenerate
endmodule
