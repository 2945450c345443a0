#include "estimator/estimate.h"

#include "sim/run.h"

namespace presil {

namespace {

struct Predicted {
  std::vector<GroupFeatures> features;
  std::vector<GroupPrediction> groups;
};

Predicted predict(const ChipSpec& chip, const PlannedNetwork& planned, const Bundle& bundle) {
  Predicted result{.features = features_of(chip, planned), .groups = {}};
  std::vector<const GroupFeatures*> rows;
  rows.reserve(result.features.size());
  for (const GroupFeatures& features : result.features) rows.push_back(&features);
  result.groups.resize(rows.size());
  bundle.predict(rows, result.groups, chip.hash());
  return result;
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
  const Predicted predicted = predict(chip, planned, bundle);
  Estimate result{.model = graph.name(), .chip = chip.name, .clock_mhz = chip.clock_mhz};
  double cycles = 0;
  for (std::size_t g = 0; g < predicted.groups.size(); ++g) {
    const GroupPrediction& group = predicted.groups[g];
    cycles += group.cycles;
    result.energy_pj += group.energy_pj;
    result.out_of_range += group.out_of_range ? 1 : 0;
    result.groups.push_back(group_estimate(graph, planned.network.groups[g], group));
  }
  result.chip_seen = bundle.knows_chip(chip.hash());
  result.latency = bundle.network_interval(cycles, predicted.groups.size(), result.chip_seen);
  result.link_cycles = static_cast<double>(link_cycles(chip, planned.network).value);
  result.latency_cycles = cycles + result.link_cycles;
  result.latency.low += result.link_cycles;
  result.latency.high += result.link_cycles;
  result.parameters = parameter_bytes(graph);
  result.peak_activation = peak_activation_bytes(graph);
  return result;
}

QuickEstimate quick_estimate(const ChipSpec& chip, const PlannedNetwork& planned,
                             const Bundle& bundle) {
  QuickEstimate result;
  const Predicted predicted = predict(chip, planned, bundle);
  for (const GroupPrediction& group : predicted.groups) {
    result.latency_cycles += group.cycles;
    result.energy_pj += group.energy_pj;
    result.out_of_range += group.out_of_range ? 1 : 0;
  }
  result.latency_cycles += static_cast<double>(link_cycles(chip, planned.network).value);
  return result;
}

}  // namespace presil
