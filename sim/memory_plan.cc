#include "sim/memory_plan.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "sim/buffer_places.h"
#include "sim/chain.h"
#include "sim/kept_weights.h"
#include "sim/memory_places.h"

namespace presil {

namespace {

class Planner {
 public:
  Planner(const ChipSpec& chip, const FusedNetwork& network, Tiler& tiler,
          const PlanOptions& options, const Graph& graph, Leave leave)
      : chip_(chip),
        network_(network),
        tiler_(tiler),
        options_(options),
        graph_(graph),
        leave_(leave) {}

  MemoryPlan plan() && {
    const std::size_t groups = network_.groups.size();
    plan_.memory = choose_memories(chip_, network_);
    plan_.resident = choose_residents(chip_, network_, plan_.memory);
    lives_ = lifetimes(network_);
    pin_residents();
    plan_.steady = options_.steady;
    plan_.weights_stay.assign(groups, false);
    plan_.kept_weights.assign(groups, 0);
    pin_weights();
    if (options_.steady) keep_weights();
    while (!try_plan()) {
    }
    place_in_memories(chip_, network_, graph_, lives_, plan_);
    return std::move(plan_);
  }

 private:
  std::int64_t sram() const { return chip_.sram_bytes() - kept_bytes_; }

  void pin_residents() {
    std::vector<bool> alive;
    for (const Lifetime& life : lives_) alive.push_back(life.last >= life.first);
    pinned_ = pinned_residency(chip_, graph_, network_, alive, options_.pins);
    for (std::size_t s = 0; s < pinned_.size(); ++s)
      if (pinned_[s]) plan_.resident[s] = *pinned_[s];
  }

  void keep(std::size_t g, std::int64_t bytes) {
    plan_.weights_stay[g] = true;
    plan_.kept_weights[g] = chip_.sram_bytes() - kept_bytes_ - bytes;
    kept_bytes_ += bytes;
  }

  void pin_weights() {
    for (std::size_t g = 0; g < network_.groups.size(); ++g) {
      if (!pinned_to_stay(g).value_or(false)) continue;
      const std::string about = options_.pins.about("group", network_.groups[g].name);
      if (!options_.steady)
        throw Error(
            "{}: weights_stay: needs --inference steady; in the first inference all weights "
            "come from memory",
            about);
      const std::int64_t bytes = weight_total(network_.groups[g]);
      if (kept_bytes_ + bytes > chip_.sram_bytes())
        throw Error("{}: weights_stay: {} bytes of weights that stay exceed {} bytes of SRAM",
                    about, kept_bytes_ + bytes, chip_.sram_bytes());
      if (bytes > 0) keep(g, bytes);
    }
  }

  std::optional<bool> pinned_to_stay(std::size_t g) const {
    const auto found = options_.pins.weights_stay.find(network_.groups[g].name);
    if (found == options_.pins.weights_stay.end()) return {};
    return found->second;
  }

  void keep_weights() {
    std::vector<std::optional<bool>> pinned;
    for (std::size_t g = 0; g < network_.groups.size(); ++g) pinned.push_back(pinned_to_stay(g));
    const std::vector<bool> stay =
        choose_kept_weights(chip_, network_, plan_.resident, plan_.memory, pinned, leave_);
    for (std::size_t g = 0; g < stay.size(); ++g)
      if (stay[g] && !pinned[g]) keep(g, weight_total(network_.groups[g]));
  }

  std::int64_t resident_bytes(std::size_t g) const {
    std::int64_t total = 0;
    for (std::size_t s = 0; s < network_.storages.size(); ++s)
      if (plan_.resident[s] && alive(s, g)) total += aligned(network_.storages[s].map.bytes());
    return total;
  }
  bool alive(std::size_t storage, std::size_t g) const {
    const int at = static_cast<int>(g);
    return lives_[storage].first <= at && at <= lives_[storage].last;
  }

  /// One pass over the groups; false when a resident had to go and all starts over.
  bool try_plan() {
    place_residents();
    const std::size_t groups = network_.groups.size();
    plan_.mappings.assign(groups, {});
    plan_.buffer_address.assign(groups, {});
    plan_.room.assign(groups, 0);
    plan_.sram_in_use.assign(groups, 0);
    plan_.peak_sram_bytes = 0;
    previous_.clear();
    for (std::size_t g = 0; g < groups; ++g)
      if (!plan_group(g)) return false;
    return true;
  }

  void place_residents() {
    while (true) {
      std::vector<PlacedItem> items;
      std::vector<std::size_t> which;
      for (std::size_t s = 0; s < network_.storages.size(); ++s)
        if (plan_.resident[s]) {
          items.push_back({network_.storages[s].map.bytes(), lives_[s]});
          which.push_back(s);
        }
      std::int64_t peak = 0;
      const std::vector<std::int64_t> at = place_items(items, kBufferAlignment, &peak);
      plan_.sram_address.assign(network_.storages.size(), -1);
      for (std::size_t i = 0; i < which.size(); ++i) plan_.sram_address[which[i]] = at[i];
      if (peak <= sram()) return;
      if (!drop_largest(which))
        throw Error("{}: residency: what is pinned to sram needs {} bytes, there are {}",
                    about_residents(), peak, sram());
    }
  }

