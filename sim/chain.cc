#include "sim/chain.h"

#include <algorithm>

#include "core/error.h"
#include "sim/links.h"

namespace presil {

bool is_chain(const FusionGroup& group) {
  return !group.is_cascade() && group.stages.size() > 1 &&
         group.stages[1].input == group.stages[0].output &&
         group.stages[0].kind != StageKind::kRecurrent;
}

namespace {

class Former {
 public:
  Former(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
         const GroupPrice& price, const PlanOptions& options)
      : chip_(chip),
        network_(network),
        price_(price),
        options_(options),
        memory_(choose_memories(chip, network)),
        resident_(choose_residents(chip, network, memory_)),
        lives_(lifetimes(network)),
        links_(network) {
    if (options.pins.chains) return;  // whoever pins chains may pin what is inside of them, too
    pinned_ = pinned_residency(chip, graph, network, alive(lives_), options.pins);
    for (std::size_t s = 0; s < pinned_.size(); ++s)
      if (pinned_[s]) resident_[s] = *pinned_[s];
  }

  FusedNetwork form_pinned() const {
    if (!chip_.sram.across_layers && !options_.pins.chains->empty())
      throw Error(
          "mapping of chains: the SRAM of chip '{}' keeps nothing across layers "
          "(sram.across_layers)",
          chip_.name);
    FusedNetwork result = network_;
    result.groups.clear();
    std::size_t next = 0;
    for (const std::vector<std::size_t>& chain : pinned_chains(network_, options_.pins)) {
      for (; next < chain.front(); ++next) result.groups.push_back(network_.groups[next]);
      for (const std::size_t g : chain) {
        const std::string reason = g == chain.front() ? "" : links_.why_not(g - 1, g);
        if (!reason.empty())
          throw Error("{}{}: '{}' cannot hand its rows to '{}': {}", place_of(chain),
                      "mapping of chains", network_.groups[g - 1].name, network_.groups[g].name,
                      reason);
      }
      result.groups.push_back(merged(chain.front(), chain.back() + 1));
      next = chain.back() + 1;
    }
    for (; next < network_.groups.size(); ++next) result.groups.push_back(network_.groups[next]);
    return result;
  }

  FusedNetwork form() {
    if (!chip_.sram.across_layers) return network_;
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
    return static_cast<std::size_t>(network_.views[static_cast<std::size_t>(id)].storage);
  }

  /// May the compiler chain the two?
  bool links(std::size_t a, std::size_t b) const {
    const auto pinned_group = [&](std::size_t g) {
      return options_.pinned.contains(network_.groups[g].name) ||
             options_.pins.weights_stay.contains(network_.groups[g].name);
    };
    return links_.why_not(a, b).empty() && !pinned_[storage(network_.groups[a].stages[0].output)] &&
           !pinned_group(a) && !pinned_group(b);
  }

  static std::vector<bool> alive(const std::vector<Lifetime>& lives) {
    std::vector<bool> result;
    for (const Lifetime& life : lives) result.push_back(life.last >= life.first);
    return result;
  }

  std::string place_of(const std::vector<std::size_t>& chain) const {
    for (std::size_t i = 0; i < options_.pins.chains->size(); ++i)
      if ((*options_.pins.chains)[i].front() == network_.groups[chain.front()].name) {
        const auto found = options_.pins.places.find(fmt::format("chain {}", i));
        return found == options_.pins.places.end() ? "" : found->second + ": ";
      }
    return "";
  }

  FusionGroup merged(std::size_t begin, std::size_t end) const { return links_.merged(begin, end); }

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
    return end - begin == 1 ? price_(around, network_.groups[begin])
                            : price_(around, merged(begin, end));
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
    for (std::size_t j = n; j > 0; j = from[j])
      groups.push_back(merged(begin + from[j], begin + j));
    std::reverse(groups.begin(), groups.end());
    return groups;
  }

  const ChipSpec& chip_;
  const FusedNetwork& network_;
  const GroupPrice& price_;
  const PlanOptions& options_;
  std::vector<int> memory_;
  std::vector<bool> resident_;
  std::vector<Lifetime> lives_;
  Links links_;
  std::vector<std::optional<bool>> pinned_;  ///< residency of each storage
};

}  // namespace

GroupPrice tiler_price(Tiler& tiler) {
  return [&tiler](const Surroundings& around, const FusionGroup& group) -> std::optional<double> {
    const std::optional<Choice> choice = !group.members.empty()  // merged
                                             ? tiler.search_chain(around, group)
                                             : tiler.rough_search(around, group);
    if (!choice) return {};
    return choice->price.cycles;
  };
}

FusedNetwork form_chains(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
                         const GroupPrice& price, const PlanOptions& options) {
  Former former(chip, graph, network, price, options);
  return options.pins.chains ? former.form_pinned() : former.form();
}

}  // namespace presil
