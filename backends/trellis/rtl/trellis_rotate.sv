// Bytes rotated to the right: byte k of the result is byte (k + by) mod BYTES of the data. Combinational. BYTES is a power of two.
module trellis_rotate #(
    parameter BYTES = 16
) (
    input  logic [8*BYTES-1:0] data,
    input  logic [$clog2(BYTES)-1:0] by,
    output logic [8*BYTES-1:0] rotated
);
  // The largest distance first: where not all of the result is used, the later stages shrink.
  always_comb begin
    rotated = data;
    for (int s = $clog2(BYTES) - 1; s >= 0; s--)
      if (by[s]) rotated = (rotated >> (8 << s)) | (rotated << (8 * BYTES - (8 << s)));
  end
endmodule
