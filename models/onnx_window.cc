// Windows of convolutions and poolings: attributes to kernel, strides, dilations and pads.

#include <algorithm>

#include "models/onnx_operators.h"

namespace presil {
namespace {

constexpr std::int64_t kMostWindow = 1 << 20;

/// One value an axis; the default where the attribute is absent.
std::vector<std::int64_t> per_axis(const OnnxNode& node, std::string_view name, std::size_t count,
                                   std::int64_t otherwise, std::int64_t least) {
  std::vector<std::int64_t> values = node.integers(name);
  if (values.empty()) values.assign(count, otherwise);
  if (values.size() != count)
    throw Error("{}: attribute {} must have {} values, has {}", node.place(), name, count,
                values.size());
  for (const std::int64_t value : values)
    if (value < least || value > kMostWindow)
      throw Error("{}: attribute {} must be {} to {}, is {}", node.place(), name, least,
                  kMostWindow, list_text(values));
  return values;
}

/// All begins, then all ends, for SAME_UPPER (the odd one at the end) or SAME_LOWER.
void set_same_pads(std::vector<std::int64_t>& pads, std::size_t axis, std::int64_t extent,
                   std::int64_t stride, std::int64_t reach, bool upper) {
  const std::int64_t out = (extent + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((out - 1) * stride + reach - extent, 0);
  const std::int64_t smaller = total / 2;
  pads[axis] = upper ? smaller : total - smaller;
  pads[axis + pads.size() / 2] = upper ? total - smaller : smaller;
}

}  // namespace

Window onnx_window(const OnnxNode& node, const Shape& x, const std::vector<std::int64_t>& kernel) {
  const std::size_t axes = x.size() < 2 ? 0 : x.size() - 2;
  if (axes < 1 || axes > 2)
    throw OnnxUnsupported("windows over {} dimensions ({}); 1 and 2 are", axes, to_string(x));
  if (kernel.size() != axes)
    throw Error("{}: the kernel has {} extents, operand 0 {} needs {}", node.place(), kernel.size(),
                to_string(x), axes);
  for (const std::int64_t extent : kernel)
    if (extent < 1 || extent > kMostWindow)
      throw Error("{}: the kernel must be 1 to {}, is {}", node.place(), kMostWindow,
                  list_text(kernel));
  const auto strides = per_axis(node, "strides", axes, 1, 1);
  const auto dilations = per_axis(node, "dilations", axes, 1, 1);
  auto pads = per_axis(node, "pads", 2 * axes, 0, 0);
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    for (std::size_t axis = 0; axis < axes; ++axis)
      set_same_pads(pads, axis, x[axis + 2], strides[axis],
                    dilations[axis] * (kernel[axis] - 1) + 1, auto_pad == "SAME_UPPER");
  } else if (auto_pad == "VALID") {
    pads.assign(2 * axes, 0);
  } else if (auto_pad != "NOTSET" && !auto_pad.empty()) {
    throw Error("{}: auto_pad must be NOTSET, SAME_UPPER, SAME_LOWER or VALID, is \"{}\"",
                node.place(), printable(auto_pad));
  }
  Window window{.kernel_w = kernel.back(),
                .stride_w = strides.back(),
                .dilation_w = dilations.back(),
                .pad_left = pads[axes - 1],
                .pad_right = pads[2 * axes - 1]};
  if (axes == 2) {
    window.kernel_h = kernel[0];
    window.stride_h = strides[0];
    window.dilation_h = dilations[0];
    window.pad_top = pads[0];
    window.pad_bottom = pads[2];
  }
  return window;
}

}  // namespace presil
