#pragma once
// Windows that make one output for each `stride` inputs, whatever their extents.

#include "models/op.h"

namespace presil {

/// Does a window over a map of these extents make ceil(extent / stride) outputs along both sides?
bool pads_same(const Window& window, std::int64_t height, std::int64_t width);
/// The same window padded so for other extents (and strides): PyTorch's symmetric pads stay, others
/// become TensorFlow's, with the odd element behind.
Window padded_same(Window window, std::int64_t height, std::int64_t width);

}  // namespace presil
