#pragma once
// What the terms and the own feature columns of a group depend on, as words to compare: two groups
// on one chip with equal keys have equal terms (estimator/group_terms.h) and equal columns of
// ColumnOf::kGroup, in whatever networks they are.

#include <cstdint>
#include <vector>

#include "estimator/planned_network.h"

namespace presil {

/// Shapes, precisions, work and costs of its stages; the room, and which of its tensors are in SRAM
/// or in which memory. Neither names nor which tensors of the network they are. Whoever lets terms
/// or columns look at something else adds it here; a test compares them over networks and chips.
void append_key(std::vector<std::uint64_t>& key, const ChipSpec& chip,
                const PlannedNetwork& network, std::size_t group);

}  // namespace presil
