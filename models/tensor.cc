#include "models/tensor.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace presil {

namespace {

struct TypeRow {
  DataType type;
  std::string_view name;
  int bits;
  bool floating;
};

constexpr std::array kTypes = {
    TypeRow{DataType::kInt4, "int4", 4, false},     TypeRow{DataType::kInt8, "int8", 8, false},
    TypeRow{DataType::kUint8, "uint8", 8, false},   TypeRow{DataType::kInt16, "int16", 16, false},
    TypeRow{DataType::kInt32, "int32", 32, false},  TypeRow{DataType::kInt64, "int64", 64, false},
    TypeRow{DataType::kBool, "bool", 8, false},     TypeRow{DataType::kFloat16, "fp16", 16, true},
    TypeRow{DataType::kBfloat16, "bf16", 16, true}, TypeRow{DataType::kFloat32, "fp32", 32, true},
    TypeRow{DataType::kFloat64, "fp64", 64, true},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (static_cast<std::size_t>(kTypes[i].type) != i) return false;
  return kTypes.size() == static_cast<std::size_t>(DataType::kFloat64) + 1;
}
static_assert(in_enum_order());

const TypeRow& row_of(DataType type) { return kTypes[static_cast<std::size_t>(type)]; }

}  // namespace

int bits_of(DataType type) { return row_of(type).bits; }

std::string_view name_of(DataType type) { return row_of(type).name; }

std::optional<DataType> data_type_from_name(std::string_view name) {
  const auto row = std::find_if(kTypes.begin(), kTypes.end(),
                                [&](const TypeRow& known) { return known.name == name; });
  if (row == kTypes.end()) return std::nullopt;
  return row->type;
}

bool is_float(DataType type) { return row_of(type).floating; }

std::int64_t element_count(const Shape& shape) {
  std::int64_t product = 1;
  bool too_large = false, empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0)
      throw Error("shape {}: extents must not be negative, one is {}", to_string(shape), extent);
    empty = empty || extent == 0;
    too_large = too_large || (extent > 0 && product > kMaxElements / extent);
    if (!too_large && extent > 0) product *= extent;
  }
  if (empty) return 0;
  if (too_large) throw Error("shape {}: more than 2^40 elements", to_string(shape));
  return product;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

std::int64_t byte_count(const TensorDesc& tensor) {
  return (element_count(tensor.shape) * bits_of(tensor.type) + 7) / 8;
}

}  // namespace presil
