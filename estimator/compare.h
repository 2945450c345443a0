#pragma once
// Estimated against simulated: the same networks on the same chips, both ways, and in each network
// the fusion groups that the compiler and the estimator's planner formed alike.

#include <string>
#include <vector>

#include "estimator/accuracy.h"
#include "estimator/estimate.h"

namespace presil {

/// One fusion group, both ways, in its network. Cycles of its own window (sim/run.h GroupResult).
struct GroupComparison {
  std::string name;
  std::string family;      ///< kinds of the operators that give it its stages, each once
  std::size_t stages = 1;  ///< above 1: depth-first, a subgraph
  double simulated = 0, estimated = 0;
  Interval interval;         ///< 90 %
  double prior = 0;          ///< the closed form, before learning
  std::string bound;         ///< in the simulator: what takes most of its window (sim/run.h Bound)
  std::string prior_bound;   ///< in the closed form: what alone would take longest, likewise
  double own_work = 0;       ///< closed form: cycles if nothing of it ran beside its neighbours
  bool placed_alike = true;  ///< its maps are in SRAM, or not, for the compiler as for the planner
  std::string out_of_range;  ///< the first feature outside of what training saw; "": none

  /// Windows of a network share out its time, and a group that ran mostly beside its neighbours
  /// has little left of its own: an error relative to that says nothing. Half of its work or more
  /// is judged.
  bool judged() const { return simulated >= 0.5 * own_work; }
};

/// One network on one chip, both ways. Cycles of the first inference.
struct Comparison {
  std::string model, chip;
  std::string family;  ///< what kind of network; the model where nothing else is known
  double simulated = 0, estimated = 0;
  Interval interval;  ///< 90 %
  /// Estimated from the groups and places that the compiler chose: what is left of the error is
  /// not the planner's.
  double estimated_as_compiled = 0;
  double simulated_pj = 0, estimated_pj = 0;
  double simulate_seconds = 0;  ///< wall time, compilation included
  double estimate_seconds = 0;  ///< likewise planning; the shortest of three
  std::size_t compiled_groups = 0;
  std::vector<GroupComparison> groups;  ///< of these the ones planned alike
  double planned_otherwise = 0;         ///< simulated cycles of the others
  std::int64_t out_of_range = 0;        ///< groups, of all that were planned

  double error() const { return estimated / simulated - 1; }
  /// Cycles that are in the wrong group, or in none: sum of |estimated - simulated| over `groups`,
  /// judged or not, of the simulated cycles.
  double misplaced() const;
  double speed_up() const { return simulate_seconds / estimate_seconds; }
  /// The one with the largest error in cycles: where to look first. Null: there is none.
  const GroupComparison* worst_group() const;
};

/// Throws Error where run() does.
Comparison compare(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                   const Bundle& bundle);

/// As the accuracy table takes them: networks, groups of one stage
/// ("operator") and of several ("subgraph"), those that are judged.
std::vector<ScoredCase> scored(const std::vector<Comparison>& comparisons);

/// Of the networks' energy.
AccuracyRow energy_accuracy(const std::vector<Comparison>& comparisons);

/// Wall time of simulating over that of estimating, of networks.
struct SpeedUp {
  double least = 0, median = 0, most = 0;
};
/// Zeros for no comparison.
SpeedUp speed_up(const std::vector<Comparison>& comparisons);

}  // namespace presil
