#include "estimator/group_hashes.h"

namespace presil {

std::set<std::string> group_hashes(const Graph& graph, const ChipSpec& chip,
                                   const CompileOptions& options) {
  const PrecisionPlan precision = plan_precision(graph, chip, options.precision);
  const std::vector<bool> last = channels_last(graph);
  PlannedNetwork planned;
  planned.weight_memory = chip.memory_index(chip.placement.weights);
  planned.network = fuse({graph, chip, precision, last, options.batch}, options.allow_host_ops);
  // Hashes are over what the network asks for, so that nothing needs a place.
  planned.resident.assign(planned.network.storages.size(), false);
  planned.memory.assign(planned.network.storages.size(), planned.weight_memory);
  planned.room.assign(planned.network.groups.size(), chip.sram_bytes());
  planned.weights_stay.assign(planned.network.groups.size(), false);
  std::set<std::string> hashes;
  for (const GroupFeatures& group : features_of(chip, planned)) hashes.insert(group.hash);
  return hashes;
}

}  // namespace presil