  /// Drops the largest that is not pinned; false when there is none.
  bool drop_largest(const std::vector<std::size_t>& among) {
    std::optional<std::size_t> largest;
    for (const std::size_t s : among)
      if (!pinned_[s] &&
          (!largest || network_.storages[*largest].map.bytes() < network_.storages[s].map.bytes()))
        largest = s;
    if (largest) plan_.resident[*largest] = false;
    return largest.has_value();
  }

  std::string about_residents() const {
    for (const auto& [name, in_sram] : options_.pins.residency)
      if (in_sram) return options_.pins.about("tensor", name);
    return "mapping";
  }

  /// What lies in SRAM for longer than group `g` runs.
  std::vector<SramRange> residents_at(std::size_t g) const {
    std::vector<SramRange> taken;
    for (std::size_t s = 0; s < network_.storages.size(); ++s)
      if (plan_.resident[s] && alive(s, g))
        taken.emplace_back(plan_.sram_address[s],
                           plan_.sram_address[s] + aligned(network_.storages[s].map.bytes()));
    return taken;
  }

  bool plan_group(std::size_t g) {
    const FusionGroup& group = network_.groups[g];
    std::int64_t room = 0;
    for (const SramRange& gap : gaps_between(residents_at(g), sram()))
      room += gap.second - gap.first;
    const bool is_pinned = options_.pinned.contains(group.name);
    std::string reason;
    // Fragmented room: what did not fit last time is tried with less.
    for (int attempt = 0; attempt < (is_pinned ? 1 : 24); ++attempt) {
      plan_.room[g] = room;
      const std::optional<Mapping> mapping = is_pinned ? pinned_mapping(g, reason) : choose(g);
      if (!mapping) break;
      plan_.mappings[g] = *mapping;
      const int keep = slots_it_counts_on(g);
      if (deepen_prefetch(g, keep) || (keep == 0 && place_buffers(g, false))) {
        account(g);
        return true;
      }
      room = room * 15 / 16;
      reason = "its buffers find no contiguous place between what is resident";
    }
    std::vector<std::size_t> here;
    for (std::size_t s = 0; s < network_.storages.size(); ++s)
      if (plan_.resident[s] && alive(s, g)) here.push_back(s);
    if (drop_largest(here)) return false;
    if (is_pinned) throw Error("{}: {}", options_.pins.about("group", group.name), reason);
    cannot_fit(g, group);
  }

  std::optional<Mapping> choose(std::size_t g) {
    const FusionGroup& group = network_.groups[g];
    const Surroundings around = plan_.around(chip_, network_, g);
    const std::optional<Choice> choice = group.is_cascade() ? tiler_.search_cascade(around, group)
                                         : is_chain(group)  ? tiler_.search_chain(around, group)
                                                            : tiler_.search(around, group);
    if (!choice) return {};
    return choice->mapping;
  }

  /// Empty, with the reason, when it does not fit the room that there is now.
  std::optional<Mapping> pinned_mapping(std::size_t g, std::string& reason) const {
    const FusionGroup& group = network_.groups[g];
    const std::string about = options_.pins.about("group", group.name);
    const Mapping mapping = filled_in(group, options_.pinned.at(group.name));
    const std::string illegal = why_never_legal(chip_, group, mapping);
    if (!illegal.empty()) throw Error("{}: {}", about, illegal);
    reason = why_illegal(plan_.around(chip_, network_, g), group, mapping);
    if (!reason.empty()) return {};
    return mapping;
  }

  [[noreturn]] void cannot_fit(std::size_t g, const FusionGroup& group) const {
    std::int64_t most = 0;
    const Stage* worst = &group.stages[0];
    for (const Stage& stage : group.stages)
      if (stage.in.bytes() + stage.out.bytes() > most) {
        most = stage.in.bytes() + stage.out.bytes();
        worst = &stage;
      }
    const std::int64_t least = least_that_is_legal(g);
    const std::string message = fmt::format(
        "layer '{}' cannot run: the smallest tiles of '{}' {} need {} bytes of SRAM, there "
        "are {}; sram.kib of at least {} would do",
        group.name, graph_.tensor(worst->input).name, to_string(graph_.tensor(worst->input).shape),
        least, sram(), ceil_div(least + kept_bytes_, 1024));
    if (is_chain(group)) throw ChainDoesNotFit(group.name, message);
    throw Error(message);
  }

  /// The smallest footprint of any mapping that the search would consider with endless SRAM.
  std::int64_t least_that_is_legal(std::size_t g) const {
    Surroundings endless = plan_.around(chip_, network_, g);
    endless.room = std::int64_t{1} << 50;
    std::int64_t total = 0;
    for (const Stage& stage : network_.groups[g].stages) {
      const FusionGroup alone{.name = stage.name, .stages = {stage}};
      std::int64_t least = std::int64_t{1} << 50;
      for (const StageMapping& m : stage_candidates(endless, alone, 0, CoreSplit::kNone))
        least = std::min(least, footprint(endless, alone, {.stages = {m}}));
      if (stage.kind == StageKind::kRecurrent)  // the search takes fewer steps only without room
        least = std::min(least, smallest_footprint(endless, alone));
      total = std::max(total, least);
    }
    // Stages of a group that follow one another share the room in equal parts, those of a cascade
    // have all of it.
    if (network_.groups[g].is_cascade()) return total;
    return total * static_cast<std::int64_t>(network_.groups[g].stages.size());
  }

