#pragma once
// Steady state: which weights stay in SRAM from one inference to the next. The memory plan and the
// estimator's planner both ask here.

#include <optional>
#include <vector>

#include "sim/mapping.h"

namespace presil {

/// How much SRAM weights that stay leave to every group.
enum class Leave : std::uint8_t {
  kComfortable,  ///< room for tiles to grow
  kLittle,       ///< room for twice its smallest tiles
};

/// Of each group, whether its weights stay: those of whom `pinned` says so, and of the others, in
/// schedule order, what leaves every group its room beside the residents that live with it.
/// `pinned`: one a group; empty: not said. Nothing else stays where the SRAM keeps nothing across
/// layers.
std::vector<bool> choose_kept_weights(const ChipSpec& chip, const FusedNetwork& network,
                                      const std::vector<bool>& resident,
                                      const std::vector<int>& memory,
                                      const std::vector<std::optional<bool>>& pinned, Leave leave);

/// Does every group with weights keep them?
bool all_weights_stay(const FusedNetwork& network, const std::vector<bool>& weights_stay);

}  // namespace presil
