// A column of the array: ROWS byte lanes and the tree that adds their products.
//
// Operands of cycle t give `sum` in t + 4: a cycle for the products, three for the levels of the tree.
module trellis_mac_column #(
    parameter ROWS = 8,
    parameter PRECISIONS = 4'b0001
) (
    input  logic                     clk,
    input  logic [              1:0] precision,
    input  logic                     is_unsigned,
    input  logic [       8*ROWS-1:0] x,
    input  logic [       8*ROWS-1:0] w,
    input  logic [         ROWS-1:0] filled,
    output logic [15+$clog2(ROWS):0] sum
);
  localparam LEVELS = $clog2(ROWS);
  // Levels in each of the three stages.
  localparam A = (LEVELS + 2) / 3;
  localparam B = (LEVELS - A + 1) / 2;
  localparam C = LEVELS - A - B;

  wire [16*ROWS-1:0] products;
  logic [(16+A)*(ROWS>>A)-1:0] sums_a, stage_a;
  logic [(16+A+B)*(ROWS>>(A+B))-1:0] sums_b, stage_b;
  wire [15+LEVELS:0] total;

  genvar i;
  generate
    for (i = 0; i < ROWS; i = i + 1) begin : lanes
      trellis_lane #(.PRECISIONS(PRECISIONS)) lane (
          .clk,
          .precision,
          .is_unsigned,
          .filled(filled[i]),
          .x(x[8*i+:8]),
          .w(w[8*i+:8]),
          .product(products[16*i+:16])
      );
    end
    for (i = 0; i < ROWS >> A; i = i + 1) begin : tree_a
      trellis_sum #(.COUNT(1 << A), .WIDTH(16)) part (
          .values(products[(16<<A)*i+:16<<A]),
          .sum(sums_a[(16+A)*i+:16+A])
      );
    end
    for (i = 0; i < ROWS >> (A + B); i = i + 1) begin : tree_b
      trellis_sum #(.COUNT(1 << B), .WIDTH(16 + A)) part (
          .values(stage_a[((16+A)<<B)*i+:(16+A)<<B]),
          .sum(sums_b[(16+A+B)*i+:16+A+B])
      );
    end
  endgenerate
  trellis_sum #(.COUNT(1 << C), .WIDTH(16 + A + B)) tree_c (.values(stage_b), .sum(total));

  always_ff @(posedge clk) begin
    stage_a <= sums_a;
    stage_b <= sums_b;
  end

  generate
    if (PRECISIONS[3]) begin : bits_1
      // Eight for each lane that holds weights: from the number of agreeing bits, twice, to a sum of +1 and -1.
      logic [LEVELS:0] count;
      logic [LEVELS:0] count_1, count_2, count_3;
      integer lane;
      always_comb begin
        count = '0;
        for (lane = 0; lane < ROWS; lane = lane + 1) count = count + {{LEVELS{1'b0}}, filled[lane]};
      end
      always_ff @(posedge clk) begin
        count_1 <= precision == 3 ? count : '0;
        count_2 <= count_1;
        count_3 <= count_2;
        sum <= total - {{12{1'b0}}, count_3, 3'b000};
      end
    end else begin : bytes
      always_ff @(posedge clk) sum <= total;
      wire unused = &{1'b0, filled};
    end
  endgenerate
endmodule
