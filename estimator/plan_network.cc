#include "estimator/plan_network.h"

#include "estimator/group_price.h"
#include "sim/cascade.h"
#include "sim/chain.h"
#include "sim/kept_weights.h"
#include "sim/placement.h"

namespace presil {

namespace {

/// SRAM of the weights that stay.
std::int64_t kept_bytes(const PlannedNetwork& planned) {
  std::int64_t bytes = 0;
  for (std::size_t g = 0; g < planned.network.groups.size(); ++g)
    if (planned.weights_stay[g]) bytes += weight_total(planned.network.groups[g]);
  return bytes;
}

/// Drops the largest residents until all that live at once fit beside the weights that stay, as the
/// memory plan does.
void fit_residents(const ChipSpec& chip, PlannedNetwork& planned) {
  const std::vector<Lifetime> lives = lifetimes(planned.network);
  const std::int64_t sram = chip.sram_bytes() - kept_bytes(planned);
  while (true) {
    std::vector<PlacedItem> items;
    std::optional<std::size_t> largest;
    for (std::size_t s = 0; s < planned.resident.size(); ++s) {
      if (!planned.resident[s]) continue;
      const std::int64_t bytes = planned.network.storages[s].map.bytes();
      items.push_back({bytes, lives[s]});
      if (!largest || planned.network.storages[*largest].map.bytes() < bytes) largest = s;
    }
    std::int64_t peak = 0;
    place_items(items, kBufferAlignment, &peak);
    if (peak <= sram || !largest) return;
    planned.resident[*largest] = false;
  }
}

/// Residents, and the room that each group has, once it is known which weights stay.
PlannedNetwork with_weights(const ChipSpec& chip, PlannedNetwork planned, std::vector<bool> stay) {
  planned.weights_stay = std::move(stay);
  fit_residents(chip, planned);
  planned.room = free_sram(chip, planned.network, planned.resident, planned.weights_stay);
  return planned;
}

/// The sum of all groups' prices; empty where one does not fit.
std::optional<double> price_of_all(const ChipSpec& chip, const PlannedNetwork& planned) {
  const GroupPrice price = closed_form_price(planned.weight_memory);
  double total = 0;
  for (std::size_t g = 0; g < planned.network.groups.size(); ++g) {
    const std::optional<double> one = price(planned.around(chip, g), planned.network.groups[g]);
    if (!one) return {};
    total += *one;
  }
  return total;
}

/// Steady state: weights stay so that every group is comfortable, or more of them where that is
/// faster, as the memory plan chooses.
PlannedNetwork steady(const ChipSpec& chip, const PlannedNetwork& planned) {
  const std::vector<std::optional<bool>> pinned(planned.network.groups.size());
  const auto leaving = [&](Leave leave) {
    return with_weights(chip, planned,
                        choose_kept_weights(chip, planned.network, planned.resident, planned.memory,
                                            pinned, leave));
  };
  PlannedNetwork comfortable = leaving(Leave::kComfortable);
  if (!chip.sram.across_layers || all_weights_stay(planned.network, comfortable.weights_stay))
    return comfortable;
  PlannedNetwork tight = leaving(Leave::kLittle);
  const std::optional<double> price = price_of_all(chip, tight);
  if (price && *price < price_of_all(chip, comfortable).value_or(*price)) return tight;
  return comfortable;
}

}  // namespace

PlannedNetwork plan_network(const Graph& graph, const ChipSpec& chip,
                            const CompileOptions& options) {
  check_options(options);
  const PrecisionPlan precision = plan_precision(graph, chip, options.precision);
  const std::vector<bool> last = channels_last(graph);
  const StageContext context{graph, chip, precision, last, options.batch};
  PlannedNetwork planned;
  planned.weight_memory = chip.memory_index(chip.placement.weights);
  const PlanOptions plan{.steady = options.steady, .pinned = options.pinned, .pins = options.pins};
  planned.network =
      form_cascades(chip, form_chains(chip, graph, fuse(context, options.allow_host_ops),
                                      closed_form_price(planned.weight_memory), plan));
  planned.memory = choose_memories(chip, planned.network);
  planned.resident = choose_residents(chip, planned.network, planned.memory);
  if (options.steady) return steady(chip, planned);
  return with_weights(chip, planned, std::vector<bool>(planned.network.groups.size(), false));
}

}  // namespace presil
