// Thresholds: two sets of up to ENTRIES (a column's share of parameter memory, at most 256) for each column, counted from 1. Each
// lane reads an entry of its own; data comes in the next cycle. Written WRITE neighbouring columns at once.
module trellis_threshold_ram #(
    parameter COLS = 16,
    parameter WRITE = 4,
    parameter READ = 16,
    parameter ENTRIES = 64
) (
    input  logic                clk,
    input  logic                wr_en,
    input  logic                wr_set,
    input  logic [         5:0] wr_group,
    input  logic [         7:0] wr_index,
    input  logic [32*WRITE-1:0] wr_data,
    input  logic                rd_set,
    input  logic [         5:0] rd_group,
    input  logic [  8*READ-1:0] rd_index,
    output logic [ 32*READ-1:0] rd_data
);
  localparam BANKS = WRITE > READ ? WRITE : READ;
  localparam LINES = COLS / BANKS;
  localparam READ_PARTS = BANKS / READ;
  localparam LW = $clog2(LINES);
  localparam IW = ENTRIES >= 256 ? 8 : ENTRIES <= 2 ? 1 : $clog2(ENTRIES);
  localparam AW = IW + LW + 1;
  logic [LW:0] wr_line, rd_line;
  logic [BANKS-1:0] here;
  logic [32*BANKS-1:0] line;
  trellis_column_place #(.COLS(COLS), .WRITE(WRITE), .READ(READ)) place (
      .wr_set, .wr_group, .rd_set, .rd_group, .wr_line, .rd_line, .here);
  genvar b;
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : bank
      (* no_rw_check *) logic [31:0] memory[0:2**AW-1];
      logic [31:0] data;
      always_ff @(posedge clk) begin
        if (wr_en && here[b]) memory[{wr_line, wr_index[IW-1:0]}] <= wr_data[32*(b%WRITE)+:32];
        data <= memory[{rd_line, rd_index[8*(b%READ)+:IW]}];
      end
      assign line[32*b+:32] = data;
    end
    if (READ_PARTS > 1) begin : select
      logic [$clog2(READ_PARTS)-1:0] part;
      always_ff @(posedge clk) part <= rd_group[$clog2(READ_PARTS)-1:0];
      assign rd_data = line[32*READ*part+:32*READ];
    end else begin : whole
      assign rd_data = line;
    end
  endgenerate
endmodule

// The search of one lane: how many of `steps` thresholds, in ascending order, the value reaches, by halves. `index` is the entry that
// is to be read; with `first` it begins with the one in the middle. In the cycles after it the entry is compared: `count` is what
// is known in such a cycle, after its comparison, so the result in the last one.
module trellis_threshold_search (
    input  logic        clk,
    input  logic        first,
    input  logic [ 7:0] middle,     // the highest power of two that is no more than steps
    input  logic [ 7:0] steps,
    input  logic [31:0] sum,        // of the cycle of the comparison
    input  logic        negate,
    input  logic [31:0] threshold,
    output logic [ 7:0] index,
    output logic [ 7:0] count
);
  logic [7:0] tried, reached, bit_tried;
  logic [32:0] value;
  assign value = negate ? -{sum[31], sum} : {sum[31], sum};
  assign count = tried <= steps && $signed(value) >= $signed({threshold[31], threshold}) ? tried : reached;
  assign index = first ? middle : count | (bit_tried >> 1);
  always_ff @(posedge clk) begin
    tried <= index;
    reached <= first ? 8'd0 : count;
    bit_tried <= first ? middle : bit_tried >> 1;
  end
endmodule
