#include "estimator/plan_network.h"

#include "estimator/group_price.h"
#include "sim/cascade.h"
#include "sim/chain.h"
#include "sim/placement.h"

namespace presil {

namespace {

/// Drops the largest residents until all that live at once fit, as the memory plan does.
void fit_residents(const ChipSpec& chip, PlannedNetwork& planned) {
  const std::vector<Lifetime> lives = lifetimes(planned.network);
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
    if (peak <= chip.sram_bytes() || !largest) return;
    planned.resident[*largest] = false;
  }
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
  fit_residents(chip, planned);
  planned.weights_stay.assign(planned.network.groups.size(), false);
  planned.room = free_sram(chip, planned.network, planned.resident, planned.weights_stay);
  return planned;
}

}  // namespace presil
