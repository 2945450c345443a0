#pragma once
// Estimated against simulated: the same networks on the same chips, both ways.

#include <string>
#include <vector>

#include "estimator/accuracy.h"
#include "estimator/estimate.h"

namespace presil {

/// One network on one chip, both ways. Cycles of the first inference.
struct Comparison {
  std::string model, chip;
  double simulated = 0, estimated = 0;
  Interval interval;  ///< 90 %
  double simulated_pj = 0, estimated_pj = 0;
  double simulate_seconds = 0, estimate_seconds = 0;  ///< wall time, one thread
  std::size_t groups = 0, groups_alike = 0;  ///< as compiled; of these planned the same way
  std::int64_t out_of_range = 0;
  /// The group with the largest error, of those planned the same way: where to look first.
  std::string worst_group;
  double worst_simulated = 0, worst_estimated = 0;

  double error() const { return estimated / simulated - 1; }
};

/// Throws Error where run() does.
Comparison compare(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                   const Bundle& bundle);

/// As the accuracy table takes them; family: the model.
std::vector<ScoredCase> scored(const std::vector<Comparison>& comparisons);

}  // namespace presil
