#include "hw/energy.h"

#include <doctest/doctest.h>

#include "hw/group_windows.h"
#include "hw/simulate.h"
#include "tests/hw/random_program.h"

namespace presil {
namespace {

ChipSpec metered_chip() {
  ChipSpec chip = test::small_chip();
  chip.clock_mhz = 500;
  chip.mac_array.modes.push_back({.weights = Precision::kInt8,
                                  .activations = Precision::kInt16,
                                  .parallelism_factor = 4,
                                  .dot_length = 8});
  chip.energy.mac = {{"int8", 0.5}, {"int16", 2}};
  chip.energy.sram_byte = 0.25;
  chip.energy.memory_byte = {{"dram", 10}};
  chip.energy.vector_op = 3;
  chip.energy.control_command = 7;
  chip.energy.idle_mw = 4;
  return chip;
}

TEST_CASE("every part of the energy is its count times its price") {
  Program program{.group_names = {"test"}};
  program.add({.work = Load{{.run_bytes = 100, .stored_ratio = 0.5}}});
  program.add({.work = Matrix{.mode = 1,
                              .outputs = 4,
                              .positions = 16,
                              .channels = 8,
                              .input = {.run_bytes = 100},
                              .output = {.address = 512, .run_bytes = 64},
                              .drained_per_position = 4,
                              .epilogue_cycles_per_element = 2},
               .dependencies = {0}});
  program.add({.work = Vector{.elements = 50,
                              .cycles_per_element = 1.5,
                              .input = {.address = 512, .run_bytes = 50},
                              .output = {.address = 1024, .run_bytes = 50}},
               .dependencies = {1}});
  const ChipSpec chip = metered_chip();
  const Timeline timeline = simulate(chip, program);
  const Energy energy = energy_of(chip, program, timeline);
  CHECK(energy.total.mac.value == doctest::Approx(4 * 16 * 8 * 2));  // the wider operand: int16
  // Load 100; activations 16 x 8 of two bytes, results 64; vector 50 in and 50 out.
  CHECK(energy.total.sram.value == doctest::Approx((100 + 256 + 64 + 100) * 0.25));
  CHECK(energy.total.memories[0].value == doctest::Approx(50 * 10));  // as stored
  CHECK(energy.total.vector.value == doctest::Approx((64 * 2 + 50 * 1.5) * 3));
  CHECK(energy.total.control.value == doctest::Approx(3 * 7));
  // 4 mW over cycles of 2 ns: 8 pJ each.
  CHECK(energy.total.idle.value == doctest::Approx(static_cast<double>(timeline.total.value) * 8));
  CHECK(energy.total.total().value ==
        doctest::Approx(1024 + 130 + 500 + 609 + 21 +
                        8.0 * static_cast<double>(timeline.total.value)));
}

TEST_CASE("a group's window ends when it and all before it are done") {
  ChipSpec chip = metered_chip();
  chip.control.completion_cycles = 9;
  Program program{.group_names = {"a", "b", "none", "c"}};
  program.add({.work = Host{Cycles(100)}, .group = 0});
  program.add({.work = Vector{.elements = 80}, .group = 1});  // done at 10, before group 0
  program.add({.work = Vector{.elements = 400}, .group = 3, .dependencies = {0}});
  const Timeline timeline = simulate(chip, program);
  const std::vector<GroupWindow> windows = group_windows(program, timeline);
  CHECK(windows[0].begin == 0);
  CHECK(windows[0].end == 100);
  CHECK(windows[1].length() == 0);
  CHECK(windows[2].length() == 0);
  CHECK(windows[3].begin == 100);
  CHECK(windows[3].end == 100 + 50 + 9);
  CHECK(energy_of(chip, program, timeline).groups[3].idle.value == doctest::Approx(59 * 8));
}

TEST_CASE("groups' energies add up to the whole, part by part") {
  const ChipSpec chip = metered_chip();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Program program = test::RandomProgram(seed).make(chip);
    const Energy energy = energy_of(chip, program, simulate(chip, program));
    double mac = 0, sum = 0;
    for (const EnergyParts& group : energy.groups) {
      mac += group.mac.value;
      sum += group.total().value;
    }
    CHECK(mac == doctest::Approx(energy.total.mac.value));
    CHECK(sum == doctest::Approx(energy.total.total().value));
    CHECK(energy.total.total().value > 0);
  }
}

}  // namespace
}  // namespace presil
