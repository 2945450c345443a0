#pragma once
// A whole network on a chip, as built and under every ablation.

#include "sim/run.h"
#include "validation/reference.h"

namespace presil {

/// Latency of the first inference in microseconds, by Ablation: one compilation, the same Program
/// on three machines, and the sum of the tiler's costs; each with what the host link adds.
std::array<double, kAblationCount> predict_latency_us(const Graph& graph, const ChipSpec& chip,
                                                      const CompileOptions& options);

/// The cost that the tiler's clock gives all groups, one after another.
double analytical_cycles(const ChipSpec& chip, const CompiledNetwork& compiled);

}  // namespace presil
