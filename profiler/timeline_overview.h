#pragma once
// Every engine's time in few enough intervals to draw.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hw/stalls.h"
#include "profiler/report_json.h"
#include "sim/run.h"

namespace presil {

/// [begin, end) in cycles; `state` 0: busy, else 1 + Stall.
struct OverviewInterval {
  std::int64_t begin = 0, end = 0;
  int group = -1;  ///< of the command that runs or comes next; -1: none
  int state = 0;
};

struct OverviewEngine {
  Engine engine = Engine::kMac;
  int core = 0, lane = 0;
  std::vector<OverviewInterval> intervals;  ///< from 0 to Timeline::total
};

/// Intervals shorter than total / `most` are drawn as one with their neighbours: what most of that
/// time was. At most about 2 x `most` an engine. Pure.
std::vector<OverviewEngine> overview(const ChipSpec& chip, const RunResult& run, std::size_t most);

/// As docs/json_schema.md says.
Json json_of(const std::vector<OverviewEngine>& engines);

}  // namespace presil
