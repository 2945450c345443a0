#include "hw/simulate.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/hw/test_chips.h"

namespace presil {
namespace {

Load load_of(std::int64_t sram, std::int64_t bytes, Traffic traffic = Traffic::kInput) {
  return Load{
      {.memory_address = sram, .sram_address = sram, .run_bytes = bytes, .traffic = traffic}};
}

Program program_of(std::vector<Command> commands) {
  return {.commands = std::move(commands), .group_names = {"test"}};
}

TEST_CASE("a load takes the latency and its bytes at the port's rate") {
  // Four bursts of 64 bytes at 8 bytes a cycle, one behind the other: 10 + 4 x 8.
  const Timeline timeline = simulate(test::small_chip(), program_of({{.work = load_of(0, 256)}}));
  CHECK(timeline.total == Cycles(10 + 32));
  CHECK(timeline.memories[0].read[0] == 256);
  CHECK(timeline.memories[0].bursts == 4);
}

TEST_CASE("few bursts in flight leave the port waiting for the latency") {
  ChipSpec chip = test::small_chip();
  chip.dma.outstanding = 1;
  // Each burst is asked for when the one before has come: 4 x (10 + 8).
  CHECK(simulate(chip, program_of({{.work = load_of(0, 256)}})).total == Cycles(4 * 18));
}

TEST_CASE("two loads on channels of their own share the port's rate") {
  // Features and weights, 256 bytes each: 512 bytes at 8 a cycle behind one latency.
  const Program program =
      program_of({{.work = load_of(0, 256)}, {.work = load_of(1024, 256, Traffic::kWeights)}});
  CHECK(simulate(test::small_chip(), program).total == Cycles(10 + 64));
  CHECK(simulate(test::small_chip(), program, {.no_contention = true}).total == Cycles(10 + 32));
  // A channel alone has no one to meet: its own bytes still take their time.
  const Program alone = program_of({{.work = load_of(0, 256)}});
  CHECK(simulate(test::small_chip(), alone, {.no_contention = true}).total ==
        simulate(test::small_chip(), alone).total);
}

TEST_CASE(
    "a burst takes whole beats of a port that has a width, and a write counts its own bytes") {
  ChipSpec chip = test::small_chip();
  chip.memories[0].beat_bytes = 64;
  // 96 bytes from 32 lie in the beats [0, 64) and [64, 128): 2 x 64 / 8 cycles behind the latency.
  Program program = program_of({{.work = load_of(32, 96)}});
  CHECK(simulate(chip, program).total == Cycles(10 + 16));
  CHECK(simulate(chip, program).memories[0].read[0] == 128);
  program = program_of({{.work = Store{{.memory_address = 32, .run_bytes = 96}}}});
  CHECK(simulate(chip, program).total == Cycles(16));
  CHECK(simulate(chip, program).memories[0].written[0] == 96);
}

TEST_CASE("channels take turns at the port's requests, a burst each") {
  ChipSpec chip = test::small_chip();
  chip.dma.burst_bytes = 256;
  chip.sram.bank_bytes_per_cycle = 256;  // never short
  chip.memories[0].bytes_per_cycle = 64;
  chip.memories[0].beat_bytes = 64;
  chip.memories[0].request_every_cycles = 1;
  // Four features of one beat, far apart, against 16 beats of weights: 1 4 1 4 1 4 1 4.
  Load features = load_of(0, 64);
  features.transfer.dims[0] = {.count = 4, .memory_stride = 4096, .sram_stride = 64};
  const Timeline timeline = simulate(
      chip, program_of({{.work = features}, {.work = load_of(1024, 1024, Traffic::kWeights)}}));
  CHECK(timeline.spans[0].done == Cycles(3 * (1 + 4) + 1 + 10));
  CHECK(timeline.spans[1].done == Cycles(4 * (1 + 4) + 10));
}

TEST_CASE("the reader behind a load takes bursts at its own pace, the first as it comes") {
  Load load = load_of(0, 256);
  load.transfer.beat_cycles = 12;
  CHECK(simulate(test::small_chip(), program_of({{.work = load}})).total ==
        Cycles(10 + 8 + 3 * 12));
  load.transfer.beat_cycles = 8;  // the port's own
  CHECK(simulate(test::small_chip(), program_of({{.work = load}})).total == Cycles(10 + 4 * 8));
}

TEST_CASE("a burst that would start in the first cycle of a refresh waits for its end") {
  ChipSpec chip = test::small_chip();
  MemorySpec& memory = chip.memories[0];
  memory.kind = MemoryKind::kBanked;
  memory.row_bytes = 65536;
  memory.refresh_cycles = 20;
  // The 14th burst would start at 13 x 8 = 104.
  const Program program = program_of({{.work = load_of(0, 14 * 64)}});
  memory.refresh_interval_cycles = 105;
  CHECK(simulate(chip, program).total == Cycles(10 + 14 * 8));
  memory.refresh_interval_cycles = 104;
  CHECK(simulate(chip, program).total == Cycles(10 + 14 * 8 + 20));
}

TEST_CASE("ideal memory takes no time at all") {
  const Program program = program_of({{.work = load_of(0, 256)}});
  CHECK(simulate(test::small_chip(), program, {.ideal_memory = true}).total == Cycles(0));
}

TEST_CASE("a matrix waits for its operands, and its store for it") {
  // Load 10 + 8; 16 positions x 1 slot; the results of the stripe leave at 4 a cycle: 16 x 4 / 4;
  // store of 64 bytes: 8.
  Program program = program_of({{.work = load_of(0, 64)}});
  program.add({.work = Matrix{.outputs = 4,
                              .positions = 16,
                              .channels = 8,
                              .input = {.run_bytes = 64},
                              .output = {.address = 512, .run_bytes = 64},
                              .drained_per_position = 4},
               .dependencies = {0}});
  program.add({.work = Store{{.memory_address = 4096,
                              .sram_address = 512,
                              .run_bytes = 64,
                              .traffic = Traffic::kOutput}},
               .dependencies = {1}});
  const Timeline timeline = simulate(test::small_chip(), program);
  CHECK(timeline.spans[1].start == Cycles(18));
  CHECK(timeline.spans[1].end == Cycles(18 + 16));
  CHECK(timeline.spans[1].done == Cycles(18 + 16 + 16));
  CHECK(timeline.total == Cycles(18 + 32 + 8));
  CHECK(timeline.memories[0].written[static_cast<int>(Traffic::kOutput)] == 64);
}

TEST_CASE("results that leave too slowly stop the array when the accumulators are full") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.output_elements_per_cycle = 1;
  chip.mac_array.accumulators_kib = 0.25;  // 64 sums: 64 cycles of results
  Program program = program_of({});
  program.add(
      {.work = Matrix{.outputs = 4, .positions = 160, .channels = 8, .drained_per_position = 4}});
  const Timeline timeline = simulate(chip, program);
  // First stripe at 16, then 640 results at 1 a cycle; the array may be 64 of them ahead.
  CHECK(timeline.total == Cycles(16 + 640));
  CHECK(timeline.spans[0].end == Cycles(16 + 640 - 64));
  CHECK(timeline.spans[0].stalled[static_cast<int>(Stall::kOutputLimit)] == 16 + 640 - 64 - 160);
}

TEST_CASE("the sequencer is busy with each command and the engine sees it a latency later") {
  ChipSpec chip = test::small_chip();
  chip.control = {.issue_cycles = 5, .issue_latency_cycles = 7, .completion_cycles = 3};
  Program program = program_of({});
  for (int i = 0; i < 3; ++i) program.add({.work = Vector{.elements = 8}});
  const Timeline timeline = simulate(chip, program);
  CHECK(timeline.spans[0].start == Cycles(5 + 7));
  CHECK(timeline.spans[2].start == Cycles(3 * 5 + 7));
  CHECK(timeline.total == Cycles(3 * 5 + 7 + 1 + 3));
}

TEST_CASE("a banked memory opens a row once and then hits it") {
  ChipSpec chip = test::small_chip();
  MemorySpec& dram = chip.memories[0];
  dram.kind = MemoryKind::kBanked;
  dram.latency_cycles = 0;
  dram.banks = 1;
  dram.row_bytes = 128;
  dram.row_miss_cycles = 20;
  // Two rows of two bursts: miss 20 + 8, hit 8, miss 20 + 8, hit 8.
  const Timeline timeline = simulate(chip, program_of({{.work = load_of(0, 256)}}));
  CHECK(timeline.total == Cycles(2 * (20 + 8 + 8)));
  CHECK(timeline.memories[0].row_misses == 2);
}

TEST_CASE("reads and writes share a port that is not duplex") {
  ChipSpec chip = test::small_chip();
  const Program program = program_of(
      {{.work = load_of(0, 256)},
       {.work = Store{{.memory_address = 4096, .sram_address = 4096, .run_bytes = 256}}}});
  CHECK(simulate(chip, program).total == Cycles(10 + 32));
  chip.memories[0].duplex = false;
  // The load's four bursts are asked for first, the store's follow on the bus: 4 x 8 + 4 x 8.
  CHECK(simulate(chip, program).total == Cycles(64));
}

TEST_CASE("the same program gives the same timeline again in the same process") {
  const Program program =
      program_of({{.work = load_of(0, 300)}, {.work = load_of(1024, 500, Traffic::kWeights)}});
  const Timeline first = simulate(test::small_chip(), program);
  for (int i = 0; i < 20; ++i) {
    const Timeline again = simulate(test::small_chip(), program);
    CHECK(again.total == first.total);
    CHECK(again.events == first.events);
  }
}

TEST_CASE("a fixed program is never slower on a faster port") {
  ChipSpec chip = test::small_chip();
  const Program program =
      program_of({{.work = load_of(0, 3000)}, {.work = load_of(8192, 5000, Traffic::kWeights)}});
  Cycles before(1 << 30);
  for (double rate = 1; rate <= 128; rate *= 1.5) {
    chip.memories[0].bytes_per_cycle = rate;
    const Cycles total = simulate(chip, program).total;
    CHECK(total <= before);
    before = total;
  }
}

TEST_CASE("results wait in the accumulators for those before them, each leaving at its own cost") {
  ChipSpec chip = test::small_chip();
  Matrix slow{.outputs = 4, .positions = 16, .channels = 8, .drained_per_position = 4};
  Program program = program_of({{.work = slow}, {.work = slow}});
  // The first's 64 results take 16 cycles of fused work over 8 lanes: 128, from 16 to 144. The
  // second's leave at 4 a cycle until 160.
  std::get<Matrix>(program.commands[0].work).epilogue_cycles_per_element = 16;
  chip.mac_array.accumulators_kib = 0.5;  // room for both
  CHECK(simulate(chip, program).spans[1].end == Cycles(32));
  CHECK(simulate(chip, program).total == Cycles(160));
  chip.mac_array.accumulators_kib = 0.25;  // room for one: the first's must have left
  CHECK(simulate(chip, program).spans[1].end == Cycles(144));
  CHECK(simulate(chip, program).total == Cycles(160));
}

TEST_CASE("a host command takes its duration on the one host, after its dependencies") {
  Program program = program_of({{.work = load_of(0, 256)}});
  program.add({.work = Host{Cycles(100)}, .dependencies = {0}});
  program.add({.work = Host{Cycles(50)}});
  const Timeline timeline = simulate(test::small_chip(), program);
  CHECK(timeline.spans[2].end == Cycles(50));  // the first is not ready yet
  CHECK(timeline.spans[1].engine == Engine::kHost);
  CHECK(timeline.spans[1].start == Cycles(50));  // load done at 42, the host free at 50
  CHECK(timeline.total == Cycles(150));
}

TEST_CASE("host commands of several cores queue up for the one host") {
  ChipSpec chip = test::small_chip();
  chip.cores = 2;
  Program program = program_of({});
  program.add({.work = Host{Cycles(30)}});
  program.add({.work = Host{Cycles(30)}, .core = 1});
  CHECK(simulate(chip, program).total == Cycles(60));
}

TEST_CASE("a compressed transfer moves its stored bytes over the port") {
  // Two runs of 100 bytes, stored in ceil(100 x 0.53) = 53 each: 10 + ceil(106 / 8).
  Transfer transfer{.run_bytes = 100, .stored_ratio = 0.53};
  transfer.dims[0] = {.count = 2, .memory_stride = 64, .sram_stride = 100};
  CHECK(transfer.stored_run_bytes() == 53);
  CHECK(transfer.bytes() == 200);
  const Timeline timeline = simulate(test::small_chip(), program_of({{.work = Load{transfer}}}));
  CHECK(timeline.memories[0].read[0] == 106);
  CHECK(timeline.memories[0].bursts == 2);
  CHECK(timeline.total == Cycles(10 + 14));
}

TEST_CASE("an empty program takes no time") {
  CHECK(simulate(test::small_chip(), program_of({})).total == Cycles(0));
}

}  // namespace
}  // namespace presil
