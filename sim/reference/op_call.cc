#include "sim/reference/op_call.h"

#include <algorithm>
#include <cstring>

namespace presil::reference {

bool is_8_bit(const Tensor& tensor) {
  return tensor.type == DataType::kInt8 || tensor.type == DataType::kUint8;
}

bool is_fixed_point(const Tensor& tensor) {
  return tensor.quantization && (is_8_bit(tensor) || tensor.type == DataType::kInt16);
}

bool same_quantization(const Tensor& a, const Tensor& b) {
  if (!a.quantization || !b.quantization) return !a.quantization && !b.quantization;
  return a.quantization->scale == b.quantization->scale &&
         a.quantization->zero_point == b.quantization->zero_point;
}

ScaleAndZero scale_of(const OpCall& call, const Tensor& tensor) {
  if (!tensor.quantization) return {};
  const Quantization& q = *tensor.quantization;
  if (q.scale.size() != 1)
    call.fail(fmt::format("{} has {} scales; an activation has one", to_string(tensor.shape),
                          q.scale.size()));
  return {q.scale.front(), q.zero_point.front()};
}

Lines lines_of(const Shape& shape, std::int64_t axis) {
  Lines lines;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto extent = static_cast<std::size_t>(shape[i]);
    const auto at = static_cast<std::int64_t>(i);
    (at < axis ? lines.outer : at == axis ? lines.extent : lines.inner) *= extent;
  }
  return lines;
}

std::vector<std::size_t> strides_of(const Shape& shape) {
  std::vector<std::size_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * static_cast<std::size_t>(shape[i]);
  return strides;
}

std::vector<std::size_t> broadcast_sources(const Shape& from, const Shape& to) {
  const std::vector<std::size_t> own = strides_of(from);
  std::vector<std::size_t> step(to.size(), 0);
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1) step[to.size() - from.size() + i] = own[i];
  std::vector<std::size_t> sources(static_cast<std::size_t>(element_count(to)));
  Shape index(to.size(), 0);
  std::size_t source = 0;
  for (std::size_t& element : sources) {
    element = source;
    for (std::size_t axis = to.size(); axis-- > 0;) {
      source += step[axis];
      if (++index[axis] < to[axis]) break;
      source -= step[axis] * static_cast<std::size_t>(to[axis]);
      index[axis] = 0;
    }
  }
  return sources;
}

std::vector<std::int64_t> rescaled_integers(const OpCall& call, const Tensor& source,
                                            const Tensor& result) {
  std::vector<std::int64_t> values = stored_integers(source);
  if (same_quantization(source, result)) return values;
  const Rescale convert =
      rescale(scale_of(call, source), scale_of(call, result), range_of(result.type));
  for (std::int64_t& value : values) value = convert(static_cast<std::int32_t>(value));
  return values;
}

void take_elements(const OpCall& call, const Tensor& source, std::span<const std::size_t> indices,
                   Tensor& result) {
  const bool plain = source.type == result.type && source.type != DataType::kInt4 &&
                     (is_float(source.type) || same_quantization(source, result));
  if (plain) {
    const auto width = static_cast<std::size_t>(bits_of(source.type)) / 8;
    for (std::size_t i = 0; i < indices.size(); ++i)
      if (indices[i] != kNoSource)
        std::memcpy(&result.bytes[i * width], &source.bytes[indices[i] * width], width);
    return;
  }
  const std::vector<std::int64_t> from = rescaled_integers(call, source, result);
  std::vector<std::int64_t> to = stored_integers(result);
  for (std::size_t i = 0; i < indices.size(); ++i)
    if (indices[i] != kNoSource) to[i] = from[indices[i]];
  store_integers(result, to);
}

}  // namespace presil::reference
