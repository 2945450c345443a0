#pragma once
// Where everything lies: which activations stay in SRAM, which memory holds the others, and the
// address of every storage, buffer and weight.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "sim/fuse.h"
#include "sim/mapping.h"
#include "sim/pins.h"
#include "sim/placement.h"
#include "sim/tiler.h"

namespace presil {

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

struct PlanOptions {
  bool steady = false;                    ///< weights that fit stay between inferences
  std::map<std::string, Mapping> pinned;  ///< by group name; kWhole for whole extents
  Pins pins;                              ///< whatever else is pinned
};

/// A chain that finds no room when its turn comes, whatever else leaves the SRAM. Its layers one by
/// one may: `group` is the name of the chain to take apart.
class ChainDoesNotFit : public Error {
 public:
  ChainDoesNotFit(std::string chain, const std::string& message)
      : Error(message), group(std::move(chain)) {}
  std::string group;
};

/// Residency, mappings and addresses of a network. Throws Error naming the tensor or layer, and the
/// least SRAM or memory that would do, when something cannot fit (ChainDoesNotFit for a chain); and
/// for an illegal pin. Residents that the compiler chose go before a pinned mapping or resident
/// does.
MemoryPlan plan_memory(const ChipSpec& chip, const FusedNetwork& network, Tiler& tiler,
                       const PlanOptions& options, const Graph& graph);

/// No two things that live at the same time overlap, all addresses are inside, every mapping is
/// legal. Throws InternalError naming the group.
void check_memory_plan(const ChipSpec& chip, const FusedNetwork& network, const MemoryPlan& plan);

}  // namespace presil
