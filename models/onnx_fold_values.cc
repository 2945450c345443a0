// Values from nothing but shapes and attributes, and reductions of constants.

#include <algorithm>
#include <array>
#include <cmath>

#include "models/onnx_fold.h"
#include "models/onnx_layout.h"
#include "models/onnx_rearrange.h"

namespace presil {
namespace {

using Integers = std::vector<std::int64_t>;

void fold_shape(OnnxContext& context, const OnnxNode& node) {
  const Shape shape = context.shape(node, 0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto placed = [&](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const std::int64_t start = placed(node.integer("start", 0));
  const std::int64_t end = std::max(start, placed(node.integer("end", rank)));
  const Integers values(shape.begin() + start, shape.begin() + end);
  context.bind(node, 0, constant_from(DataType::kInt64, {end - start}, values));
}

void fold_size(OnnxContext& context, const OnnxNode& node) {
  const Integers values{bounded_elements(context.shape(node, 0))};
  context.bind(node, 0, constant_from(DataType::kInt64, {}, values));
}

/// Exactly one of the attributes that carry a value.
void fold_constant(OnnxContext& context, const OnnxNode& node) {
  if (const auto* tensor = node.tensor("value"))
    return context.bind(node, 0, constant_of(*tensor, node.place()));
  if (node.has("value_int")) {
    const Integers values{node.integer("value_int", 0)};
    return context.bind(node, 0, constant_from(DataType::kInt64, {}, values));
  }
  if (node.has("value_float")) {
    const std::vector<double> values{node.real("value_float", 0)};
    return context.bind(node, 0, constant_from(DataType::kFloat32, {}, values));
  }
  if (node.has("value_ints")) {
    const Integers values = node.integers("value_ints");
    return context.bind(
        node, 0,
        constant_from(DataType::kInt64, {static_cast<std::int64_t>(values.size())}, values));
  }
  if (node.has("value_floats")) {
    const std::vector<float> given = node.reals("value_floats");
    const std::vector<double> values(given.begin(), given.end());
    return context.bind(
        node, 0,
        constant_from(DataType::kFloat32, {static_cast<std::int64_t>(values.size())}, values));
  }
  throw OnnxUnsupported("a constant that is no tensor, number or list of numbers");
}

void fold_constant_of_shape(OnnxContext& context, const OnnxNode& node) {
  const Shape shape = context.integers(node, 0, "the shape");
  const std::int64_t elements = checked_elements(shape, node.place());
  OnnxConstant value = constant_from(DataType::kFloat32, {1}, std::vector<double>{0});
  if (const auto* tensor = node.tensor("value")) value = constant_of(*tensor, node.place());
  if (bounded_elements(value.shape) != 1)
    throw Error("{}: attribute value must have one element, has shape {}", node.place(),
                to_string(value.shape));
  if (elements > kMaxSpreadElements || !value.data)
    return bind_shape_only(context, node, value.type, shape);
  context.spend(node, elements * static_cast<std::int64_t>(element_bytes(value.type)));
  context.bind(node, 0, expanded(reshaped(value, {}), shape));
}

template <typename T>
void bind_range(OnnxContext& context, const OnnxNode& node, T start, T limit, T delta) {
  const DataType type = context.type(node, 0);
  if (delta == T{0}) throw Error("{}: delta must not be 0", node.place());
  const double count = std::ceil((static_cast<double>(limit) - static_cast<double>(start)) /
                                 static_cast<double>(delta));
  if (!(count <= static_cast<double>(kMaxComputedElements)))
    throw Error("{}: makes {} values; at most {} are supported", node.place(), count,
                kMaxComputedElements);
  std::vector<T> values(count > 0 ? static_cast<std::size_t>(count) : 0);
  context.spend(node, 16 * static_cast<std::int64_t>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = start + static_cast<T>(i) * delta;
  context.bind(
      node, 0,
      constant_from(type, {static_cast<std::int64_t>(values.size())}, std::span<const T>(values)));
}

void fold_range(OnnxContext& context, const OnnxNode& node) {
  for (std::size_t i = 0; i < 3; ++i)
    if (bounded_elements(context.shape(node, i)) != 1)
      throw Error("{}: operand {} must be one number, has shape {}", node.place(), i,
                  to_string(context.shape(node, i)));
  if (is_float(context.type(node, 0))) {
    const auto at = [&](std::size_t i) { return context.reals(node, i, "an operand").front(); };
    return bind_range<double>(context, node, at(0), at(1), at(2));
  }
  const auto at = [&](std::size_t i) { return context.integers(node, i, "an operand").front(); };
  const std::array numbers = {at(0), at(1), at(2)};
  for (const std::int64_t number : numbers)
    if (number > kMaxOnnxElements || number < -kMaxOnnxElements)
      throw Error("{}: {} is beyond +-2^40", node.place(), number);
  bind_range<std::int64_t>(context, node, numbers[0], numbers[1], numbers[2]);
}

/// The places of the elements that are not 0, one column each: [rank, count].
void fold_non_zero(OnnxContext& context, const OnnxNode& node) {
  const Shape shape = context.shape(node, 0);
  const std::int64_t elements = bounded_elements(shape);
  if (elements > kMaxComputedElements)
    throw OnnxUnsupported("{} elements; at most {} are computed", elements, kMaxComputedElements);
  context.spend(node, 64 * elements);
  const auto values = context.reals(node, 0, "operand 0");
  Integers places;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) places.push_back(static_cast<std::int64_t>(i));
  const auto strides = strides_of(shape);
  Integers rows;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    for (const std::int64_t place : places) rows.push_back(place / strides[axis] % shape[axis]);
  if (shape.empty()) rows.assign(places.size(), 0);
  const auto rank = static_cast<std::int64_t>(std::max<std::size_t>(shape.size(), 1));
  context.bind(
      node, 0,
      constant_from(DataType::kInt64, {rank, static_cast<std::int64_t>(places.size())}, rows));
}

void fold_trilu(OnnxContext& context, const OnnxNode& node) {
  const OnnxConstant& x = folded_operand(context, node, 0);
  const std::int64_t k = node.has_input(1) ? context.integers(node, 1, "k").at(0) : 0;
  const bool upper = node.integer("upper", 1) != 0;
  if (x.shape.size() < 2) throw Error("{}: operand 0 must have 2 dimensions or more", node.place());
  if (!x.data) return bind_shape_only(context, node, x.type, x.shape);
  const std::int64_t columns = x.shape.back(), rows = x.shape[x.shape.size() - 2];
  const std::int64_t bound = std::clamp(k, -rows - columns, rows + columns);
  const std::size_t bytes = element_bytes(x.type);
  context.spend(node, static_cast<std::int64_t>(x.data->size()));
  TensorData data = *x.data;
  for (std::int64_t i = 0; i < bounded_elements(x.shape); ++i) {
    const std::int64_t distance = i % columns - i / columns % rows;
    if (upper ? distance >= bound : distance <= bound) continue;
    std::fill_n(data.begin() + i * static_cast<std::ptrdiff_t>(bytes), bytes, std::byte{});
  }
  context.bind(node, 0,
               OnnxConstant{.type = x.type,
                            .shape = x.shape,
                            .data = std::make_shared<const TensorData>(std::move(data))});
}

double reduced(const std::string& type, double sum, double value) {
  if (type == "ReduceProd") return sum * value;
  if (type == "ReduceMax") return std::max(sum, value);
  if (type == "ReduceMin") return std::min(sum, value);
  return sum + value;
}

/// Integers go through double precision: exact below 2^53, which no extent reaches.
void fold_reduce(OnnxContext& context, const OnnxNode& node) {
  const OnnxConstant& x = folded_operand(context, node, 0);
  Integers axes = onnx_axes(context, node, x.shape.size());
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0)
    return context.bind(node, 0, OnnxConstant(x));
  const bool keep = node.integer("keepdims", 1) != 0;
  Shape kept = x.shape, shape;
  for (std::size_t axis = 0; axis < kept.size(); ++axis) {
    const bool gone = axes.empty() || std::find(axes.begin(), axes.end(),
                                                static_cast<std::int64_t>(axis)) != axes.end();
    if (gone) kept[axis] = 1;
    if (!gone || keep) shape.push_back(kept[axis]);
  }
  const std::int64_t elements = bounded_elements(x.shape);
  const std::int64_t made = bounded_elements(kept);
  if (!x.data || elements > kMaxComputedElements || elements == 0)
    return bind_shape_only(context, node, x.type, std::move(shape));
  context.spend(node, 32 * elements);
  const auto values = reals_of(x);
  const auto from = strides_of(x.shape), to = strides_of(kept);
  std::vector<double> sums(static_cast<std::size_t>(made));
  std::vector<bool> begun(sums.size(), false);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t place = 0;
    for (std::size_t axis = 0; axis < kept.size(); ++axis)
      if (kept[axis] != 1)
        place += static_cast<std::int64_t>(i) / from[axis] % kept[axis] * to[axis];
    const auto at = static_cast<std::size_t>(place);
    sums[at] = begun[at] ? reduced(node.type(), sums[at], values[i]) : values[i];
    begun[at] = true;
  }
  if (node.type() == "ReduceMean")
    for (double& sum : sums) sum /= static_cast<double>(elements) / static_cast<double>(made);
  context.bind(node, 0, constant_from(x.type, std::move(shape), sums));
}

constexpr std::array kRows = {
    OnnxFold{"Shape", fold_shape, true},
    OnnxFold{"Size", fold_size, true},
    OnnxFold{"Constant", fold_constant, true},
    OnnxFold{"ConstantOfShape", fold_constant_of_shape},
    OnnxFold{"Range", fold_range},
    OnnxFold{"NonZero", fold_non_zero},
    OnnxFold{"Trilu", fold_trilu},
    OnnxFold{"ReduceProd", fold_reduce},
    OnnxFold{"ReduceSum", fold_reduce},
    OnnxFold{"ReduceMax", fold_reduce},
    OnnxFold{"ReduceMin", fold_reduce},
    OnnxFold{"ReduceMean", fold_reduce},
};

}  // namespace

std::span<const OnnxFold> onnx_value_folds() { return kRows; }

}  // namespace presil
