// The pixels above the one that streams: of the row before and of the one before that, for depthwise.
//
// A pixel of COLS bytes comes with `valid` and the number of its word in the row; `line_1` and `line_2` have the pixels
// above it in the next cycle. The buffers keep what they hold while nothing is valid, so an instruction can resume.
module trellis_line_buffers #(
    parameter COLS = 8,
    parameter LINE_WORDS = 128
) (
    input  logic              clk,
    input  logic              valid,
    input  logic [       9:0] word,
    input  logic [8*COLS-1:0] pixel,
    input  logic              one_word,  // rows of one word: a row follows the one before it in the next cycle
    output logic [8*COLS-1:0] line_1,
    output logic [8*COLS-1:0] line_2
);
  localparam WORD_BITS = $clog2(LINE_WORDS);

  logic [8*COLS-1:0] buffer_1[0:LINE_WORDS-1];
  logic [8*COLS-1:0] buffer_2[0:LINE_WORDS-1];
  logic [8*COLS-1:0] read_2, delayed_1;
  logic [WORD_BITS-1:0] word_q;
  logic valid_q;
  wire [WORD_BITS-1:0] at = word[WORD_BITS-1:0];

  always_ff @(posedge clk) begin
    line_1 <= buffer_1[at];
    if (valid) buffer_1[at] <= pixel;

    read_2 <= buffer_2[at];
    if (valid_q) buffer_2[word_q] <= line_1;

    valid_q <= valid;
    word_q <= at;
    if (valid_q) delayed_1 <= line_1;
  end

  // With one word a row the second buffer is read before the first has answered for the row in between.
  assign line_2 = one_word ? delayed_1 : read_2;
  wire unused = &{1'b0, word};
endmodule
