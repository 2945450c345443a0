#pragma once
// Operators that are only another name for bytes that are there.

#include "sim/stage_builder.h"

namespace presil {

/// Does a stored value stand for the same number in both tensors (type, quantisation)?
bool same_values(const Graph& graph, TensorId a, TensorId b);

/// Is the operator only another name for its input's bytes (identity, a reshape that moves nothing
/// in the blocked layout)?
bool is_view(const StageContext& context, const Op& op);

}  // namespace presil
