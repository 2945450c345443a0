#pragma once
// What a search is for: objectives, and constraints that hold whatever the objectives say.

#include <string>
#include <vector>

#include "search/metrics.h"

namespace presil {

struct Objective {
  const Metric* metric = nullptr;
  bool maximise = false;
  std::string text;  ///< "accuracy", "max:macs_m"

  /// Smaller is better.
  double minimised(const Measured& measured) const {
    const double value = metric->value(measured);
    return maximise ? -value : value;
  }
};

struct Constraint {
  const Metric* metric = nullptr;
  bool at_most = true;
  double bound = 0;  ///< in the metric's unit
  std::string text;  ///< "latency_ms <= 4"

  /// Excess over the bound as a share of it (of 1 when the bound is 0); 0 when it is met, infinite
  /// when the metric is not known.
  double violation(const Measured& measured) const;
};

struct Goal {
  std::vector<Objective> objectives;  ///< one to four
  std::vector<Constraint> constraints;

  std::vector<double> minimised(const Measured& measured) const;
  /// Sum over the constraints; 0: feasible.
  double violation(const Measured& measured) const;
};

/// "accuracy", "min:latency_ms", "max:macs_m": without a prefix the metric's usual direction.
/// Throws Error.
Objective parse_objective(const std::string& text);
/// "latency_ms <= 4", ">=" likewise. Throws Error naming the text and the forms.
Constraint parse_constraint(const std::string& text);
/// Parses all and compares them. Throws Error: a metric twice as objective, none or more than four
/// objectives, constraints that no value can meet (which two, and the nearest value).
Goal parse_goal(const std::vector<std::string>& objectives,
                const std::vector<std::string>& constraints);

/// Why nothing in `seen` is feasible: each constraint that none of them meets with the nearest
/// value that was seen, or, if each is met by some, the network that misses least. Empty if one is.
std::string infeasibility(const Goal& goal, const std::vector<Measured>& seen);

}  // namespace presil
