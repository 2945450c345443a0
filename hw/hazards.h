#pragma once
// Finds what a command must wait for, from the bytes that it and earlier commands touch. A compiler
// derives a Program's dependencies with it; check_program decides by itself, in another way.

#include <cstdint>
#include <memory>
#include <vector>

#include "hw/program.h"

namespace presil {

/// Feed it every command of a Program in order; ids are counted from 0.
///
///     command.dependencies = tracker.dependencies_of(command);
///     program.add(std::move(command));
class HazardTracker {
 public:
  HazardTracker();
  ~HazardTracker();
  HazardTracker(HazardTracker&&) noexcept;
  HazardTracker& operator=(HazardTracker&&) noexcept;

  /// Records the accesses of the command about to be appended, and gives the earlier commands it
  /// must wait for, ascending and each once: those that its `dependencies` already name, and those
  /// whose bytes it meets (read after write, write after read, write after write) in its core's
  /// SRAM and in the memories. Bytes of weights in a memory are constant and cause none. A command
  /// that another in the list directly waits for is left out, so the list has to be used as it is.
  /// About a microsecond for a typical command.
  std::vector<CommandId> dependencies_of(const Command& command);

  /// Commands recorded so far: the id that the next one will have.
  CommandId size() const;

  /// Records of earlier accesses looked at so far: the work done, near-linear in what it was fed.
  std::int64_t records_looked_at() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace presil
