#pragma once
// A tensor with its values: what goes into and comes out of a network that is executed.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/fixed_point.h"
#include "models/tensor.h"

namespace presil {

/// Row-major, feature maps [N,C,H,W]. `bytes` has exactly byte_count() of them.
struct Tensor {
  DataType type = DataType::kFloat32;
  Shape shape;
  std::optional<Quantization> quantization;
  TensorData bytes;

  std::int64_t elements() const { return element_count(shape); }

  /// The elements as they are stored; sizeof(T) must be the element's size (not for int4).
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <typename T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  bool same_values(const Tensor& other) const {
    return type == other.type && shape == other.shape && bytes == other.bytes;
  }
};

/// Type, shape and quantisation of `desc`, all bytes zero.
Tensor empty_tensor(const TensorDesc& desc);
/// The constant's values. Throws Error naming the tensor if it has no data.
Tensor tensor_of(const TensorDesc& constant);

/// Bounds of the stored values. Integer types and bool only.
IntegerRange range_of(DataType type);

/// The stored elements as integers: integer types and bool, widened.
std::vector<std::int64_t> stored_integers(const Tensor& tensor);
/// Back again, each clamped to the type.
void store_integers(Tensor& tensor, std::span<const std::int64_t> values);
/// As real numbers, through the quantisation if there is one.
std::vector<double> real_values(const Tensor& tensor);
/// Back again: rounded once to the type; through the quantisation halves go away from zero, without
/// one floats and integers are rounded to even and truncated as TFLite's CAST does.
void store_reals(Tensor& tensor, std::span<const double> values);

/// Values for `desc` from a seed: integers over the whole range of the type (32 bits and wider:
/// -1000 to 1000, which sums of a layer can take), bool 0 and 1, floats normal with deviation 1.
/// The same seed gives other values for a tensor of another name.
Tensor random_tensor(const TensorDesc& desc, std::uint64_t seed);

}  // namespace presil
