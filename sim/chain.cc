#include "sim/chain.h"

#include <algorithm>

namespace presil {

bool is_chain(const FusionGroup& group) {
  return group.stages.size() > 1 && group.stages[1].input == group.stages[0].output &&
         group.stages[0].kind != StageKind::kRecurrent;
}

namespace {

bool streams(const Stage& stage) {
  if (stage.kind != StageKind::kMac && stage.kind != StageKind::kVector) return false;
  if (stage.reach != Reach::kSame && stage.reach != Reach::kWindow) return false;
  return !stage.weights_are_activations && !stage.weights_per_image && stage.in_channel == 0 &&
         stage.in_row == 0;
}

class Former {
 public:
  Former(const ChipSpec& chip, const FusedNetwork& network, Tiler& tiler)
      : chip_(chip),
        network_(network),
        tiler_(tiler),
        memory_(choose_memories(chip, network)),
        resident_(choose_residents(chip, network, memory_)),
        lives_(lifetimes(network)),
        readers_(network.storages.size(), 0) {
    for (const FusionGroup& group : network.groups)
      for (const Stage& stage : group.stages) {
        ++readers_[storage(stage.input)];
        if (stage.weights_are_activations) ++readers_[storage(stage.weights)];
        for (const Operand& operand : stage.operands) ++readers_[storage(operand.tensor)];
      }
  }

  FusedNetwork form() {
    FusedNetwork result = network_;
    result.groups.clear();
    const std::size_t count = network_.groups.size();
    for (std::size_t begin = 0; begin < count;) {
      std::size_t end = begin + 1;
      while (end < count && links(end - 1, end)) ++end;
      for (FusionGroup& group : partition(begin, end)) result.groups.push_back(std::move(group));
      begin = end;
    }
    return result;
  }

 private:
  std::size_t storage(TensorId id) const {
    return static_cast<std::size_t>(
        network_.views[static_cast<std::size_t>(id)].storage);
  }

  /// May group `b` take group `a`'s output row by row, with nobody else wanting it?
  bool links(std::size_t a, std::size_t b) const {
    const FusionGroup& first = network_.groups[a];
    const FusionGroup& second = network_.groups[b];
    if (first.stages.size() != 1 || second.stages.size() != 1) return false;
    const Stage& from = first.stages[0];
    const Stage& to = second.stages[0];
    if (!streams(from) || !streams(to) || to.input != from.output || from.out_channel != 0 ||
        from.out_row != 0)
      return false;
    const std::size_t s = storage(from.output);
    const Storage& inner = network_.storages[s];
    if (readers_[s] != 1 || inner.is_output || inner.on_host || inner.root != from.output)
      return false;
    return from.out.batch == to.in.batch && from.out.rows == to.in.rows &&
           from.out.columns == to.in.columns && from.out.channels == to.in.channels &&
           std::none_of(to.operands.begin(), to.operands.end(),
                        [&](const Operand& o) { return o.tensor == from.output; });
  }

  FusionGroup merged(std::size_t begin, std::size_t end) const {
    FusionGroup group{.name = network_.groups[begin].name};
    for (std::size_t g = begin; g < end; ++g) {
      if (g > begin) group.name += "+" + network_.groups[g].name;
      group.stages.push_back(network_.groups[g].stages[0]);
    }
    return group;
  }

  /// SRAM beside the residents that are alive anywhere in [begin, end).
  std::int64_t room(std::size_t begin, std::size_t end) const {
    std::int64_t least = chip_.sram_bytes();
    for (std::size_t g = begin; g < end; ++g) {
      std::int64_t free = chip_.sram_bytes();
      for (std::size_t s = 0; s < resident_.size(); ++s)
        if (resident_[s] && lives_[s].first <= static_cast<int>(g) &&
            static_cast<int>(g) <= lives_[s].last)
          free -= network_.storages[s].map.bytes();
      least = std::min(least, free);
    }
    return std::max<std::int64_t>(0, least);
  }

  std::optional<double> cost(std::size_t begin, std::size_t end) {
    const Surroundings around{chip_, network_, resident_, memory_, room(begin, end), false};
    const std::optional<Choice> choice =
        end - begin == 1 ? tiler_.search(around, network_.groups[begin])
                         : tiler_.search_chain(around, merged(begin, end));
    if (!choice) return {};
    return choice->price.cycles;
  }

  bool wants_merging(std::size_t begin, std::size_t end) const {
    for (std::size_t g = begin; g + 1 < end; ++g)
      if (!resident_[storage(network_.groups[g].stages[0].output)]) return true;
    return false;
  }

  /// The cheapest cut of a run into chains, by dynamic programming from the left.
  std::vector<FusionGroup> partition(std::size_t begin, std::size_t end) {
    constexpr double kNever = 1e300;
    const std::size_t n = end - begin;
    std::vector<double> best(n + 1, kNever);
    std::vector<std::size_t> from(n + 1, 0);
    best[0] = 0;
    if (!wants_merging(begin, end)) {
      std::vector<FusionGroup> alone;
      for (std::size_t g = begin; g < end; ++g) alone.push_back(network_.groups[g]);
      return alone;
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j <= std::min(n, i + kLongestChain); ++j) {
        if (j - i > 1 && !wants_merging(begin + i, begin + j)) continue;
        // A single layer that fits nowhere is reported by the planner, not here.
        const double c = cost(begin + i, begin + j).value_or(j - i == 1 ? 1e18 : kNever);
        if (best[i] + c < best[j]) {
          best[j] = best[i] + c;
          from[j] = i;
        }
      }
    std::vector<FusionGroup> groups;
    for (std::size_t j = n; j > 0; j = from[j]) groups.push_back(merged(begin + from[j], begin + j));
    std::reverse(groups.begin(), groups.end());
    return groups;
  }

  const ChipSpec& chip_;
  const FusedNetwork& network_;
  Tiler& tiler_;
  std::vector<int> memory_;
  std::vector<bool> resident_;
  std::vector<Lifetime> lives_;
  std::vector<int> readers_;
};

}  // namespace

FusedNetwork form_chains(const ChipSpec& chip, const FusedNetwork& network, Tiler& tiler) {
  return Former(chip, network, tiler).form();
}

}  // namespace presil
