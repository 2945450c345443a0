// Shapes of elementwise operators, normalisations and reductions.

#include <algorithm>

#include "models/shape_rules.h"

namespace presil {

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() < b.size() ? b : a;
  const Shape& shorter = a.size() < b.size() ? a : b;
  Shape result = longer;
  const std::size_t offset = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& extent = result[offset + i];
    if (extent != shorter[i] && extent != 1 && shorter[i] != 1) return std::nullopt;
    extent = std::max(extent, shorter[i]);
  }
  return result;
}

Shapes broadcast_shapes(const OpView& op) {
  Shape result = op.shape(0);
  for (std::size_t i = 1; i < op.input_count(); ++i) {
    const auto joined = broadcast(result, op.shape(i));
    if (!joined)
      op.fail("operand {} {} does not broadcast with {}", i, to_string(op.shape(i)),
              to_string(result));
    result = *joined;
  }
  return {result};
}

Shapes prelu_shapes(const OpView& op) {
  if (broadcast(op.shape(0), op.shape(1)) != op.shape(0))
    op.fail("operand 1 (slope) {} does not broadcast to x {}", to_string(op.shape(1)),
            to_string(op.shape(0)));
  return {op.shape(0)};
}

Shapes same_shapes(const OpView& op) { return {op.shape(0)}; }

Shapes softmax_shapes(const OpView& op) {
  op.require_axis(op.attrs<AxisAttrs>().axis);
  return {op.shape(0)};
}

Shapes layer_norm_shapes(const OpView& op) {
  const std::int64_t axis = op.attrs<NormAttrs>().axis;
  op.require_axis(axis);
  const Shape features(op.shape(0).begin() + axis, op.shape(0).end());
  op.require_shape(1, "scale", features);
  op.require_shape(2, "bias", features);
  return {op.shape(0)};
}

Shapes channel_norm_shapes(const OpView& op) {
  op.require_rank(0, "x", 2, 8);
  if (op.attrs<NormAttrs>().axis != 1)
    op.fail("the axis of the channels must be 1, is {}", op.attrs<NormAttrs>().axis);
  const Shape channels{op.shape(0)[1]};
  op.require_shape(1, "scale", channels);
  op.require_shape(2, "bias", channels);
  op.require_shape(3, "mean", channels);
  op.require_shape(4, "variance", channels);
  return {op.shape(0)};
}

Shapes lrn_shapes(const OpView& op) {
  op.require_rank(0, "x", 3, 4);
  op.require_range("size", op.attrs<LrnAttrs>().size, 1);
  return {op.shape(0)};
}

Shapes reduce_shapes(const OpView& op) {
  const ReduceAttrs& attrs = op.attrs<ReduceAttrs>();
  if (attrs.axes.empty()) op.fail("must have at least one axis");
  std::vector<bool> reduced(op.shape(0).size(), false);
  for (const std::int64_t axis : attrs.axes) {
    op.require_axis(axis);
    if (reduced[static_cast<std::size_t>(axis)]) op.fail("axis {} is given twice", axis);
    reduced[static_cast<std::size_t>(axis)] = true;
  }
  Shape y;
  for (std::size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i]) y.push_back(op.shape(0)[i]);
    if (reduced[i] && attrs.keep_dims) y.push_back(1);
  }
  return {y};
}

Shapes arg_max_shapes(const OpView& op) {
  const std::size_t axes = op.attrs<ReduceAttrs>().axes.size();
  if (axes != 1) op.fail("must have one axis, has {}", axes);
  return reduce_shapes(op);
}

}  // namespace presil
