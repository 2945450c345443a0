#pragma once
// 16-bit floats as their bits. Rounded once, to the nearest, ties to even; NaN stays NaN.

#include <cstdint>

namespace presil {

/// IEEE 754 binary16: exact.
double double_of_half(std::uint16_t bits);
/// Beyond 65504 (from 65520 on): infinity.
std::uint16_t half_of_double(double value);

/// The upper half of an IEEE 754 binary32: exact.
double double_of_bfloat(std::uint16_t bits);
/// Not by way of float, which would round twice.
std::uint16_t bfloat_of_double(double value);

}  // namespace presil
