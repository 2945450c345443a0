#pragma once
// Many variants of one chip running one network: which of them are worth building.

#include <string>
#include <vector>

#include "profiler/report_json.h"

namespace presil {

/// A key of the chip file and the values that it takes, as the user wrote them.
struct SweepAxis {
  std::string key;
  std::vector<std::string> values;
};

/// What a sweep is of: two sweeps with equal identities have equal points. A flat JSON object.
using SweepIdentity = Json;

/// One variant.
struct SweepPoint {
  std::size_t index = 0;            ///< in the grid: the last axis runs fastest
  std::vector<std::string> values;  ///< one an axis
  std::string status;  ///< "ok"; "failed" (the chip or the network); "crashed" (presil)
  std::string reason;  ///< of what is not ok, in one line
  Json result;         ///< sweep_keys() of what is ok, else null
  /// No other point is at least as good in latency, energy and area and better in one.
  bool pareto = false;
  bool knee = false;  ///< at most one: mark_front()

  bool ok() const { return status == "ok"; }
};

struct Sweep {
  std::string model, chip;
  SweepIdentity identity;
  std::vector<SweepAxis> axes;
  std::vector<SweepPoint> points;  ///< in the order of the grid
};

/// The keys of a point's result, named as those of a run (docs/json_schema.md), and `area_mm2`.
const std::vector<std::string>& sweep_keys();

/// Points of the grid; 1 without axes.
std::size_t grid_size(const std::vector<SweepAxis>& axes);
std::vector<std::string> grid_values(const std::vector<SweepAxis>& axes, std::size_t index);

/// Sets `pareto` and `knee`. The objectives are latency_us, energy_pj and area_mm2, all to be
/// small. The knee: each objective that differs within the front goes from 0 (the front's least) to
/// 1 (its most); the point with the smallest sum is farthest below the chord (the plane) through
/// the points that are best in one objective and worst in the others. The first of equals; a front
/// of fewer than three points has none.
void mark_front(std::vector<SweepPoint>& points);

/// The document `kind: sweep` of docs/json_schema.md.
Json sweep_json(const Sweep& sweep);

}  // namespace presil
