#pragma once
// The numbers that objectives and constraints speak of, by names that carry their unit.

#include <optional>
#include <string>
#include <vector>

#include "search/cost_model.h"

namespace presil {

/// What is known of one network.
struct Measured {
  Cost cost;
  std::int64_t macs = 0;
  std::optional<double> accuracy;  ///< of the AccuracyModel, in its own unit; more is better

  bool operator==(const Measured&) const = default;
};

struct Metric {
  std::string name;      ///< "latency_ms"
  std::string quantity;  ///< "latency": metrics of one quantity differ by a factor
  double unit = 1;       ///< base units in one of this metric's
  bool larger_is_better = false;
  double (*base)(const Measured&) = nullptr;  ///< in base units; NaN when it is not known

  double value(const Measured& measured) const { return base(measured) / unit; }
};

/// All of them, in a fixed order.
const std::vector<Metric>& metrics();
/// Throws Error (`what` starts it) with the nearest name.
const Metric& metric_named(const std::string& name, const std::string& what);

}  // namespace presil
