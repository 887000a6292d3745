// The sum of COUNT signed values (a power of two), as a balanced tree without registers.
//
// With CARRIES each value counts one more where its carry is 1: an adder takes the carry of its second operand, the one of
// its first goes on, so `carry` is that of value 0 and still to be added.
module trellis_sum #(
    parameter COUNT = 2,
    parameter WIDTH = 16,
    parameter CARRIES = 0
) (
    input  logic [         COUNT*WIDTH-1:0] values,
    input  logic [               COUNT-1:0] carries,
    output logic [WIDTH+$clog2(COUNT)-1:0] sum,
    output logic                            carry
);
  generate
    if (COUNT == 1) begin : leaf
      assign sum = values;
      assign carry = carries[0];
    end else begin : node
      localparam HALF = COUNT / 2;
      wire signed [WIDTH+$clog2(HALF)-1:0] low, high;
      wire high_carry;
      trellis_sum #(.COUNT(HALF), .WIDTH(WIDTH), .CARRIES(CARRIES)) first (
          .values(values[HALF*WIDTH-1:0]),
          .carries(carries[HALF-1:0]),
          .sum(low),
          .carry(carry)
      );
      trellis_sum #(.COUNT(HALF), .WIDTH(WIDTH), .CARRIES(CARRIES)) second (
          .values(values[COUNT*WIDTH-1:HALF*WIDTH]),
          .carries(carries[COUNT-1:HALF]),
          .sum(high),
          .carry(high_carry)
      );
      if (CARRIES) begin : with_carry
        // One more bit below carries into the others.
        wire signed [WIDTH+$clog2(COUNT):0] total = $signed({low, 1'b1}) + $signed({high, high_carry});
        assign sum = total[WIDTH+$clog2(COUNT):1];
        wire unused = total[0];
      end else begin : without
        assign sum = low + high;
        wire unused = high_carry;
      end
    end
  endgenerate
endmodule
