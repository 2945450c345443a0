#include "core/small_float.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace presil {

namespace {

/// One sign bit, then the exponent, then `fraction_bits`. The bits without the sign of a finite or
/// infinite magnitude.
std::uint16_t packed(double magnitude, int fraction_bits, int exponent_bias) {
  const int exponent_bits = 15 - fraction_bits;
  const auto infinity = static_cast<std::uint16_t>(((1 << exponent_bits) - 1) << fraction_bits);
  if (std::isinf(magnitude)) return infinity;
  // Steps of the smallest subnormal up to the first normal number, then 2^fraction_bits steps from
  // each power of two to the next.
  const int smallest = 1 - exponent_bias;
  const int exponent = magnitude == 0 ? smallest : std::max(std::ilogb(magnitude), smallest);
  const double steps = std::nearbyint(std::ldexp(magnitude, fraction_bits - exponent));
  // A carry out of the fraction is the next exponent, as it should be.
  const double bits = std::ldexp(static_cast<double>(exponent - smallest), fraction_bits) + steps;
  return static_cast<std::uint16_t>(std::min(bits, static_cast<double>(infinity)));
}

}  // namespace

double double_of_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

std::uint16_t half_of_double(double value) {
  if (std::isnan(value)) return 0x7e00;
  const int sign = std::signbit(value) ? 0x8000 : 0;
  return static_cast<std::uint16_t>(sign | packed(std::fabs(value), 10, 15));
}

double double_of_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

std::uint16_t bfloat_of_double(double value) {
  if (std::isnan(value)) return 0x7fc0;
  const int sign = std::signbit(value) ? 0x8000 : 0;
  return static_cast<std::uint16_t>(sign | packed(std::fabs(value), 7, 127));
}

}  // namespace presil
