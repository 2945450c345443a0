#include "models/onnx_rearrange.h"

#include <algorithm>

namespace presil {
namespace {

std::size_t bytes_of(const Shape& shape, DataType type) {
  return static_cast<std::size_t>(element_count(shape)) * element_bytes(type);
}

/// Copies rows of the last axis; `kBytes` is the width of an element.
template <std::size_t kBytes>
void copy_strided(const std::byte* from, std::byte* to, const Shape& shape, std::int64_t offset,
                  const std::vector<std::int64_t>& strides) {
  const std::size_t rank = shape.size();
  const std::int64_t row = rank == 0 ? 1 : shape.back();
  const std::int64_t row_stride = rank == 0 ? 0 : strides.back();
  std::vector<std::int64_t> at(rank, 0);
  const std::int64_t rows = element_count(shape) / std::max<std::int64_t>(row, 1);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t source = offset;
    for (std::size_t axis = 0; axis + 1 < rank; ++axis) source += at[axis] * strides[axis];
    for (std::int64_t i = 0; i < row; ++i, source += row_stride, to += kBytes)
      std::memcpy(to, from + source * static_cast<std::int64_t>(kBytes), kBytes);
    for (std::size_t axis = rank; axis-- > 1;) {
      if (++at[axis - 1] < shape[axis - 1]) break;
      at[axis - 1] = 0;
    }
  }
}

std::int64_t product(Shape::const_iterator first, Shape::const_iterator last) {
  std::int64_t result = 1;
  for (; first != last; ++first) result *= *first;
  return result;
}

}  // namespace

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;)
    strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

OnnxConstant strided(const OnnxConstant& from, const Shape& shape, std::int64_t offset,
                     const std::vector<std::int64_t>& strides) {
  OnnxConstant result{.type = from.type, .shape = shape, .data = nullptr};
  if (!from.data) return result;
  auto data = std::make_shared<TensorData>(bytes_of(shape, from.type));
  if (!data->empty()) {
    switch (element_bytes(from.type)) {
      case 1:
        copy_strided<1>(from.data->data(), data->data(), shape, offset, strides);
        break;
      case 2:
        copy_strided<2>(from.data->data(), data->data(), shape, offset, strides);
        break;
      case 4:
        copy_strided<4>(from.data->data(), data->data(), shape, offset, strides);
        break;
      default:
        copy_strided<8>(from.data->data(), data->data(), shape, offset, strides);
        break;
    }
  }
  result.data = std::move(data);
  return result;
}

OnnxConstant reshaped(const OnnxConstant& from, Shape shape) {
  return {.type = from.type, .shape = std::move(shape), .data = from.data};
}

OnnxConstant transposed(const OnnxConstant& from, const std::vector<std::int64_t>& perm) {
  const std::vector<std::int64_t> strides = strides_of(from.shape);
  Shape shape;
  std::vector<std::int64_t> moved;
  for (const std::int64_t axis : perm) {
    shape.push_back(from.shape[static_cast<std::size_t>(axis)]);
    moved.push_back(strides[static_cast<std::size_t>(axis)]);
  }
  return strided(from, shape, 0, moved);
}

OnnxConstant sliced(const OnnxConstant& from, const std::vector<std::int64_t>& begins,
                    const std::vector<std::int64_t>& sizes,
                    const std::vector<std::int64_t>& steps) {
  std::vector<std::int64_t> strides = strides_of(from.shape);
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    offset += begins[axis] * strides[axis];
    strides[axis] *= sizes[axis] > 1 ? steps[axis] : 0;
  }
  return strided(from, sizes, offset, strides);
}

OnnxConstant expanded(const OnnxConstant& from, const Shape& shape) {
  const std::vector<std::int64_t> strides = strides_of(from.shape);
  std::vector<std::int64_t> spread(shape.size(), 0);
  const std::size_t offset = shape.size() - from.shape.size();
  for (std::size_t axis = 0; axis < strides.size(); ++axis)
    if (from.shape[axis] != 1) spread[offset + axis] = strides[axis];
  return strided(from, shape, 0, spread);
}

OnnxConstant tiled(const OnnxConstant& from, const std::vector<std::int64_t>& repeats) {
  const std::vector<std::int64_t> strides = strides_of(from.shape);
  Shape pairs, shape;
  std::vector<std::int64_t> spread;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    pairs.insert(pairs.end(), {repeats[axis], from.shape[axis]});
    spread.insert(spread.end(), {0, strides[axis]});
    shape.push_back(repeats[axis] * from.shape[axis]);
  }
  return reshaped(strided(from, pairs, 0, spread), std::move(shape));
}

OnnxConstant joined(const std::vector<const OnnxConstant*>& parts, std::size_t axis) {
  OnnxConstant result{.type = parts.front()->type, .shape = parts.front()->shape, .data = nullptr};
  std::int64_t extent = 0;
  bool known = true;
  for (const OnnxConstant* part : parts) {
    extent += part->shape[axis];
    known = known && part->data != nullptr;
  }
  result.shape[axis] = extent;
  if (!known) return result;
  const auto middle = static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer = product(result.shape.begin(), result.shape.begin() + middle);
  TensorData data;
  data.reserve(bytes_of(result.shape, result.type));
  for (std::int64_t i = 0; i < outer; ++i)
    for (const OnnxConstant* part : parts) {
      const auto bytes =
          static_cast<std::ptrdiff_t>(part->data->size()) / std::max<std::int64_t>(outer, 1);
      const auto first = part->data->begin() + i * bytes;
      data.insert(data.end(), first, first + bytes);
    }
  result.data = std::make_shared<const TensorData>(std::move(data));
  return result;
}

OnnxConstant gathered(const OnnxConstant& from, const std::vector<std::int64_t>& indices,
                      const Shape& indices_shape, std::size_t axis) {
  const auto middle = from.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer = product(from.shape.begin(), middle);
  const std::int64_t inner = product(middle + 1, from.shape.end());
  OnnxConstant result{.type = from.type, .shape = {from.shape.begin(), middle}, .data = nullptr};
  result.shape.insert(result.shape.end(), indices_shape.begin(), indices_shape.end());
  result.shape.insert(result.shape.end(), middle + 1, from.shape.end());
  if (!from.data) return result;
  const std::int64_t bytes = inner * static_cast<std::int64_t>(element_bytes(from.type));
  TensorData data;
  data.reserve(bytes_of(result.shape, from.type));
  for (std::int64_t i = 0; i < outer; ++i)
    for (const std::int64_t index : indices) {
      const auto first = from.data->begin() + (i * *middle + index) * bytes;
      data.insert(data.end(), first, first + bytes);
    }
  result.data = std::make_shared<const TensorData>(std::move(data));
  return result;
}

}  // namespace presil
