#pragma once
// A tensor with its axes in another order, values and quantisation with it.

#include <cstddef>
#include <span>

#include "models/tensor.h"

namespace presil {

/// Axis i of the result is axis `permutation[i]` of `shape`. `permutation` names each axis once.
Shape permuted(const Shape& shape, std::span<const std::size_t> permutation);
/// The same for a whole tensor: the values, if there are any, and the axis of the quantisation
/// move along.
TensorDesc permuted(TensorDesc tensor, std::span<const std::size_t> permutation);

}  // namespace presil
