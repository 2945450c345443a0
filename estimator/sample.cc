#include "estimator/sample.h"

#include "core/error.h"
#include "sim/simulator_version.h"

namespace presil {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kOperator:
      return "operator";
    case Level::kSubgraph:
      return "subgraph";
    case Level::kNetwork:
      return "network";
  }
  return "";
}

CaseSample sample_case(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                       Level level, std::string family) {
  const RunResult run = presil::run(graph, chip, {.compile = options});
  CaseSample result{.graph_hash = run.graph_hash,
                    .chip_hash = run.chip_hash,
                    .chip = run.chip,
                    .simulator_version = kSimulatorVersion,
                    .level = level,
                    .family = std::move(family),
                    .link_cycles = static_cast<double>(run.link.value),
                    .latency_cycles = static_cast<double>(run.latency.value),
                    .energy_pj = run.energy.total.total().value};
  std::vector<GroupFeatures> features = features_of(chip, planned(chip, run.compiled));
  PRESIL_CHECK(features.size() <= run.groups.size(), "{} groups planned, {} run", features.size(),
               run.groups.size());
  for (std::size_t g = 0; g < features.size(); ++g)
    result.groups.push_back({.name = run.groups[g].name,
                             .kind = run.groups[g].kind,
                             .features = std::move(features[g]),
                             .cycles = static_cast<double>(run.groups[g].latency.value),
                             .energy_pj = run.groups[g].energy.total().value});
  return result;
}

}  // namespace presil
