#pragma once
// The search for one stage's tiles where feature maps cross a memory's port. The closed form ranks
// the grid (sim/tile_candidates.h); the best of it, and of each kind of tile, are replayed burst by
// burst (sim/replay.h); from the fastest found so far the search goes on to its neighbours, until
// nothing near is faster, nothing could be, or the work that it may spend is spent.

#include <optional>

#include "sim/clock.h"
#include "sim/mapping.h"

namespace presil {

/// A mapping and what it costs.
struct Choice {
  Mapping mapping;
  Price price;
};

/// The best mapping of a group of one Mac or Vector stage; empty when none is legal in the room.
/// Deterministic: the work is counted, not timed.
std::optional<Choice> search_tiles(const Surroundings& around, const FusionGroup& group,
                                   CoreSplit split);

}  // namespace presil
