#include "hw/program_bounds.h"

#include <doctest/doctest.h>

#include "hw/simulate.h"
#include "tests/hw/random_program.h"

namespace presil {
namespace {

TEST_CASE("the bounds of one load are its bytes, and its bursts one by one") {
  // Four bursts of 64: 256 / 8 at least. At most five, each with its latency: 5 x 10 + 32, and the
  // rounding that the header allows (2 cycles a transfer, 4 ticks a burst).
  Program program{.group_names = {"test"}};
  program.add({.work = Load{{.run_bytes = 256}}});
  const ProgramBounds bounds = program_bounds(test::small_chip(), program);
  CHECK(bounds.lower == Cycles(32));
  CHECK(bounds.upper == Cycles(5 * 10 + 32 + 2 + 1));
  CHECK(program_bounds(test::small_chip(), {}).upper == Cycles(0));
}

TEST_CASE("the lower bound is the busiest engine's") {
  ChipSpec chip = test::small_chip();
  chip.control = {.issue_cycles = 3, .issue_latency_cycles = 2, .completion_cycles = 11};
  Program program{.group_names = {"test"}};
  for (int i = 0; i < 4; ++i)
    program.add({.work = Matrix{.outputs = 4, .positions = 100, .channels = 8}});
  CHECK(program_bounds(chip, program).lower == Cycles(400 + 11));
  for (int i = 0; i < 4; ++i) program.add({.work = Vector{.elements = 8}});
  CHECK(program_bounds(chip, program).lower == Cycles(400 + 11));
  chip.control.issue_cycles = 60;
  CHECK(program_bounds(chip, program).lower == Cycles(8 * 60 + 2 + 11));
}

/// A chip of every mechanism, drawn from the seed.
ChipSpec random_chip(std::uint64_t seed) {
  std::mt19937_64 random(seed * 77 + 5);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  ChipSpec chip = test::small_chip();
  chip.cores = pick(1, 2);
  chip.control = {.order = pick(0, 1) ? IssueOrder::kInOrder : IssueOrder::kReadyFirst,
                  .issue_cycles = pick(0, 6),
                  .issue_latency_cycles = pick(0, 5),
                  .layer_setup_cycles = pick(0, 20),
                  .completion_cycles = pick(0, 9)};
  chip.mac_array.output_latency_cycles = pick(0, 8);
  chip.mac_array.output_elements_per_cycle = static_cast<double>(pick(1, 8)) / 2;
  chip.mac_array.style = pick(0, 1) ? ArrayStyle::kSystolic : ArrayStyle::kDotProduct;
  chip.vector_unit.startup_cycles = pick(0, 4);
  chip.dma.channels = pick(1, 5);
  chip.dma.setup_cycles = pick(0, 10);
  chip.dma.outstanding = pick(1, 8);
  chip.sram.interleave_bytes = pick(0, 1) * 64;
  chip.sram.bank_bytes_per_cycle = static_cast<double>(pick(1, 16));
  MemorySpec& memory = chip.memories[0];
  memory.duplex = pick(0, 1) == 0;
  memory.bytes_per_cycle = static_cast<double>(pick(3, 40)) / 3;
  memory.latency_cycles = static_cast<double>(pick(0, 60));
  memory.write_latency_cycles = static_cast<double>(pick(0, 30));
  memory.request_every_cycles = static_cast<double>(pick(0, 3));
  memory.outstanding = pick(0, 1) * pick(1, 6);
  if (pick(0, 1)) {
    memory.kind = MemoryKind::kBanked;
    memory.banks = pick(1, 8);
    memory.row_bytes = 128;
    memory.row_miss_cycles = static_cast<double>(pick(0, 40));
    memory.turnaround_cycles = static_cast<double>(pick(0, 10));
    memory.refresh_interval_cycles = 1000;
    memory.refresh_cycles = static_cast<double>(pick(0, 200));
  }
  if (pick(0, 1)) {
    chip.memories.push_back({.name = "flash", .bytes_per_cycle = 2.5, .latency_cycles = 33});
  }
  return chip;
}

TEST_CASE(
    "random programs on random chips take no less than the lower and no more than the upper "
    "bound") {
  double tightest_lower = 0, tightest_upper = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    const ChipSpec chip = random_chip(seed);
    const Program program = test::RandomProgram(seed, {.commands = 5 + static_cast<int>(seed % 90),
                                                       .cores = static_cast<int>(chip.cores),
                                                       .area = seed % 2 ? 2048 : 16384})
                                .make(chip);
    const ProgramBounds bounds = program_bounds(chip, program);
    const Cycles total = simulate(chip, program).total;
    CHECK(bounds.lower <= total);
    CHECK(total <= bounds.upper);
    const auto ratio = [](Cycles a, Cycles b) {
      return static_cast<double>(a.value) / static_cast<double>(b.value);
    };
    tightest_lower = std::max(tightest_lower, ratio(bounds.lower, total));
    tightest_upper = std::max(tightest_upper, ratio(total, bounds.upper));
  }
  CHECK(tightest_lower > 0.8);  // the bounds are not idle
  CHECK(tightest_upper > 0.4);
}

}  // namespace
}  // namespace presil
