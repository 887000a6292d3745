// The sum of COUNT signed values (a power of two) as trellis_sum makes it, its levels in three stages: values of cycle t
// and `addend` of cycle t + 2 give `sum` and `carry` in t + 3.
module trellis_tree #(
    parameter COUNT = 8,
    parameter WIDTH = 16,
    parameter CARRIES = 0
) (
    input  logic                             clk,
    input  logic [          COUNT*WIDTH-1:0] values,
    input  logic [                COUNT-1:0] carries,
    input  logic [WIDTH+$clog2(COUNT)-1:0] addend,
    output logic [WIDTH+$clog2(COUNT)-1:0] sum,
    output logic                             carry
);
  localparam LEVELS = $clog2(COUNT);
  // Levels in each stage: the last has the addend besides.
  localparam A = (LEVELS + 2) / 3;
  localparam B = (LEVELS - A + 1) / 2;
  localparam C = LEVELS - A - B;
  localparam WIDTH_A = WIDTH + A;
  localparam WIDTH_B = WIDTH_A + B;

  logic [WIDTH_A*(COUNT>>A)-1:0] sums_a, stage_a;
  logic [WIDTH_B*(COUNT>>(A+B))-1:0] sums_b, stage_b;
  logic [(COUNT>>A)-1:0] carries_a, carry_stage_a;
  logic [(COUNT>>(A+B))-1:0] carries_b, carry_stage_b;
  wire [WIDTH+LEVELS-1:0] total;
  wire last_carry;

  genvar i;
  generate
    for (i = 0; i < COUNT >> A; i = i + 1) begin : part_a
      trellis_sum #(.COUNT(1 << A), .WIDTH(WIDTH), .CARRIES(CARRIES)) part (
          .values(values[(WIDTH<<A)*i+:WIDTH<<A]),
          .carries(carries[(1<<A)*i+:1<<A]),
          .sum(sums_a[WIDTH_A*i+:WIDTH_A]),
          .carry(carries_a[i])
      );
    end
    for (i = 0; i < COUNT >> (A + B); i = i + 1) begin : part_b
      trellis_sum #(.COUNT(1 << B), .WIDTH(WIDTH_A), .CARRIES(CARRIES)) part (
          .values(stage_a[(WIDTH_A<<B)*i+:WIDTH_A<<B]),
          .carries(carry_stage_a[(1<<B)*i+:1<<B]),
          .sum(sums_b[WIDTH_B*i+:WIDTH_B]),
          .carry(carries_b[i])
      );
    end
  endgenerate
  trellis_sum #(.COUNT(1 << C), .WIDTH(WIDTH_B), .CARRIES(CARRIES)) part_c (
      .values(stage_b),
      .carries(carry_stage_b),
      .sum(total),
      .carry(last_carry)
  );

  always_ff @(posedge clk) begin
    stage_a <= sums_a;
    carry_stage_a <= carries_a;
    stage_b <= sums_b;
    carry_stage_b <= carries_b;
    sum <= total + addend;
    carry <= last_carry;
  end
endmodule
