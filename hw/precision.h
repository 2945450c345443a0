#pragma once
// Element types as the machine knows them. (hw never includes models/; sim converts.)

#include <cstdint>
#include <optional>
#include <string_view>

namespace presil {

/// What one operand of the arithmetic is. The spelling in files is name_of().
enum class Precision : std::uint8_t { kInt4, kInt8, kInt16, kInt32, kFp16, kBf16, kFp32 };
inline constexpr int kPrecisionCount = 7;

/// Bits of one stored element.
int bits_of(Precision precision);
/// "int4", "int8", "int16", "int32", "fp16", "bf16", "fp32".
std::string_view name_of(Precision precision);
std::optional<Precision> precision_from_name(std::string_view name);

}  // namespace presil
