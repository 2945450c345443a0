#pragma once
// The values of constants as real numbers, whatever their type.

#include <optional>
#include <vector>

#include "models/tensor.h"

namespace presil {

/// In the order of the shape; integers with a quantisation as the reals they stand for. Empty if
/// the tensor has no data.
std::optional<std::vector<double>> real_values(const TensorDesc& tensor);
/// The only value of a constant of one element; empty if it is none or has no data.
std::optional<double> real_scalar(const TensorDesc& tensor);

/// `tensor` with data: each value rounded to the nearest of its type, ties to even, and clamped to
/// its range; through the quantisation if it has one. One value an element.
TensorDesc with_values(TensorDesc tensor, const std::vector<double>& values);

}  // namespace presil