  bool has_prefetch(std::size_t g) const {
    const FusionGroup& group = network_.groups[g];
    return options_.pinned.count(group.name) == 0 && !plan_.mappings[g].chain &&
           group.stages.size() == 1;
  }

  /// The search has priced a mapping with as many slots for weights as there is room. Slots from
  /// which on weights are loaded once, however many tiles of positions pass them, if that price
  /// counts on them and the mapping alone has fewer; else 0.
  int slots_it_counts_on(std::size_t g) const {
    if (!has_prefetch(g)) return 0;
    const FusionGroup& group = network_.groups[g];
    const Stage& stage = group.stages[0];
    const StageMapping& m = plan_.mappings[g].stages[0];
    const std::vector<int> depths =
        prefetch_depths(plan_.around(chip_, network_, g), group, plan_.mappings[g]);
    const bool one_position =
        stage.out.batch == 1 && m.rows >= stage.out.rows && m.columns >= stage.out.columns;
    if (depths.empty() || one_position) return 0;
    const std::int64_t sums = ceil_div(stage.reduction, m.channels);
    const std::int64_t keep =
        m.order == LoopOrder::kOutputsOuter ? sums : sums * ceil_div(stage.out.channels, m.outputs);
    return depths.front() >= keep && m.weight_slots < keep ? static_cast<int>(keep) : 0;
  }

  /// Weights that stream through a ring get as many slots as there is room beside the previous
  /// group's buffers, so that they can come while that one still works; where at least `keep` are
  /// counted on, else any room.
  bool deepen_prefetch(std::size_t g, int keep) {
    if (!has_prefetch(g)) return false;
    Mapping& mapping = plan_.mappings[g];
    StageMapping& m = mapping.stages[0];
    const int before = m.weight_slots;
    const std::vector<int> depths =
        prefetch_depths(plan_.around(chip_, network_, g), network_.groups[g], mapping);
    for (const bool apart : {true, false}) {
      if (!apart && keep == 0) break;
      for (const int slots : depths) {
        if (slots < keep) break;
        m.weight_slots = slots;
        if (place_buffers(g, apart)) return true;
      }
    }
    m.weight_slots = before;
    return false;
  }

  bool place_buffers(std::size_t g, bool apart) {
    const std::vector<Buffer> buffers =
        buffers_of(plan_.around(chip_, network_, g), network_.groups[g], plan_.mappings[g]);
    std::optional<BufferPlaces> places =
        presil::place_buffers(buffers, residents_at(g), previous_, sram(), apart);
    if (!places) return false;
    plan_.buffer_address[g] = std::move(places->at);
    previous_ = std::move(places->taken);
    return true;
  }

  void account(std::size_t g) {
    std::int64_t used = kept_bytes_ + resident_bytes(g);
    for (const SramRange& range : previous_) used += range.second - range.first;
    plan_.sram_in_use[g] = used;
    plan_.peak_sram_bytes = std::max(plan_.peak_sram_bytes, used);
  }

  const ChipSpec& chip_;
  const FusedNetwork& network_;
  Tiler& tiler_;
  const PlanOptions& options_;
  const Graph& graph_;
  const Leave leave_;
  MemoryPlan plan_;
  std::vector<Lifetime> lives_;
  std::vector<std::optional<bool>> pinned_;  ///< residency of each storage
  std::vector<SramRange> previous_;          ///< of the buffers of the group before
  std::int64_t kept_bytes_ = 0;
};

/// The sum of all groups' prices on the tiler's clock.
double price_of_all(const ChipSpec& chip, const FusedNetwork& network, const MemoryPlan& plan) {
  double cycles = 0;
  for (std::size_t g = 0; g < network.groups.size(); ++g)
    if (const auto price = price_of(plan.around(chip, network, g), network.groups[g],
                                    plan.mappings[g], std::numeric_limits<std::int64_t>::max()))
      cycles += price->cycles;
  return cycles;
}

}  // namespace

MemoryPlan plan_memory(const ChipSpec& chip, const FusedNetwork& network, Tiler& tiler,
                       const PlanOptions& options, const Graph& graph) {
  const auto plan = [&](Leave leave) {
    return Planner(chip, network, tiler, options, graph, leave).plan();
  };
  MemoryPlan comfortable = plan(Leave::kComfortable);
  if (!options.steady || !chip.sram.across_layers || all_weights_stay(network, comfortable.weights_stay))
    return comfortable;
  try {
    MemoryPlan tight = plan(Leave::kLittle);
    if (price_of_all(chip, network, tight) < price_of_all(chip, network, comfortable)) return tight;
  } catch (const Error&) {  // too little room for some group
  }
  return comfortable;
}

}  // namespace presil
