#include "sim/tile_search.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/replay.h"
#include "sim/stage_estimate.h"
#include "sim/tile_candidates.h"

namespace presil {

namespace {

/// Commands and bursts that a search may replay: so many times what its first
/// mapping has, within these bounds.
constexpr std::int64_t kReplays = 40, kLeastWork = 200'000, kMostWork = 1'200'000;

/// First looks: so many of the closed form's best, a few of each tile (they
/// differ in buffers), and the best of each kind of tile that is not put far
/// behind, for at most this share of the work: the rest is for what is near the
/// best of them.
constexpr std::size_t kSeeds = 12;
constexpr int kAlike = 2;
constexpr double kKindSpread = 1.5;
constexpr double kFirstShare = 0.5;

/// A mapping this much slower than the best is not looked at to its end.
constexpr double kHopeless = 1.03;
/// A neighbour that is so much faster is where the search goes on.
constexpr double kDownhill = 0.998;
/// So near to what no mapping can beat, the search is content.
constexpr double kContent = 1.003;
/// Mappings whose neighbours are looked at without finding a better one, before
/// the search looks elsewhere; and at so many of the closed form's next then.
constexpr int kPatience = 10, kElsewhere = 8;

class TileSearch {
 public:
  TileSearch(const Surroundings& around, const FusionGroup& group, CoreSplit split)
      : around_(around),
        group_(group),
        stage_(group.stages[0]),
        split_(split),
        part_(parts_of(around.chip, stage_, split).front()),
        axes_(tile_axes(around, stage_, split)) {}

  std::optional<Choice> run() {
    rank();
    look_at_best();
    look_at_kinds();
    while (!spent() && !content() && (look_around_best() || look_elsewhere())) {
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

  static Key key_of(const StageMapping& m) {
    return {m.rows,        m.columns,      m.outputs,     m.channels, static_cast<int>(m.order),
            m.input_slots, m.weight_slots, m.output_slots};
  }

  bool spent() const { return work_ >= budget_; }
  double best_cycles() const { return found_.empty() ? 0 : found_.begin()->first.first; }
  bool content() const { return !found_.empty() && best_cycles() <= kContent * floor_; }

  void rank() {
    floor_ = 1e300;
    ComputeMemo memo;
    for (const StageMapping& m : stage_candidates(around_, group_, 0, split_)) {
      const StageEstimate estimate = estimate_stage(around_, stage_, m, split_, &memo);
      ranked_.emplace_back(estimate.cycles, m);
      floor_ = std::min(floor_, estimate.floor);
    }
    std::stable_sort(ranked_.begin(), ranked_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  void look_at_best() {
    std::size_t seeds = 0;
    for (; next_ < ranked_.size(); ++next_) {
      if (!found_.empty() && (spent() || content() || seeds >= kSeeds)) return;
      if (look_at_few_alike(ranked_[next_].second)) ++seeds;
    }
  }

  void look_at_kinds() {
    std::set<std::array<std::int64_t, 4>> kinds;
    for (const auto& [estimate, m] : ranked_) {
      if (static_cast<double>(work_) >= kFirstShare * static_cast<double>(budget_) || content() ||
          estimate > kKindSpread * ranked_.front().first)
        return;
      if (kinds.insert({m.columns, m.outputs, static_cast<int>(m.order), m.input_slots == kHeld})
              .second)
        look_at(m);
    }
  }

  /// At the neighbours of the fastest mapping whose neighbours are not known
  /// yet; false when there is none or that has led nowhere for long.
  bool look_around_best() {
    const auto next = std::find_if(found_.begin(), found_.end(),
                                   [](const auto& entry) { return !entry.second.expanded; });
    if (patience_ == 0 || next == found_.end()) return false;
    next->second.expanded = true;
    const double before = best_cycles();
    for (const StageMapping& neighbour : neighbours(axes_, next->second.mapping)) {
      if (spent() || content()) break;
      // Downhill at once; what is left here is looked at later, unless it is then hopeless.
      if (best_cycles() < kDownhill * before) {
        next->second.expanded = false;
        break;
      }
      look_at(neighbour);
    }
    patience_ = best_cycles() < before ? kPatience : patience_ - 1;
    return true;
  }

  /// At the closed form's next few; false when there are none.
  bool look_elsewhere() {
    const double before = best_cycles();
    int looks = 0;
    for (; next_ < ranked_.size() && looks < kElsewhere; ++next_)
      if (look_at_few_alike(ranked_[next_].second)) ++looks;
    patience_ = best_cycles() < before ? kPatience : 1;
    return looks > 0;
  }

  /// Unless there were some of the same tile, which differ in buffers; false
  /// then.
  bool look_at_few_alike(const StageMapping& m) {
    return ++alike_[{m.rows, m.columns, m.outputs, m.channels}] <= kAlike && look_at(m);
  }

  /// False when that was known or is not legal.
  bool look_at(const StageMapping& spare) {
    // Spare slots take room that may be missing.
    const StageMapping m = without_spare_slots(stage_, part_, spare);
    Mapping mapping{.stages = {m}, .split = split_};
    if (!looked_at_.insert(key_of(m)).second) return false;
    if (!why_illegal(around_, group_, mapping).empty()) return false;
    // As the planner will, where there is room.
    const std::vector<int> depths = prefetch_depths(around_, group_, mapping);
    if (!depths.empty()) mapping.stages[0].weight_slots = depths.front();
    const Replayed replayed = replay(
        around_, group_, mapping,
        found_.empty() ? ReplayLimits{} : ReplayLimits{kMostWork, kHopeless * best_cycles()});
    work_ += replayed.work;
    if (!replayed.price) return true;
    if (found_.empty()) budget_ = std::clamp(kReplays * replayed.work, kLeastWork, kMostWork);
    const bool twin = is_twin(*replayed.price);
    found_.insert({{replayed.price->cycles, found_.size()}, {m, *replayed.price, twin}});
    return true;
  }

  /// Is there one that does the same? Then its neighbours are known, or will
  /// be.
  bool is_twin(const Price& price) const {
    for (auto at = found_.lower_bound({price.cycles, 0});
         at != found_.end() && at->first.first == price.cycles; ++at)
      if (at->second.price.bytes == price.bytes && at->second.price.commands == price.commands)
        return true;
    return false;
  }

  /// Of what is as fast as the best within what a replay does not see, the
  /// least for memory and sequencer to do.
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
  const Part part_;
  const TileAxes axes_;
  std::vector<std::pair<double, StageMapping>> ranked_;  ///< by the closed form, best first
  std::size_t next_ = 0;                                 ///< of them, not yet looked at in turn
  std::map<std::array<std::int64_t, 4>, int> alike_;     ///< looked at in turn, of each tile
  std::set<Key> looked_at_;
  std::map<std::pair<double, std::size_t>, Found> found_;  ///< by cycles
  int patience_ = kPatience;
  std::int64_t work_ = 0, budget_ = kLeastWork;
  double floor_ = 0;  ///< cycles that no mapping of the grid can beat
};

}  // namespace

std::optional<Choice> search_tiles(const Surroundings& around, const FusionGroup& group,
                                   CoreSplit split) {
  return TileSearch(around, group, split).run();
}

}  // namespace presil
