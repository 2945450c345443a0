#pragma once
// What no mapping can beat: closed forms over the network, before any tiling.

#include "hw/chip_spec.h"
#include "sim/compile.h"

namespace presil {

/// Roofline of one inference: the larger of every MAC at the peak rate of its precision mode, and
/// for each memory's port the bytes that have to cross it once (weights that do not stay, inputs,
/// outputs) at its full rate. The cores share the ports. Williams et al., CACM 2009, applied to the
/// whole network.
Cycles roofline_bound(const ChipSpec& chip, const Graph& graph, const CompiledNetwork& compiled);

}  // namespace presil
