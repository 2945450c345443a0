#pragma once
// The search for a group's mapping: every tiling and loop order of a coarse grid is judged by a
// closed form, the best few are walked on the clock, and where tensors cross a memory's port the
// best of those are simulated.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/clock.h"
#include "sim/mapping.h"
#include "sim/precision.h"
#include "sim/tile_candidates.h"

namespace presil {

struct Choice {
  Mapping mapping;
  Price price;
};

/// Finds mappings and remembers them: equal groups in equal surroundings are searched once.
/// Deterministic.
class Tiler {
 public:
  /// With a network, finalists whose inputs or outputs cross a memory's port are simulated
  /// (sim/trial.h); without one, the clock decides alone.
  Tiler() = default;
  Tiler(const Graph& graph, const PrecisionPlan& precision)
      : graph_(&graph), precision_(&precision) {}

  /// The best mapping, or empty when none is legal in the room.
  std::optional<Choice> search(const Surroundings& around, const FusionGroup& group);
  /// The same with the group's stages depth-first; empty too when the stages do not chain.
  std::optional<Choice> search_chain(const Surroundings& around, const FusionGroup& group);
  /// Tiles of each stage of a cascade for the rows that a stripe adds.
  std::optional<Choice> search_cascade(const Surroundings& around, const FusionGroup& group);

 private:
  const Graph* graph_ = nullptr;
  const PrecisionPlan* precision_ = nullptr;
  std::map<std::string, std::optional<Choice>> known_;
};

}  // namespace presil
