#pragma once
// Advice for a group that the array's own work holds up.

#include "profiler/advice.h"

namespace presil {

/// Fills in limit, change and gain: by the dimension of the array that loses most, and for a
/// depthwise product by what a full convolution in its place would take (hw/timing.h).
void advise_on_array(const AdviceInput& in, std::size_t group, Advice& advice);

}  // namespace presil
