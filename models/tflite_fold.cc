#include "models/tflite_fold.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace presil {
namespace {

using tflite_schema::BuiltinOperator;
using Integers = TfliteIntegers;
using Operands = std::vector<Integers>;
using Folded = std::optional<Integers>;

constexpr std::int64_t kLargest = std::int64_t{1} << 30;  // of an operand: sums, products fit
constexpr std::size_t kMostElements = 1024;

Integers vector_of(std::vector<std::int64_t> values) {
  return {.shape = {static_cast<std::int64_t>(values.size())}, .values = std::move(values)};
}

Folded binary(const Operands& in,
              const std::function<std::int64_t(std::int64_t, std::int64_t)>& f) {
  if (in.size() != 2) return std::nullopt;
  const bool wide_left = in[0].values.size() >= in[1].values.size();
  const Integers& wide = wide_left ? in[0] : in[1];
  const Integers& narrow = wide_left ? in[1] : in[0];
  if (narrow.values.size() != 1 && narrow.values.size() != wide.values.size()) return std::nullopt;
  Integers result = wide;
  for (std::size_t i = 0; i < wide.values.size(); ++i) {
    const std::int64_t a = in[0].values[in[0].values.size() == 1 ? 0 : i];
    const std::int64_t b = in[1].values[in[1].values.size() == 1 ? 0 : i];
    result.values[i] = f(a, b);
  }
  return result;
}

Folded joined(const Operands& in) {
  std::vector<std::int64_t> values;
  for (const Integers& part : in)
    values.insert(values.end(), part.values.begin(), part.values.end());
  return vector_of(std::move(values));
}

Folded gathered(const Operands& in) {
  if (in.size() != 2) return std::nullopt;
  Integers result{.shape = in[1].shape, .values = {}};
  for (const std::int64_t index : in[1].values) {
    if (index < 0 || index >= static_cast<std::int64_t>(in[0].values.size())) return std::nullopt;
    result.values.push_back(in[0].values[static_cast<std::size_t>(index)]);
  }
  return result;
}

Folded sliced(const Operands& in) {
  if (in.size() != 3 || in[1].values.size() != 1 || in[2].values.size() != 1) return std::nullopt;
  const auto extent = static_cast<std::int64_t>(in[0].values.size());
  const std::int64_t begin = in[1].values[0];
  if (begin < 0 || begin > extent) return std::nullopt;
  const std::int64_t size = in[2].values[0] == -1 ? extent - begin : in[2].values[0];
  if (size < 0 || size > extent - begin) return std::nullopt;
  const auto first = in[0].values.begin() + begin;
  return vector_of({first, first + size});
}

Folded strided(const TfliteOp& op, const Operands& in) {
  const auto* options = op.raw->builtin_options_as_StridedSliceOptions();
  if (options == nullptr || in.size() != 4 || options->ellipsis_mask() != 0 ||
      options->new_axis_mask() != 0 || options->offset())
    return std::nullopt;
  for (std::size_t i = 1; i < 4; ++i)
    if (in[i].values.size() != 1) return std::nullopt;
  const auto extent = static_cast<std::int64_t>(in[0].values.size());
  const bool shrink = (options->shrink_axis_mask() & 1) != 0;
  const auto place = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + extent : at, 0, extent);
  };
  const std::int64_t begin = (options->begin_mask() & 1) != 0 ? 0 : place(in[1].values[0]);
  if (shrink) {
    if (begin >= extent) return std::nullopt;
    return Integers{.shape = {}, .values = {in[0].values[static_cast<std::size_t>(begin)]}};
  }
  const std::int64_t end = (options->end_mask() & 1) != 0 ? extent : place(in[2].values[0]);
  if (in[3].values[0] != 1) return std::nullopt;
  if (end <= begin) return vector_of({});
  return vector_of({in[0].values.begin() + begin, in[0].values.begin() + end});
}

