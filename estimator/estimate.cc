#include "estimator/estimate.h"

#include "sim/run.h"

namespace presil {

namespace {

std::vector<GroupPrediction> predict(const ChipSpec& chip, const PlannedNetwork& planned,
                                     const Bundle& bundle, const std::string& chip_hash) {
  const std::vector<GroupFeatures> features = unnamed_features_of(chip, planned);
  std::vector<const GroupFeatures*> rows;
  rows.reserve(features.size());
  for (const GroupFeatures& each : features) rows.push_back(&each);
  std::vector<GroupPrediction> groups(rows.size());
  bundle.predict(rows, groups, chip_hash);
  return groups;
}

std::string kinds_of(const Graph& graph, const FusionGroup& group) {
  std::string kinds;
  for (const OpId op : group.ops()) {
    if (!kinds.empty()) kinds += '+';
    kinds += op_info(graph.op(op).kind).name;
  }
  return kinds;
}

GroupEstimate group_estimate(const Graph& graph, const FusionGroup& group,
                             const GroupPrediction& predicted) {
  return {.name = group.name,
          .kind = kinds_of(graph, group),
          .shape = to_string(graph.tensor(group.stages.front().input).shape) + " -> " +
                   to_string(graph.tensor(group.stages.back().output).shape),
          .macs = group.macs(),
          .predicted = predicted};
}

}  // namespace

Estimate estimate(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                  const Bundle& bundle) {
  const PlannedNetwork planned = plan_network(graph, chip, options);
  const std::string chip_hash = chip.hash();
  const std::vector<GroupPrediction> predicted = predict(chip, planned, bundle, chip_hash);
  Estimate result{.model = graph.name(), .chip = chip.name, .clock_mhz = chip.clock_mhz};
  double cycles = 0;
  for (std::size_t g = 0; g < predicted.size(); ++g) {
    const GroupPrediction& group = predicted[g];
    cycles += group.cycles;
    result.energy_pj += group.energy_pj;
    result.out_of_range += group.out_of_range ? 1 : 0;
    result.groups.push_back(group_estimate(graph, planned.network.groups[g], group));
  }
  result.chip_seen = bundle.knows_chip(chip_hash);
  result.latency = bundle.network_interval(predicted, result.chip_seen);
  result.link_cycles = static_cast<double>(link_cycles(chip, planned.network).value);
  result.latency_cycles = cycles + result.link_cycles;
  result.latency.low += result.link_cycles;
  result.latency.high += result.link_cycles;
  result.parameters = parameter_bytes(graph);
  result.peak_activation = peak_activation_bytes(graph);
  return result;
}

namespace {

QuickEstimate summed(const std::vector<GroupPrediction>& groups, const ChipSpec& chip,
                     const PlannedNetwork& planned) {
  QuickEstimate result;
  for (const GroupPrediction& group : groups) {
    result.latency_cycles += group.cycles;
    result.energy_pj += group.energy_pj;
    result.out_of_range += group.out_of_range ? 1 : 0;
  }
  result.latency_cycles += static_cast<double>(link_cycles(chip, planned.network).value);
  return result;
}

}  // namespace

QuickEstimate quick_estimate(const ChipSpec& chip, const PlannedNetwork& planned,
                             const Bundle& bundle) {
  // A chip's hash takes as long as a network: only an adapted bundle asks for it here.
  const std::string chip_hash = bundle.parts().chip_factor.empty() ? "" : chip.hash();
  return summed(predict(chip, planned, bundle, chip_hash), chip, planned);
}

QuickEstimate quick_estimate(const PlannedNetwork& planned, GroupCache& cache) {
  return summed(cache.predict(planned), cache.chip(), planned);
}

}  // namespace presil
