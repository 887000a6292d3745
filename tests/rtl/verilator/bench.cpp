// Test bench of the whole machine for Verilator: DRAM of fixed latency (section 3 of docs/timing.md), one program a run.
//
//   Vtrellis DRAM ADDRESS INSTRUCTIONS LATENCY MOST_CYCLES RESULT
//
// DRAM is the file of its contents before the run, RESULT the one to write them to after it. A line on the standard output for
// each event, with its cycle: `start UNIT CYCLE`, `done UNIT CYCLE` (the cycle after the last effect), `end CYCLE`
// (its dispatch), at last `halted CYCLE` or `running CYCLE`, and before it `conflict` if two units used one port of a bank at once.
// BUS_BYTES comes from the compiler's command line.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

#include "Vtrellis.h"
#include "verilated.h"

struct ReadBurst {
  uint64_t first;  // the cycle of its first beat
  uint32_t address;
  uint32_t beats;
};

static std::vector<uint8_t> readFile(const char *path) {
  std::vector<uint8_t> bytes;
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  bytes.resize(ftell(file));
  rewind(file);
  if (fread(bytes.data(), 1, bytes.size(), file) != bytes.size()) exit(2);
  fclose(file);
  return bytes;
}

int main(int argc, char **argv) {
  if (argc < 7) return 2;
  // What is not reset is random: nothing may depend on it.
  const char *random[] = {argv[0], "+verilator+rand+reset+2", "+verilator+seed+1"};
  Verilated::commandArgs(3, random);
  std::vector<uint8_t> dram = readFile(argv[1]);
  const uint64_t latency = strtoull(argv[4], nullptr, 10);
  const uint64_t mostCycles = strtoull(argv[5], nullptr, 10);

  Vtrellis top;
  top.program_address = strtoul(argv[2], nullptr, 10);
  top.program_length = strtoul(argv[3], nullptr, 10);
  top.mem_rvalid = 0;
  auto edge = [&] {
    top.clk = 1;
    top.eval();
    top.clk = 0;
  };
  top.clk = 0;
  top.rst = 1;
  top.eval();
  edge();
  top.rst = 0;

  std::deque<ReadBurst> reads;
  uint64_t writeAddress = 0;
  uint64_t cycle = 0;
  bool halted = false;
  for (; cycle < mostCycles; cycle++) {
    top.mem_rvalid = 0;
    if (!reads.empty() && cycle >= reads.front().first) {
      const ReadBurst &burst = reads.front();
      const uint64_t beat = cycle - burst.first;
      uint8_t data[BUS_BYTES];
      for (int i = 0; i < BUS_BYTES; i++) {
        const uint64_t address = burst.address + beat * BUS_BYTES + i;
        data[i] = address < dram.size() ? dram[address] : 0;
      }
      // Ports of any width are words in the order of this machine.
      memcpy(&top.mem_rdata, data, BUS_BYTES);
      top.mem_rvalid = 1;
      if (beat + 1 == burst.beats) reads.pop_front();
    }
    top.eval();
    if (top.halted) {
      halted = true;
      break;
    }
    for (int unit = 0; unit < 4; unit++) {
      if (top.ev_start >> unit & 1) printf("start %d %llu\n", unit, (unsigned long long)cycle);
      if (top.ev_done >> unit & 1) printf("done %d %llu\n", unit, (unsigned long long)cycle + 1);
    }
    if (top.ev_end) printf("end %llu\n", (unsigned long long)cycle);
    // The last beat of a write may come in the cycle of the next request.
    if (top.mem_wvalid) {
      uint8_t data[BUS_BYTES];
      uint64_t mask = 0;
      memcpy(data, &top.mem_wdata, BUS_BYTES);
      memcpy(&mask, &top.mem_wmask, (BUS_BYTES + 7) / 8);
      for (int i = 0; i < BUS_BYTES; i++)
        if (mask >> i & 1 && writeAddress + i < dram.size()) dram[writeAddress + i] = data[i];
      writeAddress += BUS_BYTES;
    }
    if (top.mem_req_valid) {
      const uint32_t address = top.mem_req_addr / BUS_BYTES * BUS_BYTES;
      if (top.mem_req_write)
        writeAddress = address;
      else
        reads.push_back({cycle + latency, address, top.mem_req_beats});
    }
    edge();
  }
  if (top.port_conflict) puts("conflict");
  printf("%s %llu\n", halted ? "halted" : "running", (unsigned long long)cycle);
  FILE *result = fopen(argv[6], "wb");
  if (!result || fwrite(dram.data(), 1, dram.size(), result) != dram.size()) return 2;
  fclose(result);
  return 0;
}
