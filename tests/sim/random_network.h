#pragma once
// Small random networks around one random operator, the same for the same seed.

#include "models/graph.h"

namespace presil::testing {

inline constexpr int kRandomKinds = 22;

/// One operator of every kind in turn (`number` modulo kRandomKinds), with random shapes and
/// attributes, sometimes with a layer before and behind it. Throws Error when the shapes that came
/// out do not fit the operator.
Graph random_network(std::uint64_t seed, int number);

}  // namespace presil::testing
