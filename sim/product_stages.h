#pragma once
// The stages of operators on the MAC array: convolutions, dense layers, matrix products, and
// recurrent layers.

#include <vector>

#include "sim/stage_builder.h"

namespace presil {

/// Of an operator of OpClass::kMac. build_stages() calls it.
std::vector<Stage> product_stages(const StageContext& context, const Op& op);

}  // namespace presil
