#include "sim/cascade.h"

#include <algorithm>
#include <limits>

#include "sim/links.h"
#include "sim/placement.h"
#include "sim/tile_candidates.h"
#include "sim/walk.h"

namespace presil {

namespace {

/// How one run of groups is to work.
struct Segment {
  std::int64_t stripe_rows = 0;  ///< 0: one group, whole
  double cost = std::numeric_limits<double>::infinity();
};

class CascadeFormer {
 public:
  CascadeFormer(const ChipSpec& chip, const FusedNetwork& network, int memory)
      : chip_(chip),
        network_(network),
        memory_(memory),
        links_(network),
        memories_(choose_memories(chip, network)),
        resident_(choose_residents(chip, network, memories_)),
        lives_(lifetimes(network)) {}

  FusedNetwork form(std::int64_t capacity) {
    capacity_ = capacity;
    FusedNetwork result = network_;
    result.groups.clear();
    const std::size_t count = network_.groups.size();
    for (std::size_t begin = 0; begin < count;) {
      std::size_t end = begin + 1;
      while (end < count && links_.why_not(end - 1, end).empty()) ++end;
      partition(begin, end, result);
      begin = end;
    }
    return result;
  }

 private:
  bool counts(std::size_t s) const { return memories_[s] == memory_ && !resident_[s]; }

  /// Storages that are alive somewhere in [begin, end), whole, but for what the run hands on.
  std::int64_t outside(std::size_t begin, std::size_t end) const {
    std::vector<bool> inner(network_.storages.size(), false);
    for (std::size_t g = begin; g + 1 < end; ++g)
      inner[links_.storage(network_.groups[g].stages[0].output)] = true;
    const Lifetime here{static_cast<int>(begin), static_cast<int>(end) - 1};
    std::int64_t bytes = 0;
    for (std::size_t s = 0; s < lives_.size(); ++s)
      if (counts(s) && !inner[s] && lives_[s].first <= lives_[s].last && lives_[s].meets(here))
        bytes += round_up(network_.storages[s].map.bytes(), chip_.dma.burst_bytes);
    return bytes;
  }

  std::int64_t rings(const FusionGroup& run, std::int64_t stripe_rows) const {
    const std::vector<std::int64_t> rows = chain_ring_rows(run, stripe_rows);
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i + 1 < run.stages.size(); ++i)
      if (counts(links_.storage(run.stages[i].output)))
        bytes += round_up(rows[i] * run.stages[i].out.row_bytes(), chip_.dma.burst_bytes);
    return bytes;
  }

  /// Cycles that the weights' port is busy, and what each run of a stage over few rows costs
  /// beside.
  double cost_of(const FusionGroup& run, double stripes) const {
    constexpr double kSwitch = 200;  // fill and drain of a layer's pipeline; a choice
    double bytes = 0;
    for (const Stage& stage : run.stages)
      if (stage.kind == StageKind::kMac)
        bytes += static_cast<double>(stage.weight_bytes(stage.out.channels, stage.reduction));
    const auto& port =
        chip_.memories[static_cast<std::size_t>(chip_.memory_index(chip_.placement.weights))];
    return stripes * (bytes * chip_.weight_compression / port.bytes_per_cycle +
                      kSwitch * static_cast<double>(run.stages.size()));
  }

  /// What does not fit costs more than anything that does.
  double overflow_cost(std::int64_t bytes) const {
    constexpr double kNever = 1e9;
    return bytes <= capacity_ ? 0 : kNever * (1 + static_cast<double>(bytes - capacity_));
  }

  Segment best_segment(std::size_t begin, std::size_t end) const {
    const std::int64_t around = outside(begin, end);
    const FusionGroup run = links_.merged(begin, end);
    if (end - begin == 1) return {.cost = overflow_cost(around) + cost_of(run, 1)};
    const std::int64_t rows = run.stages.back().out.rows;
    Segment best;
    for (const std::int64_t stripe : tile_sizes(rows, 1)) {
      if (stripe == rows) continue;  // whole layers hand on whole tensors
      const double stripes = static_cast<double>(ceil_div(rows, stripe));
      const double cost = overflow_cost(around + rings(run, stripe)) + cost_of(run, stripes);
      if (cost < best.cost) best = {.stripe_rows = stripe, .cost = cost};
    }
    return best;
  }

