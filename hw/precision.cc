#include "hw/precision.h"

#include <array>

#include "core/error.h"

namespace presil {

namespace {

struct Row {
  Precision precision;
  std::string_view name;
  int bits;
};
constexpr std::array<Row, kPrecisionCount> kTable = {{
    {Precision::kInt4, "int4", 4},
    {Precision::kInt8, "int8", 8},
    {Precision::kInt16, "int16", 16},
    {Precision::kInt32, "int32", 32},
    {Precision::kFp16, "fp16", 16},
    {Precision::kBf16, "bf16", 16},
    {Precision::kFp32, "fp32", 32},
}};

const Row& row_of(Precision precision) {
  const auto index = static_cast<std::size_t>(precision);
  PRESIL_CHECK(index < kTable.size() && kTable[index].precision == precision,
               "precision {} has no row", index);
  return kTable[index];
}

}  // namespace

int bits_of(Precision precision) { return row_of(precision).bits; }
std::string_view name_of(Precision precision) { return row_of(precision).name; }

std::optional<Precision> precision_from_name(std::string_view name) {
  for (const Row& row : kTable)
    if (row.name == name) return row.precision;
  return std::nullopt;
}

}  // namespace presil
