#include "sim/bounds.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "sim/run.h"
#include "sim/weight_coding.h"

namespace presil {

namespace {

/// As stored.
double weight_bytes_once(const ChipSpec& chip, const Graph& graph, const CompiledNetwork& compiled,
                         const FusionGroup& group, std::set<TensorId>& seen) {
  double bytes = 0;
  for (const Stage& stage : group.stages)
    for (const TensorId id : {stage.weights, stage.recurrent_weights})
      if (id != kNoTensor && graph.tensor(id).constant && seen.insert(id).second)
        bytes += static_cast<double>(element_count(graph.tensor(id).shape) *
                                     compiled.precision.bits(id)) /
                 8 * weight_ratio(chip, graph.tensor(id));
  return bytes;
}

}  // namespace

Cycles roofline_bound(const ChipSpec& chip, const Graph& graph, const CompiledNetwork& compiled) {
  double compute = 0;
  std::vector<double> port(chip.memories.size(), 0);
  std::set<TensorId> seen;
  const auto weights = static_cast<std::size_t>(chip.memory_index(chip.placement.weights));
  for (std::size_t g = 0; g < compiled.network.groups.size(); ++g) {
    const FusionGroup& group = compiled.network.groups[g];
    for (const Stage& stage : group.stages)
      if (stage.macs > 0)
        compute += static_cast<double>(stage.macs) / peak_macs_per_cycle(chip, stage.mode);
    if (!compiled.plan.weights_stay[g])
      port[weights] += weight_bytes_once(chip, graph, compiled, group, seen);
  }
  for (std::size_t s = 0; s < compiled.network.storages.size(); ++s) {
    const Storage& storage = compiled.network.storages[s];
    const double elements = static_cast<double>(storage.map.elements() * storage.map.bits) / 8;
    const bool crosses = storage.is_output && !storage.is_input;
    if (crosses && compiled.plan.memory_address[s] >= 0)
      port[static_cast<std::size_t>(compiled.plan.memory[s])] += elements;
  }
  double worst = compute;
  for (std::size_t m = 0; m < port.size(); ++m)
    worst = std::max(worst, port[m] / chip.memories[m].bytes_per_cycle);
  return Cycles(static_cast<std::int64_t>(std::floor(worst)));
}

}  // namespace presil
