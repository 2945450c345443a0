#pragma once
// RunResult -> its explanation: everything that a report says beyond the bare numbers of the run.

#include "profiler/advice.h"
#include "profiler/attribution.h"
#include "profiler/memory_profile.h"
#include "profiler/roofline.h"

namespace presil {

struct Profile {
  Attribution attribution;
  MemoryProfile memory;
  Roofline roofline;
  std::vector<Advice> advice;
};

/// Pure. `run` is what run() gave for this graph and chip.
Profile profile(const Graph& graph, const ChipSpec& chip, const RunResult& run);

}  // namespace presil
