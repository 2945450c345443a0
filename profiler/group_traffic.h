#pragma once
// Bytes over the memories' ports by fusion group and reason.

#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "sim/run.h"

namespace presil {

/// By Traffic; each adds up to the group's GroupResult::memory_read and memory_written.
struct GroupTraffic {
  std::array<std::int64_t, kTrafficCount> read{}, written{};
  std::vector<std::int64_t>
      memories;  ///< the same bytes by port, in the order of ChipSpec::memories

  /// Read and written for one reason.
  std::int64_t of(Traffic reason) const {
    return read[static_cast<std::size_t>(reason)] + written[static_cast<std::size_t>(reason)];
  }
  std::int64_t total() const {
    return std::accumulate(memories.begin(), memories.end(), std::int64_t{0});
  }
};

/// Of every group of `run.groups`; nothing for the host link.
std::vector<GroupTraffic> traffic_of_groups(const RunResult& run);

}  // namespace presil
