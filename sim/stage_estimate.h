#pragma once
// A closed form for one stage under one mapping: no walk, for ranking thousands of candidates.

#include "sim/mapping.h"

namespace presil {

struct StageEstimate {
  /// Roughly: the larger of computation and of each port's bytes, plus the first tile in and the
  /// last tile out.
  double cycles = 0;
  /// What the mapping takes at least: its computation, its commands' issue, and the bytes of the
  /// stage's maps and weights, each once.
  double floor = 0;
};
StageEstimate estimate_stage(const Surroundings& around, const Stage& stage,
                             const StageMapping& mapping, CoreSplit split);

/// Cycles of all Matrix or Vector commands of a stage's part, without anything else.
double compute_cycles(const Surroundings& around, const Stage& stage, const StageMapping& mapping,
                      const Rows& rows, const Rows& outputs);

}  // namespace presil
