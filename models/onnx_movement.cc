// Reshaping, slicing, joining, gathering, repeating.

#include <algorithm>
#include <array>

#include "models/onnx_layout.h"
#include "models/onnx_operators.h"
#include "models/onnx_rearrange.h"

namespace presil {
namespace {

void convert_reshape(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 2);
  context.result(node, OpKind::kReshape, ReshapeAttrs{.shape = onnx_reshape_target(context, node)},
                 {context.input(node, 0)});
}

void convert_transpose(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  auto perm = onnx_permutation(context, node);
  const OnnxValue& x = context.value(node, 0);
  if (!x.dequantized)
    return context.result(node, OpKind::kTranspose, TransposeAttrs{.perm = std::move(perm)},
                          {context.input(node, 0)});
  // Weights of a QDQ model stay weights.
  OnnxDequantized weights = *x.dequantized;
  if (weights.stored.data)
    context.spend(node, static_cast<std::int64_t>(weights.stored.data->size()));
  weights.stored = transposed(weights.stored, perm);
  if (weights.quantization && weights.quantization->axis >= 0)
    weights.quantization->axis = static_cast<int>(
        std::find(perm.begin(), perm.end(), weights.quantization->axis) - perm.begin());
  context.dequantize(node, std::move(weights), context.builder().tensor(x.id).type);
}

/// Empty parts (constants without elements) add nothing.
void convert_concat(OnnxContext& context, const OnnxNode& node) {
  std::vector<TensorId> parts;
  std::size_t rank = 0;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (bounded_elements(context.shape(node, i)) == 0) continue;
    rank = context.rank(node, i);
    parts.push_back(context.input(node, i));
  }
  if (parts.empty()) throw Error("{}: must have operands", node.place());
  const std::int64_t axis = onnx_axis(node, node.integer("axis", 0), rank);
  context.result(node, OpKind::kConcat, AxisAttrs{.axis = axis}, std::move(parts));
}

void convert_split(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 2);
  const Shape x = context.shape(node, 0);
  const std::int64_t axis = onnx_axis(node, node.integer("axis", 0), x.size());
  std::vector<Shape> shapes;
  for (const std::int64_t size : onnx_split_sizes(context, node, static_cast<std::size_t>(axis))) {
    shapes.push_back(x);
    shapes.back()[static_cast<std::size_t>(axis)] = size;
  }
  context.results(node, OpKind::kSplit, AxisAttrs{.axis = axis}, {context.input(node, 0)}, shapes);
}

TensorId index_constant(OnnxContext& context, const OnnxNode& node,
                        const std::vector<std::int64_t>& indices, Shape shape) {
  context.spend(node, 8 * static_cast<std::int64_t>(indices.size()));
  return context.add_constant(constant_from(DataType::kInt64, std::move(shape), indices),
                              context.unique_name(node.name(), "indices"));
}

/// kSlice goes forward; along the axes that run backward the elements are gathered.
void convert_slice(OnnxContext& context, const OnnxNode& node) {
  const OnnxSlice slice = onnx_slice(context, node);
  SliceAttrs forward{.begin = slice.begins, .size = slice.sizes, .step = slice.steps};
  std::vector<std::size_t> backward;
  for (std::size_t axis = 0; axis < slice.sizes.size(); ++axis) {
    if (slice.sizes[axis] == 0)
      throw Error("{}: selects nothing along axis {} of {}", node.place(), axis,
                  to_string(context.shape(node, 0)));
    if (slice.steps[axis] > 0) continue;
    backward.push_back(axis);
    forward.begin[axis] += (slice.sizes[axis] - 1) * slice.steps[axis];
    forward.step[axis] = -slice.steps[axis];
  }
  if (backward.empty())
    return context.result(node, OpKind::kSlice, std::move(forward), {context.input(node, 0)});
  TensorId x =
      context.step(node, OpKind::kSlice, std::move(forward), {context.input(node, 0)}, "slice");
  for (const std::size_t axis : backward) {
    if (slice.sizes[axis] > kMaxOnnxReversed)
      throw OnnxUnsupported("a negative step over {} elements", slice.sizes[axis]);
    std::vector<std::int64_t> indices;
    for (std::int64_t i = slice.sizes[axis]; i-- > 0;) indices.push_back(i);
    const std::vector<TensorId> operands{
        x, index_constant(context, node, indices, {slice.sizes[axis]})};
    const AxisAttrs along{.axis = static_cast<std::int64_t>(axis)};
    if (axis == backward.back()) return context.result(node, OpKind::kGather, along, operands);
    x = context.step(node, OpKind::kGather, along, operands, fmt::format("reverse {}", axis));
  }
}

