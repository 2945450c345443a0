#pragma once
// Private to models/: which scale of a quantisation an element has.

#include <cstddef>

#include "models/tensor.h"

namespace presil {

class ScaleIndex {
 public:
  /// Of a quantised tensor of this shape.
  ScaleIndex(const Shape& shape, const Quantization& quantization) {
    if (quantization.axis < 0) return;
    const auto axis = static_cast<std::size_t>(quantization.axis);
    extent_ = static_cast<std::size_t>(shape[axis]);
    for (std::size_t i = axis + 1; i < shape.size(); ++i)
      inner_ *= static_cast<std::size_t>(shape[i]);
  }
  /// `element` counts in row-major order.
  std::size_t operator()(std::size_t element) const { return element / inner_ % extent_; }

 private:
  std::size_t extent_ = 1, inner_ = 1;
};

}  // namespace presil
