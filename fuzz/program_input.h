#pragma once
// Programs made of a fuzzer's bytes: any commands with any dependencies, over a small SRAM and a
// small part of a memory, so that they meet often. Bytes that are missing are zeros.

#include <cstddef>
#include <cstdint>
#include <span>

#include "hw/program.h"

namespace presil::fuzz {

inline constexpr std::int64_t kSramBytes = 256;
inline constexpr std::size_t kMostCommands = 12;

class ProgramInput {
 public:
  ProgramInput(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  Program program() {
    Program program;
    program.group_names = {"a", "b"};
    while (at_ < bytes_.size() && program.commands.size() < kMostCommands)
      program.commands.push_back(command(program.commands.size()));
    return program;
  }

 private:
  std::int64_t next() { return at_ < bytes_.size() ? bytes_[at_++] : 0; }
  std::int64_t below(std::int64_t limit) { return next() % limit; }

  Command command(std::size_t id) {
    Command command{.work = work()};
    command.core = static_cast<int>(below(8) == 0 ? below(3) : 0);
    command.group = id < kMostCommands / 2 ? 0 : 1;
    // One bit a command before this one; now and then one that does not exist.
    const std::int64_t bits = next() | next() << 8;
    for (std::size_t d = 0; d < id; ++d)
      if (bits >> d & 1) command.dependencies.push_back(static_cast<CommandId>(d));
    if (below(64) == 1) command.dependencies.push_back(static_cast<CommandId>(next() - 8));
    return command;
  }

  Work work() {
    switch (below(5)) {
      case 0:
        return Load{transfer(below(2) == 0 ? Traffic::kInput : Traffic::kWeights)};
      case 1:
        return Store{transfer(static_cast<Traffic>(below(kTrafficCount)))};
      case 2:
        return Matrix{.op = below(2) == 0 ? MacOp::kDense : MacOp::kDepthwise,
                      .mode = static_cast<int>(below(16) == 0),
                      .outputs = below(8),
                      .positions = 1 + below(8),
                      .channels = 1 + below(8),
                      .input = region(),
                      .weights = region(),
                      .output = region(),
                      .drained_per_position = below(8)};
      case 3:
        return Vector{
            .elements = next(), .input = region(), .operand = region(), .output = region()};
      default:
        return Host{Cycles(next())};
    }
  }

  /// Mostly inside the SRAM; a byte of 255 makes an extent that no chip has.
  std::int64_t extent(std::int64_t limit) {
    const std::int64_t byte = next();
    return byte == 255 ? std::int64_t{1} << below(63) : byte % limit;
  }

  Region region() {
    Region region{.address = extent(kSramBytes), .run_bytes = extent(32)};
    if (below(3) == 0) {
      region.runs = 1 + below(4);
      region.stride = region.run_bytes + below(8);
    }
    return region;
  }

  Transfer transfer(Traffic traffic) {
    Transfer t{.memory = static_cast<int>(below(32) == 1),
               .memory_address = extent(kSramBytes),
               .sram_address = extent(kSramBytes),
               .run_bytes = 1 + extent(32),
               .traffic = traffic};
    if (below(2) == 0)
      for (TransferDim& dim : t.dims)
        dim = {.count = 1 + below(3), .memory_stride = extent(64), .sram_stride = extent(64)};
    if (below(4) == 0) t.stored_ratio = 0.5;
    return t;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace presil::fuzz
