#pragma once
// What a network's tensors take, in the precision that it runs in, before any chip pads or tiles.

#include "models/graph.h"
#include "sim/precision.h"

namespace presil {

/// All constants.
std::int64_t stored_parameter_bytes(const Graph& graph, const PrecisionPlan& plan);

/// As peak_activation_bytes(), with two differences: elements are as wide as the plan stores them,
/// and an elementwise operator that every engine runs in its producer's output stage (OpInfo::
/// fusible, its operand read by nobody else, shapes equal) takes its operand's place.
std::int64_t stored_peak_activation_bytes(const Graph& graph, const PrecisionPlan& plan);

}  // namespace presil
