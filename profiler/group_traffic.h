#pragma once
// Bytes over the memories' ports by fusion group and reason.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/run.h"

namespace presil {

/// By Traffic; each adds up to the group's GroupResult::memory_read and memory_written.
struct GroupTraffic {
  std::array<std::int64_t, kTrafficCount> read{}, written{};
};

/// Of every group of `run.groups`; nothing for the host link.
std::vector<GroupTraffic> traffic_of_groups(const RunResult& run);

}  // namespace presil
