#pragma once
// What the simulator says of one network on one chip, beside what the estimator sees of it: the
// training data. The labels come from run(), the only way to a number.

#include <string>
#include <string_view>
#include <vector>

#include "estimator/features.h"
#include "sim/run.h"

namespace presil {

/// What kind of case a sample was drawn from.
enum class Level : std::uint8_t { kOperator, kSubgraph, kNetwork };
/// "operator", "subgraph", "network".
std::string_view name_of(Level level);

/// One fusion group with its labels: its own time in context (RunResult: a group owns the time
/// between the completion of the groups before it and its own).
struct GroupSample {
  std::string name, kind;  ///< as in RunResult
  GroupFeatures features;
  double cycles = 0;     ///< label; >= 0
  double energy_pj = 0;  ///< label
};

/// One simulated network (or single operator, or block) on one chip.
struct CaseSample {
  std::string graph_hash, chip_hash, chip;  ///< hash and name
  int simulator_version = 0;                ///< kSimulatorVersion
  Level level = Level::kOperator;
  std::string family;               ///< "conv", "ibn", "mobilenet_v2", ...
  std::vector<GroupSample> groups;  ///< without the host link
  double link_cycles = 0;           ///< computed, not learned
  double latency_cycles = 0;        ///< of the first inference: groups + link
  double energy_pj = 0;
};

/// Compiles, simulates, and pairs each group's features with its labels. Throws Error where run()
/// does.
CaseSample sample_case(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                       Level level, std::string family);

}  // namespace presil
