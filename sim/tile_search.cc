#include "sim/tile_search.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/replay.h"
#include "sim/stage_estimate.h"
#include "sim/tile_candidates.h"

namespace presil {

namespace {

/// Commands and bursts that a search may replay: so many times what its first mapping has, within
/// these bounds.
constexpr std::int64_t kReplays = 32, kLeastWork = 100'000, kMostWork = 1'200'000;

/// First looks: so many of the closed form's best, a few of each tile (they differ in buffers), and
/// the best of each kind of tile that is not put far behind.
constexpr std::size_t kSeeds = 12;
constexpr int kAlike = 2;
constexpr double kKindSpread = 1.5;

/// A mapping this much slower than the best is not looked at to its end.
constexpr double kHopeless = 1.1;
/// So near to what no mapping can beat, the search is content.
constexpr double kContent = 1.003;
/// Mappings whose neighbours are looked at without finding a better one.
constexpr int kPatience = 10;

class TileSearch {
 public:
  TileSearch(const Surroundings& around, const FusionGroup& group, CoreSplit split)
      : around_(around),
        group_(group),
        stage_(group.stages[0]),
        split_(split),
        axes_(tile_axes(around, stage_, split)) {}

  std::optional<Choice> run() {
    look_at_seeds();
    for (int patience = kPatience; patience > 0 && !spent() && !content();) {
      const auto next = std::find_if(found_.begin(), found_.end(),
                                     [](const auto& entry) { return !entry.second.expanded; });
      if (next == found_.end()) break;
      next->second.expanded = true;
      const double before = best_cycles();
      look_around(next->second.mapping);
      patience = best_cycles() < before ? kPatience : patience - 1;
    }
    if (found_.empty()) return {};
    return lightest_of_equals();
  }

 private:
  struct Found {
    StageMapping mapping;
    Price price;
    bool expanded = false;
  };
  using Key = std::array<std::int64_t, 8>;
  using Ranked = std::vector<std::pair<double, StageMapping>>;

  static Key key_of(const StageMapping& m) {
    return {m.rows,        m.columns,      m.outputs,     m.channels, static_cast<int>(m.order),
            m.input_slots, m.weight_slots, m.output_slots};
  }

  bool spent() const { return work_ >= budget_; }
  double best_cycles() const { return found_.empty() ? 0 : found_.begin()->first.first; }
  bool content() const { return !found_.empty() && best_cycles() <= kContent * floor_; }

  void look_at_seeds() {
    Ranked ranked;
    floor_ = 1e300;
    for (const StageMapping& m : stage_candidates(around_, group_, 0, split_)) {
      const StageEstimate estimate = estimate_stage(around_, stage_, m, split_);
      ranked.emplace_back(estimate.cycles, m);
      floor_ = std::min(floor_, estimate.floor);
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    look_at_best(ranked);
    look_at_kinds(ranked);
  }

  void look_at_best(const Ranked& ranked) {
    std::map<std::array<std::int64_t, 4>, int> alike;
    std::size_t seeds = 0;
    for (const auto& [estimate, m] : ranked) {
      if (!found_.empty() && (spent() || content() || seeds >= kSeeds)) return;
      if (++alike[{m.rows, m.columns, m.outputs, m.channels}] > kAlike) continue;
      ++seeds;
      look_at(m);
    }
  }

  void look_at_kinds(const Ranked& ranked) {
    std::map<std::array<std::int64_t, 4>, bool> kinds;
    for (const auto& [estimate, m] : ranked) {
      if (spent() || content() || estimate > kKindSpread * ranked.front().first) return;
      if (kinds
              .insert(
                  {{m.columns, m.outputs, static_cast<int>(m.order), m.input_slots == kHeld}, true})
              .second)
        look_at(m);
    }
  }

  void look_around(const StageMapping& m) {
    for (const StageMapping& neighbour : neighbours(axes_, m)) {
      if (spent() || content()) return;
      look_at(neighbour);
    }
  }

  void look_at(const StageMapping& m) {
    Mapping mapping{.stages = {m}, .split = split_};
    if (!looked_at_.insert({key_of(m), true}).second) return;
    if (!why_illegal(around_, group_, mapping).empty()) return;
    // As the planner will, where there is room.
    const std::vector<int> depths = prefetch_depths(around_, group_, mapping);
    if (!depths.empty()) mapping.stages[0].weight_slots = depths.front();
    const Replayed replayed = replay(
        around_, group_, mapping,
        found_.empty() ? ReplayLimits{} : ReplayLimits{kMostWork, kHopeless * best_cycles()});
    work_ += replayed.work;
    if (!replayed.price) return;
    if (found_.empty()) budget_ = std::clamp(kReplays * replayed.work, kLeastWork, kMostWork);
    found_.insert({{replayed.price->cycles, found_.size()}, {m, *replayed.price}});
  }

  /// Of what is as fast as the best within what a replay does not see, the least for memory and
  /// sequencer to do.
  Choice lightest_of_equals() const {
    constexpr double kSame = 1.003;
    const auto burden = [](const Found& f) {
      return f.price.bytes + 256.0 * static_cast<double>(f.price.commands);
    };
    const Found* lightest = &found_.begin()->second;
    for (const auto& [key, found] : found_)
      if (key.first <= kSame * best_cycles() && burden(found) < burden(*lightest))
        lightest = &found;
    return {{.stages = {lightest->mapping}, .split = split_}, lightest->price};
  }

  const Surroundings& around_;
  const FusionGroup& group_;
  const Stage& stage_;
  const CoreSplit split_;
  const TileAxes axes_;
  std::map<Key, bool> looked_at_;
  std::map<std::pair<double, std::size_t>, Found> found_;  ///< by cycles
  std::int64_t work_ = 0, budget_ = kLeastWork;
  double floor_ = 0;  ///< cycles that no mapping of the grid can beat
};

}  // namespace

std::optional<Choice> search_tiles(const Surroundings& around, const FusionGroup& group,
                                   CoreSplit split) {
  return TileSearch(around, group, split).run();
}

}  // namespace presil
