#pragma once
// Random well-formed Programs, from a seed: transfers, matrices, vectors and host work over a small
// SRAM and a small part of a memory, so that commands meet often.

#include <random>

#include "hw/hazards.h"
#include "hw/program.h"
#include "tests/hw/test_chips.h"

namespace presil::test {

struct RandomProgramOptions {
  int commands = 40;
  int cores = 1;
  int groups = 3;
  std::int64_t area = 2048;  ///< bytes of SRAM and of each memory's activations that are used
  std::int64_t max_run = 300;
};

class RandomProgram {
 public:
  explicit RandomProgram(std::uint64_t seed, RandomProgramOptions options = {})
      : random_(seed), options_(options) {}

  /// Dependencies as the HazardTracker gives them.
  Program make(const ChipSpec& chip) {
    Program program;
    for (int g = 0; g < options_.groups; ++g)
      program.group_names.push_back("group " + std::to_string(g));
    HazardTracker tracker;
    for (int i = 0; i < options_.commands; ++i) {
      Command command = random_command(chip);
      command.group = i * options_.groups / options_.commands;
      command.dependencies = tracker.dependencies_of(command);
      program.add(std::move(command));
    }
    return program;
  }

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  Region region() {
    Region region{.run_bytes = pick(1, options_.max_run)};
    if (pick(0, 2) == 0) {
      region.run_bytes = pick(1, 32);
      region.runs = pick(1, 6);
      region.stride = region.run_bytes + 8 * pick(0, 4);
    }
    const std::int64_t extent = (region.runs - 1) * region.stride + region.run_bytes;
    region.address = pick(0, std::max<std::int64_t>(0, options_.area - extent));
    return region;
  }

  Transfer transfer(const ChipSpec& chip, Traffic traffic) {
    Transfer t{.memory = static_cast<int>(pick(0, static_cast<int>(chip.memories.size()) - 1)),
               .run_bytes = pick(1, options_.max_run),
               .traffic = traffic};
    if (pick(0, 1) == 0) {
      t.run_bytes = pick(1, 32);
      t.dims[0] = {.count = pick(1, 3), .memory_stride = 256, .sram_stride = 128};
      t.dims[1] = {.count = pick(1, 4),
                   .memory_stride = t.run_bytes + pick(0, 32),
                   .sram_stride = t.run_bytes + pick(0, 1) * 8};
    }
    if (pick(0, 4) == 0) t.stored_ratio = 0.6;
    if (pick(0, 4) == 0) t.beat_cycles = 0.5 * static_cast<double>(pick(0, 6));
    t.memory_address = pick(0, options_.area) + (traffic == Traffic::kWeights ? 1 << 20 : 0);
    t.sram_address = pick(0, options_.area - 900);
    return t;
  }

  Command random_command(const ChipSpec& chip) {
    Command command{.work = Host{Cycles(pick(0, 60))},
                    .core = static_cast<int>(pick(0, options_.cores - 1))};
    switch (pick(0, 9)) {
      case 0:
      case 1:
        command.work = Load{transfer(chip, Traffic::kInput)};
        break;
      case 2:
        command.work = Load{transfer(chip, Traffic::kWeights)};
        break;
      case 3:
      case 4:
        command.work = Store{transfer(chip, pick(0, 1) ? Traffic::kOutput : Traffic::kSpill)};
        break;
      case 5:
      case 6:
      case 7: {
        Matrix matrix{.outputs = pick(1, 12),
                      .positions = pick(1, 50),
                      .channels = pick(1, 20),
                      .taps = pick(1, 4),
                      .input = region(),
                      .weights = region(),
                      .output = region()};
        if (pick(0, 3) == 0) matrix.op = MacOp::kDepthwise;
        if (pick(0, 3) == 0) matrix.operand = region();
        if (pick(0, 4) > 0) matrix.drained_per_position = matrix.outputs;
        if (pick(0, 3) == 0) matrix.epilogue_cycles_per_element = 4;
        command.work = matrix;
        break;
      }
      case 8: {
        Vector vector{.elements = pick(1, 500),
                      .element_bits = pick(0, 1) ? 8 : 16,
                      .cycles_per_element = 1.5,
                      .input = region(),
                      .output = region()};
        if (pick(0, 3) == 0) vector.operand = region();
        if (pick(0, 3) == 0) vector.output = vector.input;
        command.work = vector;
        break;
      }
      default:
        break;
    }
    return command;
  }

  std::mt19937_64 random_;
  RandomProgramOptions options_;
};

}  // namespace presil::test
