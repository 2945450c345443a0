#pragma once
// Advice for a group that waits for bytes.

#include "profiler/advice.h"

namespace presil {

/// Fills in limit, change and gain: by the tensors that cross the ports in the group's time.
void advise_on_memory(const AdviceInput& in, std::size_t group, Advice& advice);

}  // namespace presil
