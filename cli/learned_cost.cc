#include "cli/learned_cost.h"

#include "core/error.h"
#include "search/stored_bytes.h"

namespace presil::cli {

Cost LearnedCost::cost(const Graph& graph, const PrecisionOptions& precision) const {
  const CompileOptions options{.precision = precision};
  const PlannedNetwork planned = plan_network(graph, chip_, options);
  const QuickEstimate estimate = quick_estimate(planned, groups_);
  const PrecisionPlan plan = plan_precision(graph, chip_, precision);
  return {.latency_us = estimate.latency_cycles / chip_.clock_mhz,
          .energy_pj = estimate.energy_pj,
          .parameter_bytes = stored_parameter_bytes(graph, plan),
          .peak_activation_bytes = stored_peak_activation_bytes(graph, plan)};
}

void LearnedCost::check_metric(const std::string& metric) {
  for (const char* simulated : {"peak_sram_kib", "memory_kib", "memory_mib"})
    if (metric == simulated)
      throw Error(
          "{}: the estimator does not know it; use --cost simulated, or peak_activation_kib",
          metric);
}

}  // namespace presil::cli
