// Reshapes, and operators that only ask for a shape.

#include <algorithm>
#include <array>

#include "models/tflite_operators.h"

namespace presil {
namespace {

using tflite_schema::BuiltinOperator;

/// Result 0 is operand 0 in `shape` (of the file); elements keep the file's order.
void reshape(TfliteContext& context, const TfliteOp& op, const Shape& shape) {
  const Shape from = context.file_shape(context.input_index(op, 0));
  context.result(op, OpKind::kReshape,
                 ReshapeAttrs{.shape = to_channels_first(shape),
                              .channels_last = from.size() == 4 || shape.size() == 4},
                 {context.input(op, 0)});
}

/// `wanted` with its -1, if any, made to fit `elements`. Throws Error if it cannot.
Shape resolved(Shape wanted, std::int64_t elements, const std::string& where) {
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::int64_t& extent : wanted) {
    if (extent == -1 && open == nullptr) {
      open = &extent;
    } else if (extent < 1 || extent > kMaxTfliteElements ||
               (known *= extent) > kMaxTfliteElements) {
      throw Error("{}: the shape asked for, {}, has an extent that is not positive", where,
                  to_string(wanted));
    }
  }
  if (open != nullptr && elements % known == 0) *open = elements / known;
  if (element_count(wanted) != elements)
    throw Error("{}: {} elements do not fit the shape asked for, {}", where, elements,
                to_string(wanted));
  return wanted;
}

/// From operand 1, else the options, else the result's declaration.
Shape wanted_shape(TfliteContext& context, const TfliteOp& op) {
  if (TfliteContext::has_input(op, 1)) {
    if (const auto known = context.integers(op.inputs[1])) return known->values;
  }
  const auto* options = op.raw->builtin_options_as_ReshapeOptions();
  if (options != nullptr && options->new_shape() != nullptr &&
      options->new_shape()->size() <= kMaxTfliteRank)
    return Shape(options->new_shape()->begin(), options->new_shape()->end());
  const TfliteTensor& output = context.file().tensor(context.output_index(op));
  if (output.open_extents)
    throw TfliteUnsupported("a shape that only running the network would tell");
  return output.shape;
}

void convert_reshape(TfliteContext& context, const TfliteOp& op) {
  const std::int64_t elements = element_count(context.file_shape(context.input_index(op, 0)));
  reshape(context, op, resolved(wanted_shape(context, op), elements, context.file().place(op)));
}

void convert_squeeze(TfliteContext& context, const TfliteOp& op) {
  const Shape from = context.file_shape(context.input_index(op, 0));
  const auto* options = op.raw->builtin_options_as_SqueezeOptions();
  const auto* listed = options == nullptr ? nullptr : options->squeeze_dims();
  std::vector<bool> drop(from.size(), listed == nullptr || listed->size() == 0);
  if (listed != nullptr)
    for (const std::int32_t axis : *listed)
      drop[static_cast<std::size_t>(normalized_axis(axis, from.size(), context.file().place(op)))] =
          true;
  Shape shape;
  for (std::size_t axis = 0; axis < from.size(); ++axis)
    if (!drop[axis] || from[axis] != 1) shape.push_back(from[axis]);
  reshape(context, op, shape);
}

void convert_expand_dims(TfliteContext& context, const TfliteOp& op) {
  Shape shape = context.file_shape(context.input_index(op, 0));
  const auto axis = context.integer_input(op, 1, "the axis");
  if (axis.size() != 1)
    throw Error("{}: must have one axis, has {}", context.file().place(op), axis.size());
  shape.insert(
      shape.begin() + normalized_axis(axis.front(), shape.size() + 1, context.file().place(op)), 1);
  reshape(context, op, shape);
}

void convert_shape(TfliteContext& context, const TfliteOp& op) {
  const Shape shape = context.file_shape(context.input_index(op, 0));
  context.fold(context.output_index(op),
               {.shape = {static_cast<std::int64_t>(shape.size())}, .values = shape});
}

void convert_rank(TfliteContext& context, const TfliteOp& op) {
  const Shape shape = context.file_shape(context.input_index(op, 0));
  context.fold(context.output_index(op),
               {.shape = {}, .values = {static_cast<std::int64_t>(shape.size())}});
}

constexpr std::array kRows = {
    TfliteOperator{BuiltinOperator::RESHAPE, convert_reshape},
    TfliteOperator{BuiltinOperator::SQUEEZE, convert_squeeze},
    TfliteOperator{BuiltinOperator::EXPAND_DIMS, convert_expand_dims},
    TfliteOperator{BuiltinOperator::SHAPE, convert_shape},
    TfliteOperator{BuiltinOperator::RANK, convert_rank},
};

}  // namespace

std::span<const TfliteOperator> tflite_reshape_operators() { return kRows; }

}  // namespace presil
