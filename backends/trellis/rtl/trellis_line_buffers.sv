// The pixels above the one that streams: of the row before and of the one before that, for depthwise.
//
// The number of a pixel's word in its row comes in cycle t, the pixel of COLS bytes and `valid` in t + 1; `line_1` and
// `line_2` have the pixels above it in t + 1 too. The buffers keep what they hold while nothing is valid, so an instruction
// can resume. Rows have two words at least.
module trellis_line_buffers #(
    parameter COLS = 8,
    parameter LINE_WORDS = 128
) (
    input  logic              clk,
    input  logic [       9:0] word,
    input  logic              valid,
    input  logic [8*COLS-1:0] pixel,
    output logic [8*COLS-1:0] line_1,
    output logic [8*COLS-1:0] line_2
);
  localparam WORD_BITS = $clog2(LINE_WORDS);

  // Read and written at one address only where no line is used.
  (* no_rw_check *)
  logic [16*COLS-1:0] rows_above[0:LINE_WORDS-1];
  logic [WORD_BITS-1:0] word_q;
  wire unused = &{1'b0, word};

  always_ff @(posedge clk) begin
    {line_2, line_1} <= rows_above[word[WORD_BITS-1:0]];
    word_q <= word[WORD_BITS-1:0];
    if (valid) rows_above[word_q] <= {line_1, pixel};
  end
endmodule
