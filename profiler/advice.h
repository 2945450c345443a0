#pragma once
// For the costliest groups: one sentence that says what limits it, and one that says what would
// change that, computed from the run. What a sentence gains is an upper bound: the cycles of the
// critical path that it speaks of.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "profiler/attribution.h"
#include "profiler/memory_profile.h"

namespace presil {

struct Advice {
  std::size_t group = 0;  ///< index in RunResult::groups
  double share = 0;       ///< of the latency
  Bound bound = Bound::kCompute;
  std::string limit;           ///< "24 output channels fill 24 of 32 lanes ..."
  std::string change;          ///< "32 channels cost the same; ..."
  std::optional<Cycles> gain;  ///< at most; empty where no number can be given
};

/// What advice is computed from; all outlive the call.
struct AdviceInput {
  const Graph& graph;
  const ChipSpec& chip;
  const RunResult& run;
  const Attribution& attribution;
  const MemoryProfile& memory;
};

/// For the `most` groups with the longest latency, longest first. Pure.
std::vector<Advice> advise(const AdviceInput& input, std::size_t most = 5);

}  // namespace presil
