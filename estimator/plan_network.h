#pragma once
// The compiler's planner without its tiles: precision, fusion, depth-first groups, residency. The
// same code decides as in sim/compile.h, but groups are priced by closed form instead of a search.

#include "estimator/planned_network.h"

namespace presil {

/// Fast: no tile is searched, nothing is lowered. Where two ways to group layers are about equally
/// fast, it may decide otherwise than the compiler. Deterministic. Throws Error as compile() does
/// for operators and precisions that the chip cannot run.
PlannedNetwork plan_network(const Graph& graph, const ChipSpec& chip,
                            const CompileOptions& options);

}  // namespace presil
