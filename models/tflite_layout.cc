#include "models/tflite_layout.h"

#include <array>
#include <cstring>

#include "core/error.h"

namespace presil {
namespace {

using Permutation = std::array<std::size_t, 4>;  // result axis i is source axis permutation[i]
constexpr Permutation kChannelsFirst = {0, 3, 1, 2};
constexpr Permutation kChannelsLast = {0, 2, 3, 1};
constexpr Permutation kInputFirst = {3, 0, 1, 2};

Shape permuted(const Shape& shape, const Permutation& permutation) {
  Shape result;
  for (const std::size_t axis : permutation) result.push_back(shape[axis]);
  return result;
}

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

/// `source` holds elements of `width` bytes in the order of the 4-D `shape`.
TensorData permuted_bytes(const std::vector<std::byte>& source, std::size_t width,
                          const Shape& shape, const Permutation& permutation) {
  std::array<std::size_t, 4> stride{};
  std::size_t step = width;
  for (std::size_t axis = 4; axis-- > 0;) {
    stride[axis] = step;
    step *= static_cast<std::size_t>(shape[axis]);
  }
  std::array<std::size_t, 4> extent{}, jump{};
  for (std::size_t axis = 0; axis < 4; ++axis) {
    extent[axis] = static_cast<std::size_t>(shape[permutation[axis]]);
    jump[axis] = stride[permutation[axis]];
  }
  TensorData result(source.size());
  std::byte* to = result.data();
  for (std::size_t a = 0; a < extent[0]; ++a)
    for (std::size_t b = 0; b < extent[1]; ++b)
      for (std::size_t c = 0; c < extent[2]; ++c)
        for (std::size_t d = 0; d < extent[3]; ++d, to += width)
          std::memcpy(to, &source[a * jump[0] + b * jump[1] + c * jump[2] + d * jump[3]], width);
  return result;
}

TensorData permuted_data(const TensorDesc& tensor, const Permutation& permutation) {
  if (tensor.type != DataType::kInt4)
    return permuted_bytes(*tensor.data, static_cast<std::size_t>(bits_of(tensor.type)) / 8,
                          tensor.shape, permutation);
  const auto nibbles = unpacked_int4(*tensor.data, element_count(tensor.shape));
  return packed_int4(permuted_bytes(nibbles, 1, tensor.shape, permutation));
}

void permute(TensorDesc& tensor, const Permutation& permutation) {
  if (tensor.data)
    tensor.data = std::make_shared<const TensorData>(permuted_data(tensor, permutation));
  tensor.shape = permuted(tensor.shape, permutation);
  if (!tensor.quantization || tensor.quantization->axis < 0) return;
  for (std::size_t axis = 0; axis < permutation.size(); ++axis)
    if (permutation[axis] == static_cast<std::size_t>(tensor.quantization->axis)) {
      tensor.quantization->axis = static_cast<int>(axis);
      return;
    }
}

void lift(TensorDesc& tensor) {
  const std::size_t missing = 4 - tensor.shape.size();
  tensor.shape.insert(tensor.shape.begin(), missing, 1);
  if (tensor.quantization && tensor.quantization->axis >= 0)
    tensor.quantization->axis += static_cast<int>(missing);
}

}  // namespace

Shape to_channels_first(const Shape& shape) {
  return shape.size() == 4 ? permuted(shape, kChannelsFirst) : shape;
}

Shape to_channels_last(const Shape& shape) {
  return shape.size() == 4 ? permuted(shape, kChannelsLast) : shape;
}

std::int64_t axis_to_channels_first(std::int64_t axis, std::size_t rank) {
  return rank == 4 ? static_cast<std::int64_t>(kChannelsLast[static_cast<std::size_t>(axis)])
                   : axis;
}

std::vector<std::int64_t> to_channels_first_entries(const std::vector<std::int64_t>& per_axis) {
  return to_channels_first(per_axis);
}

TensorDesc laid_out(TensorDesc tensor, TfliteLayout layout, const std::string& where) {
  const std::size_t rank = tensor.shape.size();
  switch (layout) {
    case TfliteLayout::kPlain:
      if (rank == 4) permute(tensor, kChannelsFirst);
      return tensor;
    case TfliteLayout::kLifted:
      if (rank == 0 || rank > 4) return tensor;
      lift(tensor);
      permute(tensor, kChannelsFirst);
      return tensor;
    case TfliteLayout::kDepthwise:
      if (rank != 4 || tensor.shape[0] != 1)
        throw Error("{}: depthwise weights must be [1,H,W,C*m], are {}", where,
                    to_string(tensor.shape));
      permute(tensor, kInputFirst);
      return tensor;
    case TfliteLayout::kTransposed:
      if (rank != 4)
        throw Error("{}: weights of a transposed convolution must be [O,H,W,I], are {}", where,
                    to_string(tensor.shape));
      permute(tensor, kInputFirst);
      return tensor;
  }
  PRESIL_CHECK(false, "layout {}", static_cast<int>(layout));
  return tensor;
}

}  // namespace presil
