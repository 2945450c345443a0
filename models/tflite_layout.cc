#include "models/tflite_layout.h"

#include <array>

#include "core/error.h"
#include "models/tensor_permute.h"

namespace presil {
namespace {

using Permutation = std::array<std::size_t, 4>;  // result axis i is source axis permutation[i]
constexpr Permutation kChannelsFirst = {0, 3, 1, 2};
constexpr Permutation kChannelsLast = {0, 2, 3, 1};
constexpr Permutation kInputFirst = {3, 0, 1, 2};

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
      if (rank == 4) tensor = permuted(std::move(tensor), kChannelsFirst);
      return tensor;
    case TfliteLayout::kLifted:
      if (rank == 0 || rank > 4) return tensor;
      lift(tensor);
      return permuted(std::move(tensor), kChannelsFirst);
    case TfliteLayout::kDepthwise:
      if (rank != 4 || tensor.shape[0] != 1)
        throw Error("{}: depthwise weights must be [1,H,W,C*m], are {}", where,
                    to_string(tensor.shape));
      return permuted(std::move(tensor), kInputFirst);
    case TfliteLayout::kTransposed:
      if (rank != 4)
        throw Error("{}: weights of a transposed convolution must be [O,H,W,I], are {}", where,
                    to_string(tensor.shape));
      return permuted(std::move(tensor), kInputFirst);
  }
  PRESIL_CHECK(false, "layout {}", static_cast<int>(layout));
  return tensor;
}

}  // namespace presil