Folded reduced(const Operands& in, bool keep_dims,
               const std::function<std::int64_t(std::int64_t, std::int64_t)>& f,
               std::int64_t start) {
  if (in.empty()) return std::nullopt;
  const std::int64_t value = std::accumulate(in[0].values.begin(), in[0].values.end(), start, f);
  return Integers{.shape = keep_dims ? Shape{1} : Shape{}, .values = {value}};
}

Folded filled(const Operands& in) {
  if (in.size() != 2 || in[0].values.size() != 1 || in[1].values.size() != 1) return std::nullopt;
  const std::int64_t count = in[0].values[0];
  if (count < 0 || count > static_cast<std::int64_t>(kMostElements)) return std::nullopt;
  return vector_of(std::vector<std::int64_t>(static_cast<std::size_t>(count), in[1].values[0]));
}

Folded reshaped(const Operands& in, bool to_vector) {
  if (in.empty() || (!to_vector && in[0].values.size() != 1)) return std::nullopt;
  if (to_vector) return vector_of(in[0].values);
  return Integers{.shape = {}, .values = in[0].values};
}

Folded computed(const TfliteContext& context, const TfliteOp& op, const Operands& in) {
  const auto* reducer = op.raw->builtin_options_as_ReducerOptions();
  const bool keep = reducer != nullptr && reducer->keep_dims();
  const bool to_vector = context.file().tensor(context.output_index(op)).shape.size() == 1;
  switch (op.code) {
    case BuiltinOperator::ADD:
      return binary(in, std::plus<>());
    case BuiltinOperator::SUB:
      return binary(in, std::minus<>());
    case BuiltinOperator::MUL:
      return binary(in, std::multiplies<>());
    case BuiltinOperator::MAXIMUM:
      return binary(in, [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
    case BuiltinOperator::MINIMUM:
      return binary(in, [](std::int64_t a, std::int64_t b) { return std::min(a, b); });
    case BuiltinOperator::PACK:
    case BuiltinOperator::CONCATENATION:
      return joined(in);
    case BuiltinOperator::GATHER:
      return gathered(in);
    case BuiltinOperator::SLICE:
      return sliced(in);
    case BuiltinOperator::STRIDED_SLICE:
      return strided(op, in);
    case BuiltinOperator::SUM:
      return reduced(in, keep, std::plus<>(), 0);
    case BuiltinOperator::REDUCE_PROD:
      return reduced(
          in, keep,
          [](std::int64_t a, std::int64_t b) { return std::clamp(a, -kLargest, kLargest) * b; }, 1);
    case BuiltinOperator::FILL:
      return filled(in);
    case BuiltinOperator::CAST:
      return in.empty() ? Folded{} : Folded{in[0]};
    case BuiltinOperator::RESHAPE:
    case BuiltinOperator::SQUEEZE:
    case BuiltinOperator::EXPAND_DIMS:
      return reshaped(in, to_vector);
    default:
      return std::nullopt;  // any other operator of the 160 is simply not folded
  }
}

}  // namespace

bool fold_tflite_integers(TfliteContext& context, const TfliteOp& op) {
  if (op.outputs.size() != 1 || op.inputs.empty()) return false;
  const auto type = context.file().tensor(op.outputs[0]).type;
  if (type != DataType::kInt32 && type != DataType::kInt64) return false;
  Operands operands;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (!TfliteContext::has_input(op, i)) return false;
    auto known = context.integers(op.inputs[i]);
    if (!known || known->shape.size() > 1 || known->values.size() > kMostElements) return false;
    const auto too_large = [](std::int64_t value) { return value > kLargest || value < -kLargest; };
    const bool index_like = op.code == BuiltinOperator::STRIDED_SLICE && i > 0;
    if (!index_like && std::any_of(known->values.begin(), known->values.end(), too_large))
      return false;
    operands.push_back(std::move(*known));
  }
  auto result = computed(context, op, operands);
  if (!result || result->values.size() > kMostElements) return false;
  context.fold(op.outputs[0], std::move(*result));
  return true;
}

}  // namespace presil
