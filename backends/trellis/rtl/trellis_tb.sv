// Test bench: Trellis with a DRAM of fixed latency, which runs one program and says how many cycles it took.
//
//   +image=FILE     contents of DRAM from address 0 on, for $readmemh, a byte a word (program.hex of "espalier rtl")
//   +address=N      byte address of the program's first instruction, a multiple of 32
//   +length=N       instructions up to and including `end`
//   +latency=N      cycles from the grant of a read to its first beat (default 40)
//   +dump=FILE      where the final contents of DRAM go, for $writememh
//   +events         prints the cycle of every dispatch, start and end
//   +most=N         gives up after N cycles
//
// Simulation only, with Verilator (--binary --timing) or Icarus Verilog (-g2012).
`include "trellis_isa.svh"
`include "trellis_target.svh"

module trellis_tb;
  parameter DRAM_BYTES = 1 << 22;
  localparam B = `TRELLIS_BUS_BYTES;
  localparam MOST_LATENCY = 16384;

  logic clk = 0;
  logic rst = 1;
  always #5 clk = !clk;

  reg [7:0] dram[0:DRAM_BYTES-1];
  logic [31:0] address, length, latency, most;
  logic halted, conflict;
  logic req_valid, req_write, rvalid, wvalid, dispatch, is_end;
  logic [31:0] req_addr;
  logic [8:0] req_beats;
  logic [8*B-1:0] rdata, wdata;
  logic [B-1:0] wmask;
  logic [3:0] starts, dones;

  trellis dut (
      .clk,
      .rst,
      .program_address(address),
      .program_length(length),
      .halted,
      .port_conflict(conflict),
      .mem_req_valid(req_valid),
      .mem_req_write(req_write),
      .mem_req_addr(req_addr),
      .mem_req_beats(req_beats),
      .mem_rvalid(rvalid),
      .mem_rdata(rdata),
      .mem_wvalid(wvalid),
      .mem_wdata(wdata),
      .mem_wmask(wmask),
      .ev_dispatch(dispatch),
      .ev_end(is_end),
      .ev_start(starts),
      .ev_done(dones)
  );

  // ---- DRAM: a beat a cycle on its way; what is read comes out `latency` cycles later.
  logic [31:0] now;  // the cycle, 0 in the first without reset
  logic [31:0] slot, beat_addr, write_addr, coming;
  logic [8:0] left;
  logic reading, beat_valid;
  reg [32:0] on_its_way[0:MOST_LATENCY-1];
  assign beat_addr = req_valid ? req_addr & ~(B - 1) : coming;
  assign beat_valid = req_valid ? !req_write : reading && left != 0;
  // Assignments, each of one word: Icarus 11 makes an always_comb sensitive to every word of a memory that it reads.
  logic [32:0] due;
  assign due = on_its_way[slot];
  assign rvalid = !rst && due[32];
  genvar b;
  generate
    for (b = 0; b < B; b = b + 1) begin : beat
      assign rdata[8*b+:8] = dram[(due[31:0]+b)%DRAM_BYTES];
    end
  endgenerate
  integer k;

  always @(posedge clk)
    if (!rst) begin
      now <= now + 1;
      slot <= slot + 1 == latency ? 0 : slot + 1;
      on_its_way[slot] <= {beat_valid, beat_addr};
      coming <= beat_addr + B;
      // The last beat of a write may come in the cycle of the next request.
      if (wvalid) begin
        for (k = 0; k < B; k = k + 1) if (wmask[k]) dram[(write_addr+k)%DRAM_BYTES] <= wdata[8*k+:8];
        write_addr <= write_addr + B;
      end
      if (req_valid) begin
        left <= req_beats - 1;
        reading <= !req_write;
        if (req_write) write_addr <= req_addr & ~(B - 1);
      end else if (left != 0) left <= left - 1;
    end

  // ---- Run
  reg [1023:0] image, dump;
  initial begin
    for (k = 0; k < DRAM_BYTES; k = k + 1) dram[k] = 0;
    for (k = 0; k < MOST_LATENCY; k = k + 1) on_its_way[k] = 0;
    now = 0;
    slot = 0;
    left = 0;
    reading = 0;
    coming = 0;
    write_addr = 0;
    latency = 40;
    if (!$value$plusargs("image=%s", image) || !$value$plusargs("address=%d", address) ||
        !$value$plusargs("length=%d", length)) begin
      $display("needs +image=FILE +address=N +length=N");
      $finish;
    end
    if ($value$plusargs("latency=%d", latency) && (latency < 1 || latency > MOST_LATENCY)) begin
      $display("+latency=N is 1 to %0d", MOST_LATENCY);
      $finish;
    end
    if (!$value$plusargs("most=%d", most)) most = 32'hffffffff;
    $readmemh(image, dram);
    #12 rst = 0;
  end

  always @(negedge clk)
    if (!rst) begin
      if ($test$plusargs("events") != 0) begin
        if (dispatch) $display("%0d dispatch%s", now, is_end ? " end" : "");
        for (k = 0; k < 4; k = k + 1) begin
          if (starts[k]) $display("%0d start %0d", now, k);
          if (dones[k]) $display("%0d done %0d", now + 1, k);
        end
      end
      if (halted) begin
        $display("%0d cycles%s", now, conflict ? ", with two units at one port of a bank" : "");
        if ($value$plusargs("dump=%s", dump)) $writememh(dump, dram);
        $finish;
      end else if (now == most) begin
        $display("gives up after %0d cycles", now);
        $finish;
      end
    end
endmodule
