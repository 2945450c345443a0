#pragma once
// Addresses in the memories for what is not in SRAM. Part of the memory plan (sim/memory_plan.h).

#include <vector>

#include "sim/memory_plan.h"

namespace presil {

/// Fills in MemoryPlan::memory_address. What does not fit a memory of limited size goes to the
/// spill one (MemoryPlan::memory). Throws Error naming the layer and the tensor, and what would do,
/// if it does not fit that one either.
void place_in_memories(const ChipSpec& chip, const FusedNetwork& network, const Graph& graph,
                       const std::vector<Lifetime>& lives, MemoryPlan& plan);

}  // namespace presil
