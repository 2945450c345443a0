#pragma once
// The search for a group's mapping: every tiling and loop order of a coarse grid is judged by a
// closed form and the best few are walked on the clock; where feature maps cross a memory's port,
// they are replayed burst by burst, and so are the neighbours of the best (sim/tile_search.h).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/clock.h"
#include "sim/mapping.h"
#include "sim/tile_candidates.h"
#include "sim/tile_search.h"

namespace presil {

/// Finds mappings and remembers them: equal groups in equal surroundings are searched once.
/// Deterministic.
class Tiler {
 public:
  /// The best mapping, or empty when none is legal in the room.
  std::optional<Choice> search(const Surroundings& around, const FusionGroup& group);
  /// A good one, priced by the clock (sim/clock.h) as chains are: to compare them.
  std::optional<Choice> rough_search(const Surroundings& around, const FusionGroup& group);
  /// The same with the group's stages depth-first; empty too when the stages do not chain.
  std::optional<Choice> search_chain(const Surroundings& around, const FusionGroup& group);
  /// Tiles of each stage of a cascade for the rows that a stripe adds.
  std::optional<Choice> search_cascade(const Surroundings& around, const FusionGroup& group);

 private:
  enum class Effort : std::uint8_t { kRough, kFull };
  std::optional<Choice> search(const Surroundings& around, const FusionGroup& group, Effort effort);
  std::map<std::string, std::optional<Choice>> known_;
};

}  // namespace presil
