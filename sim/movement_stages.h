#pragma once
// The stages of operators that only move bytes: concat, split, slice, pad, gather, and copies.

#include <vector>

#include "sim/stage_builder.h"

namespace presil {

/// Of an operator of OpClass::kMove, or of a reshape that is no view. build_stages() calls it.
std::vector<Stage> movement_stages(const StageContext& context, const Op& op);

}  // namespace presil
