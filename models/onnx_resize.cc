// Resize (opsets 10, 11, 13) and its ancestor Upsample (9).

#include <array>
#include <cmath>

#include "models/onnx_operators.h"

namespace presil {
namespace {

/// Of Resize: operands of opset 10 (x, scales) and of 11 on (x, roi, scales, sizes).
struct Operands {
  std::size_t scales, sizes;
};

Operands operands_of(const OnnxNode& node) {
  return node.opset() >= 11 ? Operands{2, 3} : Operands{1, 99};
}

/// Operand `i` is there and is not the empty tensor that exporters put for "none".
bool given(OnnxContext& context, const OnnxNode& node, std::size_t i) {
  return node.has_input(i) && bounded_elements(context.shape(node, i)) > 0;
}

Shape target(OnnxContext& context, const OnnxNode& node, const Shape& x) {
  const Operands at = operands_of(node);
  if (given(context, node, at.sizes)) {
    const Shape sizes = context.integers(node, at.sizes, "the sizes");
    if (sizes.size() != x.size())
      throw Error("{}: {} sizes for operand 0 {}", node.place(), sizes.size(), to_string(x));
    checked_elements(sizes, node.place());
    return sizes;
  }
  if (!given(context, node, at.scales))
    throw Error("{}: has neither scales nor sizes", node.place());
  const auto scales = context.reals(node, at.scales, "the scales");
  if (scales.size() != x.size())
    throw Error("{}: {} scales for operand 0 {}", node.place(), scales.size(), to_string(x));
  Shape shape;
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    const double extent = std::floor(static_cast<double>(x[axis]) * scales[axis]);
    if (!(extent >= 1 && extent <= static_cast<double>(kMaxOnnxExtent)))
      throw Error("{}: scale {} makes axis {} of {} an extent of {}", node.place(), scales[axis],
                  axis, to_string(x), extent);
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  return shape;
}

OpKind kind_of(const OnnxNode& node) {
  const std::string mode = node.text("mode", "nearest");
  if (mode == "nearest") return OpKind::kResizeNearest;
  if (mode == "linear" || mode == "bilinear") return OpKind::kResizeBilinear;
  throw OnnxUnsupported("mode {} (nearest and linear are)", printable(mode));
}

ResizeAttrs coordinates_of(const OnnxNode& node) {
  ResizeAttrs attrs{.align_corners = false, .half_pixel = false};
  if (node.opset() < 11) return attrs;
  const std::string mode = node.text("coordinate_transformation_mode", "half_pixel");
  attrs.half_pixel =
      mode == "half_pixel" || mode == "pytorch_half_pixel" || mode == "tf_half_pixel_for_nn";
  attrs.align_corners = mode == "align_corners";
  if (!attrs.half_pixel && !attrs.align_corners && mode != "asymmetric")
    throw OnnxUnsupported("coordinate_transformation_mode {}", printable(mode));
  return attrs;
}

/// Of the last two axes; a sequence [N,C,L] is a map of height 1.
void convert_resize(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 4);
  const Shape x = context.shape(node, 0);
  const OpKind kind = kind_of(node);
  ResizeAttrs attrs = coordinates_of(node);
  const Shape y = target(context, node, x);
  const TensorId from = context.input(node, 0);
  const std::optional<Quantization> q = context.builder().tensor(from).quantization;
  if (y == x) return context.result(node, OpKind::kIdentity, {}, {from});
  if (x.size() < 3 || x.size() > 4 || y[0] != x[0] || y[1] != x[1])
    throw OnnxUnsupported("resizing {} to {} (height and width of [N,C,H,W] are)", to_string(x),
                          to_string(y));
  attrs.out_w = y.back();
  attrs.out_h = x.size() == 4 ? y[2] : 1;
  if (x.size() == 4) return context.result(node, kind, attrs, {from}, {.quantization = q});
  const TensorId map = context.reshaped(node, from, {x[0], x[1], 1, x[2]}, "map");
  const TensorId made = context.step(node, kind, attrs, {map}, "resized", {.quantization = q});
  context.result(node, OpKind::kReshape, ReshapeAttrs{.shape = y}, {made});
}

constexpr std::array kRows = {
    OnnxOperator{"Resize", convert_resize},
    OnnxOperator{"Upsample", convert_resize},
};

}  // namespace

std::span<const OnnxOperator> onnx_resize_operators() { return kRows; }

}  // namespace presil
