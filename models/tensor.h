#pragma once
// What flows between operators: element types, shapes, quantisation, and (optionally) values.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace presil {

enum class DataType : std::uint8_t {
  kInt4,
  kInt8,
  kUint8,
  kInt16,
  kInt32,
  kInt64,
  kBool,
  kFloat16,
  kBfloat16,
  kFloat32,
  kFloat64,
};

/// Bits of one element as stored in memory (kInt4: 4, kBool: 8).
int bits_of(DataType type);
/// "int8", "fp16", "bf16", "fp32", ...: the spelling in every file and table.
std::string_view name_of(DataType type);
/// The inverse of name_of. Empty for an unknown name.
std::optional<DataType> data_type_from_name(std::string_view name);
bool is_float(DataType type);

/// Extents, outermost first. Feature maps are [N,C,H,W] (1-D ones [N,C,L]); matrices and sequences
/// keep their features last ([M,K], [N,T,F], [N,heads,T,D]). Every extent >= 1; a scalar is {}.
using Shape = std::vector<std::int64_t>;

/// Bounds of every tensor of a Graph. Below them no product of a few extents overflows 64 bits.
inline constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;

/// Product of the extents; 1 for a scalar, 0 if an extent is. Throws Error if an extent is negative
/// or the product is above kMaxElements.
std::int64_t element_count(const Shape& shape);
/// "[1,3,224,224]".
std::string to_string(const Shape& shape);

/// Affine quantisation: real = scale * (stored - zero_point). One entry a tensor, or one a slice
/// along `axis` (then axis >= 0, in the order of the tensor's Shape as kept here).
struct Quantization {
  std::vector<float> scale;
  std::vector<std::int64_t> zero_point;
  int axis = -1;
};

/// Raw values, row-major in the tensor's Shape, little-endian; int4 packed low nibble first.
using TensorData = std::vector<std::byte>;

using TensorId = std::int32_t;
inline constexpr TensorId kNoTensor = -1;  ///< an optional operand that is absent

/// One value of the graph. `constant` tensors are weights, biases and tables; they may lack `data`
/// (dims only), which is enough for timing.
struct TensorDesc {
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;
  bool constant = false;
  std::optional<Quantization> quantization;
  std::shared_ptr<const TensorData> data;
};

/// Bytes of the unpadded tensor: ceil(elements * bits / 8). Throws Error as element_count does.
std::int64_t byte_count(const TensorDesc& tensor);

}  // namespace presil
