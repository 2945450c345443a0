#pragma once
// The stage of an operator that the vector unit computes: elementwise, pooling, reductions, norms.

#include "sim/stage_builder.h"

namespace presil {

/// Of an operator of OpClass::kVector. build_stages() calls it.
Stage vector_stage(const StageContext& context, const Op& op);

}  // namespace presil
