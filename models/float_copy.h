#pragma once
// A quantised network as the float network that it stands for.

#include "models/graph.h"

namespace presil {

/// Quantised tensors become fp32, constants with the reals that they stand for; kQuantize and
/// kDequantize become kIdentity. A network without quantised tensors stays.
Graph float_copy(const Graph& graph);
/// Does it hold quantised tensors?
bool is_quantised(const Graph& graph);

}  // namespace presil
