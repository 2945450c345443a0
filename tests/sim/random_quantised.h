#pragma once
// Small networks around one random operator, in the types that they run in, with values.

#include "models/graph.h"

namespace presil::testing {

/// Deterministic. `wide`: int16 activations, int4 weights, fp16 and bf16 are among the types, too.
Graph random_quantised_network(std::uint64_t seed, int number, bool wide);

}  // namespace presil::testing
