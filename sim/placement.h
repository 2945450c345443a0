#pragma once
// What lives when, what of it is worth SRAM, which memory holds the rest, and addresses for things
// that live at the same time. sim/memory_plan.h makes the plan of it.

#include <cstdint>
#include <vector>

#include "sim/fuse.h"
#include "sim/mapping.h"

namespace presil {

/// Bytes that something takes in SRAM.
inline std::int64_t aligned(std::int64_t bytes) { return round_up(bytes, kBufferAlignment); }

/// SRAM that a group should at least find, so that it can work in double-buffered tiles; `smallest`
/// is its smallest_footprint().
std::int64_t comfortable(const ChipSpec& chip, std::int64_t smallest);

/// SRAM that all weights and constants of a group take where they stay between inferences.
std::int64_t weight_total(const FusionGroup& group);
/// Of one stage.
std::int64_t weight_total_of(const Stage& stage);

/// Groups [first, last] of the schedule in which something has to be kept.
struct Lifetime {
  int first = 0, last = -1;
  bool meets(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

/// From its producer (or -1 for inputs and constants) to its last reader; past the end for outputs,
/// and where the network runs again for what it reads from the start.
std::vector<Lifetime> lifetimes(const FusedNetwork& network);

/// Puts items that live at the same time at different addresses: largest first, each at the lowest
/// address that is free (as TFLite's greedy-by-size planner). Returns the addresses; `peak` the
/// bytes used.
struct PlacedItem {
  std::int64_t bytes = 0;
  Lifetime life;
};
std::vector<std::int64_t> place_items(const std::vector<PlacedItem>& items, std::int64_t alignment,
                                      std::int64_t* peak);

/// Which storages are worth keeping in SRAM while leaving every group room to work: short-lived
/// ones first. Nothing on chips of several cores, which share activations through memory, or
/// whose SRAM keeps nothing across layers.
std::vector<bool> choose_residents(const ChipSpec& chip, const FusedNetwork& network,
                                   const std::vector<int>& memory);
/// SRAM of one core beside the residents that live, and the weights that stay, while each group
/// runs; at least 0.
std::vector<std::int64_t> free_sram(const ChipSpec& chip, const FusedNetwork& network,
                                    const std::vector<bool>& resident,
                                    const std::vector<bool>& weights_stay);
/// The memory of each storage by its role.
std::vector<int> choose_memories(const ChipSpec& chip, const FusedNetwork& network);

}  // namespace presil
