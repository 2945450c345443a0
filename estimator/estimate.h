#pragma once
// A network's latency, energy and memory without simulating it: planned as the compiler does
// (estimator/plan_network.h), each group predicted in its context, and the groups added up.

#include <string>
#include <vector>

#include "estimator/bundle.h"
#include "estimator/group_cache.h"
#include "estimator/plan_network.h"

namespace presil {

struct GroupEstimate {
  std::string name;
  std::string kind;   ///< operator kinds, joined by '+'
  std::string shape;  ///< "[N,C,H,W] -> [N,C,H,W]"
  std::int64_t macs = 0;
  GroupPrediction predicted;
};

struct Estimate {
  std::string model, chip;
  double clock_mhz = 0;
  std::vector<GroupEstimate> groups;  ///< in schedule order, without the host link
  double link_cycles = 0;             ///< computed as in a run
  double latency_cycles = 0;          ///< of the first inference: groups and link
  Interval latency;                   ///< 90 % interval of it
  double energy_pj = 0;
  Bytes parameters, peak_activation;  ///< computed, exactly as in a run
  std::int64_t out_of_range = 0;      ///< groups with a feature that training never saw
  bool chip_seen = true;              ///< training had samples of this very chip

  double microseconds(double cycles) const { return cycles / clock_mhz; }
};

/// Everything, with names and shapes. Throws Error for operators and precisions that the chip
/// cannot run. Deterministic.
Estimate estimate(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                  const Bundle& bundle);

/// The sums alone, for thousands of networks a second.
struct QuickEstimate {
  double latency_cycles = 0, energy_pj = 0;
  std::int64_t out_of_range = 0;
};
QuickEstimate quick_estimate(const ChipSpec& chip, const PlannedNetwork& planned,
                             const Bundle& bundle);
/// The same numbers; what the cache knows of the groups is not computed again.
QuickEstimate quick_estimate(const PlannedNetwork& planned, GroupCache& cache);

}  // namespace presil
