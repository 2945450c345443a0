#pragma once
// Where everything lies: which activations stay in SRAM, which memory holds the others, and the
// address of every storage, buffer and weight.

#include <cstdint>
#include <vector>

#include "sim/fuse.h"
#include "sim/mapping.h"
#include "sim/pins.h"
#include "sim/tiler.h"

namespace presil {

/// Groups [first, last] of the schedule in which something has to be kept.
struct Lifetime {
  int first = 0, last = -1;
  bool meets(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

/// From its producer (or -1 for inputs) to its last reader (or past the end for outputs).
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

struct MemoryPlan {
  std::vector<bool> resident;                ///< of each storage: in SRAM for its whole lifetime
  std::vector<int> memory;                   ///< of each storage: the memory that holds the others
  std::vector<std::int64_t> sram_address;    ///< of each resident storage
  std::vector<std::int64_t> memory_address;  ///< of each other storage
  std::vector<Mapping> mappings;             ///< of each group
  std::vector<std::vector<std::int64_t>> buffer_address;  ///< of each group's buffers_of()
  std::vector<std::int64_t> room;                         ///< SRAM of each group for its buffers
  bool steady = false;                     ///< weights that fit stay between inferences
  std::vector<bool> weights_stay;          ///< of each group, in steady state
  std::vector<std::int64_t> kept_weights;  ///< SRAM address of each group's weights that stay
  std::int64_t peak_sram_bytes = 0;        ///< most bytes in use at once
  std::vector<std::int64_t> sram_in_use;   ///< of each group

  Surroundings around(const ChipSpec& chip, const FusedNetwork& network, std::size_t group) const {
    return {chip, network, resident, memory, room[group], weights_stay[group]};
  }
};

/// Which storages are worth keeping in SRAM while leaving every group room to work: short-lived
/// ones first. Nothing on chips of several cores, which share activations through memory.
std::vector<bool> choose_residents(const ChipSpec& chip, const FusedNetwork& network,
                                   const std::vector<int>& memory);
/// The memory of each storage by its role.
std::vector<int> choose_memories(const ChipSpec& chip, const FusedNetwork& network);

struct PlanOptions {
  bool steady = false;                    ///< weights that fit stay between inferences
  std::map<std::string, Mapping> pinned;  ///< by group name; kWhole for whole extents
  Pins pins;                              ///< whatever else is pinned
};

/// Residency, mappings and addresses of a network. Throws Error naming the tensor or layer, and the
/// least SRAM or memory that would do, when something cannot fit; and for an illegal pin. Residents
/// that the compiler chose go before a pinned mapping or resident does.
MemoryPlan plan_memory(const ChipSpec& chip, const FusedNetwork& network, Tiler& tiler,
                       const PlanOptions& options, const Graph& graph);

/// No two things that live at the same time overlap, all addresses are inside, every mapping is
/// legal. Throws InternalError naming the group.
void check_memory_plan(const ChipSpec& chip, const FusedNetwork& network, const MemoryPlan& plan);

}  // namespace presil
