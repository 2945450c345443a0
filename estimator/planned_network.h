#pragma once
// A network as the compiler's planner leaves it before any tile is chosen: groups in schedule
// order, what stays in SRAM, and the room that each group has. What the estimator looks at.

#include <vector>

#include "sim/compile.h"

namespace presil {

struct PlannedNetwork {
  FusedNetwork network;
  std::vector<bool> resident;      ///< of each storage: in SRAM for its whole lifetime
  std::vector<int> memory;         ///< of each storage: the memory that holds the others
  std::vector<std::int64_t> room;  ///< of each group: SRAM bytes for its buffers, one core
  std::vector<bool> weights_stay;  ///< of each group, in steady state
  int weight_memory = 0;           ///< index in ChipSpec::memories

  Surroundings around(const ChipSpec& chip, std::size_t group) const {
    return {chip, network, resident, memory, room[group], weights_stay[group]};
  }
};

/// What the compiler decided, its tiles left out. `room` is the SRAM beside what is resident (and
/// kept weights), whatever fragmentation took of it.
PlannedNetwork planned(const ChipSpec& chip, const CompiledNetwork& compiled);

}  // namespace presil