/// Constant indices are counted from 0 here, so that a kGather never sees a negative one.
void convert_gather(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 2);
  const std::int64_t axis = onnx_axis(node, node.integer("axis", 0), context.rank(node, 0));
  const OnnxConstant* known = context.constant(node, 1);
  TensorId indices = kNoTensor;
  if (known != nullptr && known->data) {
    const auto values = onnx_gather_indices(context, node, static_cast<std::size_t>(axis));
    if (values != integers_of(*known))
      indices = index_constant(context, node, values, known->shape);
  }
  if (indices == kNoTensor) indices = context.input(node, 1);
  context.result(node, OpKind::kGather, AxisAttrs{.axis = axis}, {context.input(node, 0), indices});
}

void convert_expand(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 2);
  const Shape shape = onnx_expand_target(context, node);
  const TensorId x = context.input(node, 0);
  if (shape == context.shape_of(x)) return context.result(node, OpKind::kIdentity, {}, {x});
  context.result(node, OpKind::kExpand, ReshapeAttrs{.shape = shape}, {x});
}

/// [..., d, ...] -> [..., 1, d, ...] -> [..., r, d, ...] -> [..., r * d, ...] at once for all axes.
void convert_tile(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 2);
  const Shape x = context.shape(node, 0);
  const auto repeats = onnx_tile_repeats(context, node);
  Shape apart, spread, made;
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    if (repeats[axis] == 0) throw Error("{}: repeats nothing along axis {}", node.place(), axis);
    if (repeats[axis] > 1 && x[axis] > 1) {
      apart.push_back(1);
      spread.push_back(repeats[axis]);
    }
    apart.push_back(x[axis]);
    spread.push_back(x[axis] == 1 ? repeats[axis] : x[axis]);
    made.push_back(x[axis] * repeats[axis]);
  }
  const TensorId from = context.input(node, 0);
  if (made == x) return context.result(node, OpKind::kIdentity, {}, {from});
  const TensorId parts = context.reshaped(node, from, apart, "apart");
  const OpAttrs expand = ReshapeAttrs{.shape = spread};
  if (spread == made) return context.result(node, OpKind::kExpand, expand, {parts});
  context.result(node, OpKind::kReshape, ReshapeAttrs{.shape = made},
                 {context.step(node, OpKind::kExpand, expand, {parts}, "spread")});
}

void convert_depth_to_space(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  const std::string mode = node.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    throw Error("{}: mode must be DCR or CRD, is \"{}\"", node.place(), printable(mode));
  context.result(
      node, OpKind::kDepthToSpace,
      BlockAttrs{.block = node.integer("blocksize", 0), .column_row_depth = mode == "CRD"},
      {context.input(node, 0)});
}

void convert_space_to_depth(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  context.result(node, OpKind::kSpaceToDepth, BlockAttrs{.block = node.integer("blocksize", 0)},
                 {context.input(node, 0)});
}

constexpr std::array kRows = {
    OnnxOperator{"Reshape", convert_reshape},
    OnnxOperator{"Flatten", convert_reshape},
    OnnxOperator{"Squeeze", convert_reshape},
    OnnxOperator{"Unsqueeze", convert_reshape},
    OnnxOperator{"Transpose", convert_transpose},
    OnnxOperator{"Concat", convert_concat},
    OnnxOperator{"Split", convert_split},
    OnnxOperator{"Slice", convert_slice},
    OnnxOperator{"Gather", convert_gather},
    OnnxOperator{"Expand", convert_expand},
    OnnxOperator{"Tile", convert_tile},
    OnnxOperator{"DepthToSpace", convert_depth_to_space},
    OnnxOperator{"SpaceToDepth", convert_space_to_depth},
};

}  // namespace

std::span<const OnnxOperator> onnx_movement_operators() { return kRows; }

}  // namespace presil
