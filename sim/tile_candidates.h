#pragma once
// The coarse grid of mappings that the search (sim/tiler.h) looks at.

#include <cstdint>
#include <vector>

#include "sim/mapping.h"

namespace presil {

/// Sizes that the search tries on one axis of `extent`: `step` times the powers of two, even cuts
/// into few parts (rounded up to `step`), and the whole. Ascending, each once.
std::vector<std::int64_t> tile_sizes(std::int64_t extent, std::int64_t step);

/// The grid of one stage: every mapping that the search considers and that is legal.
std::vector<StageMapping> stage_candidates(const Surroundings& around, const FusionGroup& group,
                                           std::size_t stage, CoreSplit split);

/// How a group's work may be shared by the chip's cores; not at all is always the first.
std::vector<CoreSplit> splits_of(const ChipSpec& chip, const FusionGroup& group);

/// The whole problem as one tile, where that is legal.
StageMapping whole_stage(const Stage& stage);

/// Do feature maps cross a port, so that reads and writes meet there?
bool crosses_a_port(const Surroundings& around, const Stage& stage);

/// The least SRAM that any mapping of the group needs.
std::int64_t smallest_footprint(const Surroundings& around, const FusionGroup& group);

}  // namespace presil
