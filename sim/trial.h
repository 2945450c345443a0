#pragma once
// A group by itself on the machine: how the tiler chooses among its finalists where the closed
// forms are blind (reads and writes that take turns on a memory's bus).

#include "sim/memory_plan.h"
#include "sim/precision.h"

namespace presil {

/// What a trial needs beyond the group's surroundings.
struct TrialContext {
  const Graph* graph = nullptr;
  const PrecisionPlan* precision = nullptr;
};

/// Simulated cycles of the group alone, its buffers one after another from address 0 and its
/// resident tensors behind them. Empty when they do not fit that way.
std::optional<Cycles> trial_run(const TrialContext& context, const Surroundings& around,
                                const FusionGroup& group, const Mapping& mapping);

}  // namespace presil
