#pragma once
// What the operators of a network cost by closed form: to guess which edits are worth a simulation.

#include <vector>

#include "hw/chip_spec.h"
#include "models/graph.h"
#include "sim/precision.h"

namespace presil {

/// Array cycles of one operator with multiply-accumulates, untiled (hw/timing.h); 0 for others and
/// for recurrent ones.
double array_cycles(const Graph& graph, const ChipSpec& chip, const PrecisionPlan& precision,
                    OpId op);
/// Of each operator: the longer of its array cycles and of its weights' way through their memory's
/// port.
std::vector<double> rough_cycles(const Graph& graph, const ChipSpec& chip,
                                 const PrecisionPlan& precision);

}  // namespace presil
