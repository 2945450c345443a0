// Pad, in its three modes.

#include <algorithm>
#include <array>

#include "models/onnx_layout.h"
#include "models/onnx_operators.h"

namespace presil {
namespace {

/// Elements to add before and behind each axis; negative ones are cut off.
struct Pads {
  std::vector<std::int64_t> before, after;
};

Pads pads_of(OnnxContext& context, const OnnxNode& node) {
  const std::size_t rank = context.rank(node, 0);
  const auto all =
      node.opset() < 11 ? node.integers("pads") : context.integers(node, 1, "the pads");
  if (all.size() != 2 * rank)
    throw Error("{}: must have {} pads for the {} axes of operand 0, has {}", node.place(),
                2 * rank, rank, all.size());
  for (const std::int64_t pad : all)
    if (pad > kMaxOnnxExtent || pad < -kMaxOnnxExtent)
      throw Error("{}: pad {} is beyond 2^31", node.place(), pad);
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(rank);
  return {{all.begin(), middle}, {middle, all.end()}};
}

void pad_with_value(OnnxContext& context, const OnnxNode& node, Pads pads) {
  const Shape x = context.shape(node, 0);
  PadAttrs attrs{.before = pads.before, .after = pads.after};
  attrs.value = node.opset() < 11 ? node.real("value", 0)
                                  : static_cast<float>(context.known_scalar(node, 2).value_or(0));
  SliceAttrs cut{.begin = std::vector<std::int64_t>(x.size(), 0),
                 .size = x,
                 .step = std::vector<std::int64_t>(x.size(), 1)};
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    cut.begin[axis] = std::max<std::int64_t>(-pads.before[axis], 0);
    cut.size[axis] -= cut.begin[axis] + std::max<std::int64_t>(-pads.after[axis], 0);
    attrs.before[axis] = std::max<std::int64_t>(pads.before[axis], 0);
    attrs.after[axis] = std::max<std::int64_t>(pads.after[axis], 0);
    if (cut.size[axis] < 1)
      throw Error("{}: negative pads leave nothing along axis {} of {}", node.place(), axis,
                  to_string(x));
  }
  TensorId from = context.input(node, 0);
  const auto none = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [](std::int64_t value) { return value == 0; });
  };
  const bool only_cut = none(attrs.before) && none(attrs.after);
  if (cut.size != x) {
    if (only_cut) return context.result(node, OpKind::kSlice, std::move(cut), {from});
    from = context.step(node, OpKind::kSlice, std::move(cut), {from}, "cut");
  }
  if (only_cut) return context.result(node, OpKind::kIdentity, {}, {from});
  context.result(node, OpKind::kPad, std::move(attrs), {from});
}

/// Where the elements of one padded axis come from.
std::vector<std::int64_t> sources(const OnnxNode& node, std::int64_t extent, std::int64_t before,
                                  std::int64_t after, bool reflect) {
  const std::int64_t made = before + extent + after;
  if (made < 1 || made > kMaxOnnxReversed)
    throw Error("{}: pads {} and {} make {} elements of {}; 1 to {} are supported", node.place(),
                before, after, made, extent, kMaxOnnxReversed);
  if (reflect && std::max(before, after) >= extent)
    throw Error("{}: pads {} and {} reflect more than the {} elements there are", node.place(),
                before, after, extent);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = -before; i < extent + after; ++i) {
    const std::int64_t mirrored = i < 0 ? -i : i >= extent ? 2 * (extent - 1) - i : i;
    indices.push_back(reflect ? mirrored : std::clamp<std::int64_t>(i, 0, extent - 1));
  }
  return indices;
}

/// Reflected and repeated edges are gathered, one axis after the other.
void pad_from_itself(OnnxContext& context, const OnnxNode& node, const Pads& pads, bool reflect) {
  const Shape x = context.shape(node, 0);
  TensorId from = context.input(node, 0);
  std::vector<std::size_t> axes;
  for (std::size_t axis = 0; axis < x.size(); ++axis)
    if (pads.before[axis] != 0 || pads.after[axis] != 0) axes.push_back(axis);
  if (axes.empty()) return context.result(node, OpKind::kIdentity, {}, {from});
  for (const std::size_t axis : axes) {
    const auto indices = sources(node, x[axis], pads.before[axis], pads.after[axis], reflect);
    const Shape shape{static_cast<std::int64_t>(indices.size())};
    context.spend(node, 8 * shape[0]);
    const std::vector<TensorId> operands{
        from, context.add_constant(constant_from(DataType::kInt64, shape, indices),
                                   context.unique_name(node.name(), "indices"))};
    const AxisAttrs along{.axis = static_cast<std::int64_t>(axis)};
    if (axis == axes.back()) return context.result(node, OpKind::kGather, along, operands);
    from = context.step(node, OpKind::kGather, along, operands, fmt::format("axis {}", axis));
  }
}

void convert_pad(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 3);
  const std::string mode = node.text("mode", "constant");
  const Pads pads = pads_of(context, node);
  if (mode == "constant") return pad_with_value(context, node, pads);
  if (mode == "reflect" || mode == "edge")
    return pad_from_itself(context, node, pads, mode == "reflect");
  throw Error("{}: mode must be constant, reflect or edge, is \"{}\"", node.place(),
              printable(mode));
}

constexpr std::array kRows = {OnnxOperator{"Pad", convert_pad}};

}  // namespace

std::span<const OnnxOperator> onnx_pad_operators() { return kRows; }

}  // namespace presil
