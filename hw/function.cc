#include "hw/function.h"

#include <bit>
#include <cmath>

#include "core/error.h"
#include "core/small_float.h"

namespace presil {

std::int64_t bytes_of(Element element) {
  switch (element) {
    case Element::kInt8:
    case Element::kUint8:
      return 1;
    case Element::kInt16:
    case Element::kFp16:
    case Element::kBf16:
      return 2;
    case Element::kInt32:
    case Element::kFp32:
      return 4;
  }
  PRESIL_CHECK(false, "element {}", static_cast<int>(element));
}

bool is_float(Element element) { return element >= Element::kFp16; }

IntegerRange range_of(Element element) {
  switch (element) {
    case Element::kInt8:
      return range_of<std::int8_t>();
    case Element::kUint8:
      return range_of<std::uint8_t>();
    case Element::kInt16:
      return range_of<std::int16_t>();
    default:
      return range_of<std::int32_t>();
  }
}

double real_of(Element element, std::int32_t bits) {
  switch (element) {
    case Element::kFp16:
      return double_of_half(static_cast<std::uint16_t>(bits));
    case Element::kBf16:
      return double_of_bfloat(static_cast<std::uint16_t>(bits));
    case Element::kFp32:
      return double{std::bit_cast<float>(bits)};
    default:
      return bits;
  }
}

std::int32_t float_bits(Element element, double value) {
  switch (element) {
    case Element::kFp16:
      return half_of_double(value);
    case Element::kBf16:
      return bfloat_of_double(value);
    default:
      return std::bit_cast<std::int32_t>(static_cast<float>(value));
  }
}

double Format::real(std::int32_t bits) const {
  const double plain = real_of(element, bits);
  return quantised ? dequantize(bits, scale.scale, scale.zero_point) : plain;
}

std::int32_t Format::stored(double value) const {
  if (is_float(element)) return float_bits(element, value);
  const IntegerRange range = range_of(element);
  return static_cast<std::int32_t>(quantised ? quantize(value, scale.scale, scale.zero_point, range)
                                             : round_half_away(std::trunc(value), range));
}

}  // namespace presil
