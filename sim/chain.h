#pragma once
// Depth-first groups: which neighbouring groups run together in stripes.

#include <functional>
#include <optional>

#include "sim/memory_plan.h"

namespace presil {

/// Do the stages of a group hand their output to the next one within SRAM?
bool is_chain(const FusionGroup& group);

/// Cycles of a group, single or a chain, in its surroundings; empty if it cannot run there.
using GroupPrice = std::function<std::optional<double>(const Surroundings&, const FusionGroup&)>;

/// What the compiler goes by: mappings that `tiler` finds, on its clock.
GroupPrice tiler_price(Tiler& tiler);

/// Merges runs of groups whose inner tensors would have to go to a memory (an inverted bottleneck's
/// expanded tensor), wherever the stripes have a lower price than the layers one by one. At most
/// kLongestChain stages. Deterministic.
///
/// Pinned chains are formed as they are and no others. Where nothing is said, a group that is
/// pinned by name stays alone, and a tensor of pinned residency is inside of no chain. Throws Error
/// for a pinned chain whose groups cannot hand rows on.
FusedNetwork form_chains(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
                         const GroupPrice& price, const PlanOptions& options);
inline constexpr std::size_t kLongestChain = 4;

}  // namespace presil