  /// The cheapest cut of a run, by dynamic programming from the left. An overflow anywhere counts
  /// by the most that there is, so it is carried as a maximum.
  void partition(std::size_t begin, std::size_t end, FusedNetwork& result) const {
    const std::size_t n = end - begin;
    std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
    std::vector<std::size_t> from(n + 1, 0);
    std::vector<Segment> taken(n + 1);
    best[0] = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j <= std::min(n, i + kLongestCascade); ++j) {
        const Segment segment = best_segment(begin + i, begin + j);
        if (best[i] + segment.cost < best[j]) {
          best[j] = best[i] + segment.cost;
          from[j] = i;
          taken[j] = segment;
        }
      }
    std::vector<std::size_t> cuts;
    for (std::size_t j = n; j > 0; j = from[j]) cuts.push_back(j);
    for (auto j = cuts.rbegin(); j != cuts.rend(); ++j)
      append(begin + from[*j], begin + *j, taken[*j].stripe_rows, result);
  }

  void append(std::size_t begin, std::size_t end, std::int64_t stripe_rows,
              FusedNetwork& result) const {
    if (end - begin == 1) {
      result.groups.push_back(network_.groups[begin]);
      return;
    }
    FusionGroup group = links_.merged(begin, end);
    group.stripe_rows = stripe_rows;
    const std::vector<std::int64_t> rows = chain_ring_rows(group, stripe_rows);
    for (std::size_t i = 0; i + 1 < group.stages.size(); ++i)
      result.storages[links_.storage(group.stages[i].output)].ring_rows = rows[i];
    result.groups.push_back(std::move(group));
  }

  const ChipSpec& chip_;
  const FusedNetwork& network_;
  const int memory_;
  Links links_;
  std::vector<int> memories_;
  std::vector<bool> resident_;
  std::vector<Lifetime> lives_;
  std::int64_t capacity_ = 0;
};

}  // namespace

std::int64_t memory_peak(const ChipSpec& chip, const FusedNetwork& network, int memory) {
  const std::vector<int> memories = choose_memories(chip, network);
  const std::vector<bool> resident = choose_residents(chip, network, memories);
  const std::vector<Lifetime> lives = lifetimes(network);
  std::vector<PlacedItem> items;
  for (std::size_t s = 0; s < network.storages.size(); ++s)
    if (memories[s] == memory && !resident[s] && lives[s].last >= lives[s].first)
      items.push_back({network.storages[s].bytes(), lives[s]});
  std::int64_t peak = 0;
  place_items(items, chip.dma.burst_bytes, &peak);
  return peak;
}

FusedNetwork form_cascades(const ChipSpec& chip, const FusedNetwork& network) {
  const int memory = chip.memory_index(chip.placement.spill);
  const auto capacity =
      static_cast<std::int64_t>(chip.memories[static_cast<std::size_t>(memory)].kib * 1024);
  if (capacity == 0 || chip.cores > 1) return network;
  std::int64_t least = memory_peak(chip, network, memory);
  if (least <= capacity) return network;
  // Holes between what lives at different times: what did not fit is cut for less room.
  FusedNetwork best = network;
  CascadeFormer former(chip, network, memory);
  for (const double share : {1.0, 0.96, 0.92, 0.88, 0.8, 0.7}) {
    FusedNetwork cut =
        former.form(static_cast<std::int64_t>(share * static_cast<double>(capacity)));
    const std::int64_t peak = memory_peak(chip, cut, memory);
    if (peak < least) least = peak, best = std::move(cut);
    if (least <= capacity) break;
  }
  return best;
}

}  // namespace presil
