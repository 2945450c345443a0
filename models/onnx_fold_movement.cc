// Reshaping, slicing, joining and repeating constants.

#include <array>

#include "models/onnx_fold.h"
#include "models/onnx_layout.h"
#include "models/onnx_rearrange.h"

namespace presil {
namespace {

std::int64_t bytes_of(const OnnxConstant& x) {
  return bounded_elements(x.shape) * static_cast<std::int64_t>(element_bytes(x.type));
}

void fold_identity(OnnxContext& context, const OnnxNode& node) {
  context.bind(node, 0, OnnxConstant(folded_operand(context, node, 0)));
}

void fold_reshape(OnnxContext& context, const OnnxNode& node) {
  context.bind(node, 0,
               reshaped(folded_operand(context, node, 0), onnx_reshape_target(context, node)));
}

void fold_transpose(OnnxContext& context, const OnnxNode& node) {
  const auto perm = onnx_permutation(context, node);
  const OnnxConstant& x = folded_operand(context, node, 0);
  if (x.data) context.spend(node, bytes_of(x));
  context.bind(node, 0, transposed(x, perm));
}

void fold_slice(OnnxContext& context, const OnnxNode& node) {
  const OnnxSlice slice = onnx_slice(context, node);
  const OnnxConstant& x = folded_operand(context, node, 0);
  if (x.data) context.spend(node, bytes_of(x));
  context.bind(node, 0, sliced(x, slice.begins, slice.sizes, slice.steps));
}

void fold_split(OnnxContext& context, const OnnxNode& node) {
  const OnnxConstant& x = folded_operand(context, node, 0);
  const auto axis =
      static_cast<std::size_t>(onnx_axis(node, node.integer("axis", 0), x.shape.size()));
  const auto sizes = onnx_split_sizes(context, node, axis);
  if (x.data) context.spend(node, bytes_of(x));
  std::vector<std::int64_t> begins(x.shape.size(), 0);
  const std::vector<std::int64_t> steps(x.shape.size(), 1);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Shape part = x.shape;
    part[axis] = sizes[i];
    context.bind(node, i, sliced(x, begins, part, steps));
    begins[axis] += sizes[i];
  }
}

void fold_concat(OnnxContext& context, const OnnxNode& node) {
  const Shape first = context.shape(node, 0);
  const auto axis =
      static_cast<std::size_t>(onnx_axis(node, node.integer("axis", 0), first.size()));
  std::vector<const OnnxConstant*> parts;
  std::int64_t bytes = 0, extent = 0;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    const OnnxConstant& part = folded_operand(context, node, i);
    Shape rest = part.shape;
    if (rest.size() == first.size()) rest[axis] = first[axis];
    if (rest != first || part.type != context.type(node, 0))
      throw Error("{}: operand {} {} and operand 0 {} must agree in type and all dimensions but {}",
                  node.place(), i, to_string(part.shape), to_string(first), axis);
    parts.push_back(&part);
    bytes += part.data ? bytes_of(part) : 0;
    extent += part.shape[axis];
  }
  Shape made = first;
  made[axis] = extent;
  checked_elements(made, node.place());
  context.spend(node, bytes);
  context.bind(node, 0, joined(parts, axis));
}

void fold_gather(OnnxContext& context, const OnnxNode& node) {
  const OnnxConstant& table = folded_operand(context, node, 0);
  const auto axis =
      static_cast<std::size_t>(onnx_axis(node, node.integer("axis", 0), table.shape.size()));
  const Shape indices_shape = context.shape(node, 1);
  Shape made(table.shape.begin(), table.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  made.insert(made.end(), indices_shape.begin(), indices_shape.end());
  made.insert(made.end(), table.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
              table.shape.end());
  const std::int64_t elements = checked_elements(made, node.place());
  if (!has_operand_values(context, node))
    return bind_shape_only(context, node, table.type, std::move(made));
  const auto indices = onnx_gather_indices(context, node, axis);
  context.spend(node, elements * static_cast<std::int64_t>(element_bytes(table.type)));
  context.bind(node, 0, gathered(table, indices, indices_shape, axis));
}

/// `from` spread out over `shape` if that is not too large.
template <typename Spread>
void fold_spread(OnnxContext& context, const OnnxNode& node, const Shape& shape, Spread spread) {
  const OnnxConstant& x = folded_operand(context, node, 0);
  const std::int64_t elements = checked_elements(shape, node.place());
  if (elements > kMaxSpreadElements && shape != x.shape)
    return bind_shape_only(context, node, x.type, shape);
  context.spend(node, x.data ? elements * static_cast<std::int64_t>(element_bytes(x.type)) : 0);
  context.bind(node, 0, spread(x));
}

void fold_expand(OnnxContext& context, const OnnxNode& node) {
  const Shape shape = onnx_expand_target(context, node);
  fold_spread(context, node, shape, [&](const OnnxConstant& x) { return expanded(x, shape); });
}

void fold_tile(OnnxContext& context, const OnnxNode& node) {
  const auto repeats = onnx_tile_repeats(context, node);
  Shape shape = context.shape(node, 0);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) shape[axis] *= repeats[axis];
  fold_spread(context, node, shape, [&](const OnnxConstant& x) { return tiled(x, repeats); });
}

constexpr std::array kRows = {
    OnnxFold{"Identity", fold_identity}, OnnxFold{"Reshape", fold_reshape},
    OnnxFold{"Flatten", fold_reshape},   OnnxFold{"Squeeze", fold_reshape},
    OnnxFold{"Unsqueeze", fold_reshape}, OnnxFold{"Transpose", fold_transpose},
    OnnxFold{"Slice", fold_slice},       OnnxFold{"Split", fold_split},
    OnnxFold{"Concat", fold_concat},     OnnxFold{"Gather", fold_gather},
    OnnxFold{"Expand", fold_expand},     OnnxFold{"Tile", fold_tile},
};

}  // namespace

std::span<const OnnxFold> onnx_movement_folds() { return kRows; }

}  // namespace presil
