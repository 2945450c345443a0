#include "models/tensor_permute.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/error.h"

namespace presil {

namespace {

std::vector<std::byte> unpacked_int4(const TensorData& data, std::int64_t elements) {
  std::vector<std::byte> result(static_cast<std::size_t>(elements));
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = (data[i / 2] >> (i % 2 == 0 ? 0 : 4)) & std::byte{0x0f};
  return result;
}

TensorData packed_int4(const std::vector<std::byte>& nibbles) {
  TensorData result((nibbles.size() + 1) / 2);
  for (std::size_t i = 0; i < nibbles.size(); ++i)
    result[i / 2] |= nibbles[i] << (i % 2 == 0 ? 0 : 4);
  return result;
}

/// `source` holds elements of `width` bytes in the order of `shape`.
TensorData permuted_bytes(const std::vector<std::byte>& source, std::size_t width,
                          const Shape& shape, std::span<const std::size_t> permutation) {
  const std::size_t rank = shape.size();
  std::vector<std::size_t> stride(rank), extent(rank), jump(rank), at(rank, 0);
  std::size_t step = width;
  for (std::size_t axis = rank; axis-- > 0;) {
    stride[axis] = step;
    step *= static_cast<std::size_t>(shape[axis]);
  }
  for (std::size_t axis = 0; axis < rank; ++axis) {
    extent[axis] = static_cast<std::size_t>(shape[permutation[axis]]);
    jump[axis] = stride[permutation[axis]];
  }
  TensorData result(source.size());
  std::size_t from = 0;
  for (std::size_t to = 0; to < result.size(); to += width) {
    std::memcpy(&result[to], &source[from], width);
    for (std::size_t axis = rank; axis-- > 0;) {  // count on: the last axis fastest
      from += jump[axis];
      if (++at[axis] < extent[axis]) break;
      from -= jump[axis] * extent[axis];
      at[axis] = 0;
    }
  }
  return result;
}

TensorData permuted_data(const TensorDesc& tensor, std::span<const std::size_t> permutation) {
  if (tensor.type != DataType::kInt4)
    return permuted_bytes(*tensor.data, static_cast<std::size_t>(bits_of(tensor.type)) / 8,
                          tensor.shape, permutation);
  const auto nibbles = unpacked_int4(*tensor.data, element_count(tensor.shape));
  return packed_int4(permuted_bytes(nibbles, 1, tensor.shape, permutation));
}

}  // namespace

Shape permuted(const Shape& shape, std::span<const std::size_t> permutation) {
  PRESIL_CHECK(shape.size() == permutation.size(), "{} permuted by {} axes", to_string(shape),
               permutation.size());
  Shape result;
  for (const std::size_t axis : permutation) result.push_back(shape[axis]);
  return result;
}

TensorDesc permuted(TensorDesc tensor, std::span<const std::size_t> permutation) {
  const Shape shape = permuted(tensor.shape, permutation);
  if (tensor.data)
    tensor.data = std::make_shared<const TensorData>(permuted_data(tensor, permutation));
  tensor.shape = shape;
  if (!tensor.quantization || tensor.quantization->axis < 0) return tensor;
  const auto axis = static_cast<std::size_t>(tensor.quantization->axis);
  const auto place = std::find(permutation.begin(), permutation.end(), axis);
  tensor.quantization->axis = static_cast<int>(place - permutation.begin());
  return tensor;
}

}  // namespace presil
