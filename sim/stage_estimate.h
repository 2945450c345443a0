#pragma once
// A closed form for one stage under one mapping: no walk, for ranking thousands of candidates.

#include <array>

#include "sim/mapping.h"

namespace presil {

struct StageEstimate {
  /// Roughly: the computation with the first tiles in and the last one out, a port's bytes with the
  /// last computation, or the round trips of a tile's slots, whichever takes longest.
  double cycles = 0;
  /// What the mapping takes at least: its computation, its commands' issue, and the bytes of the
  /// stage's maps and weights, each once.
  double floor = 0;
};
/// The computation of the tile size seen last: mappings that differ in order and buffers share it.
struct ComputeMemo {
  std::array<std::int64_t, 4> tile{};
  double cycles = 0;
};
/// `memo`, if any, is of the same stage and split.
StageEstimate estimate_stage(const Surroundings& around, const Stage& stage,
                             const StageMapping& mapping, CoreSplit split,
                             ComputeMemo* memo = nullptr);

/// Cycles of all Matrix or Vector commands of a stage's part, without anything else.
double compute_cycles(const Surroundings& around, const Stage& stage, const StageMapping& mapping,
                      const Rows& rows, const Rows& outputs);

}  // namespace presil
