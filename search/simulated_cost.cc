#include "search/simulated_cost.h"

#include "search/stored_bytes.h"

namespace presil {

SimulatedCost::SimulatedCost(ChipSpec chip, RunOptions options)
    : chip_(std::move(chip)), options_(std::move(options)) {}

Cost SimulatedCost::cost(const Graph& graph, const PrecisionOptions& precision) const {
  RunOptions options = options_;
  auto& layers = options.compile.precision.layers;
  layers.insert(layers.end(), precision.layers.begin(), precision.layers.end());
  if (precision.network) options.compile.precision.network = precision.network;
  const RunResult r = run(graph, chip_, options);
  const auto inferences = static_cast<double>(r.inferences);
  const PrecisionPlan& plan = r.compiled.precision;
  return {.latency_us = r.microseconds(r.latency),
          .energy_pj = r.energy.total.total().value / inferences,
          .parameter_bytes = stored_parameter_bytes(graph, plan),
          .peak_activation_bytes = stored_peak_activation_bytes(graph, plan),
          .peak_sram_bytes = r.peak_sram.value,
          .memory_bytes = (r.memory_read + r.memory_written).value / r.inferences};
}

}  // namespace presil
