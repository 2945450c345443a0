#pragma once
// The coarse grid of mappings that the search (sim/tiler.h) looks at.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/mapping.h"
#include "sim/tiles.h"

namespace presil {

/// Sizes that the search tries on one axis of `extent`: `step` times the powers of two, even cuts
/// into few parts (rounded up to `step`), and the whole. Ascending, each once.
std::vector<std::int64_t> tile_sizes(std::int64_t extent, std::int64_t step);

/// The grid of one stage: every mapping that the search considers and that is legal.
std::vector<StageMapping> stage_candidates(const Surroundings& around, const FusionGroup& group,
                                           std::size_t stage, CoreSplit split);

/// The sizes that a search tries on each axis of a stage, ascending, and its buffer choices.
struct TileAxes {
  std::vector<std::int64_t> rows, columns, outputs, channels;
  std::vector<std::int64_t> fine_outputs, fine_channels;  ///< for neighbours: every multiple too
  std::vector<std::array<int, 3>> slots;                  ///< {input, weight, output}
};
TileAxes tile_axes(const Surroundings& around, const Stage& stage, CoreSplit split);

/// Mappings that differ from `m` in one choice, by a step on an axis, or in two that keep the
/// tile's size. Not all of them are legal.
std::vector<StageMapping> neighbours(const TileAxes& axes, const StageMapping& m);

/// The numbers of weight slots, deepest first, that may replace a streaming mapping's, so that
/// weights come early: all tiles, or as many as fit the room. None when they do not stream.
std::vector<int> prefetch_depths(const Surroundings& around, const FusionGroup& group,
                                 const Mapping& mapping);

/// How a group's work may be shared by the chip's cores; not at all is always the first.
std::vector<CoreSplit> splits_of(const ChipSpec& chip, const FusionGroup& group);

/// `m` with held weights if it has a slot for every tile of them anyway: the same mapping.
StageMapping without_spare_slots(const Stage& stage, const Part& part, StageMapping m);

/// The whole problem as one tile, where that is legal.
StageMapping whole_stage(const Stage& stage);

/// Do feature maps cross a port, so that reads and writes meet there?
bool crosses_a_port(const Surroundings& around, const Stage& stage);

/// The least SRAM that any mapping of the group needs.
std::int64_t smallest_footprint(const Surroundings& around, const FusionGroup& group);

}  // namespace presil
