#include "core/small_float.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace presil {
namespace {

TEST_CASE("every 16-bit float comes back from its value") {
  for (int bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if (!std::isnan(double_of_half(half))) CHECK(half_of_double(double_of_half(half)) == half);
    if (!std::isnan(double_of_bfloat(half)))
      CHECK(bfloat_of_double(double_of_bfloat(half)) == half);
  }
}

TEST_CASE("halves between two 16-bit floats go to the even one, anything beyond to the nearer") {
  for (int bits = 0; bits < 0x7bff; ++bits) {
    const auto low = static_cast<std::uint16_t>(bits), high = static_cast<std::uint16_t>(bits + 1);
    const double middle = (double_of_half(low) + double_of_half(high)) / 2;
    CHECK(half_of_double(middle) == (bits % 2 == 0 ? low : high));
    CHECK(half_of_double(std::nextafter(middle, 0.0)) == low);
    CHECK(half_of_double(std::nextafter(middle, 1e9)) == high);
  }
}

TEST_CASE("what is beyond the largest 16-bit float is infinite, NaN stays NaN") {
  CHECK(double_of_half(half_of_double(65519.99)) == 65504);
  CHECK(std::isinf(double_of_half(half_of_double(65520))));
  CHECK(half_of_double(-1e300) == 0xfc00);
  CHECK(std::isnan(double_of_half(half_of_double(std::nan("")))));
  CHECK(std::isinf(double_of_bfloat(bfloat_of_double(3.4e38))));
  CHECK(double_of_bfloat(bfloat_of_double(3.38e38)) < 3.4e38);
  CHECK(std::isnan(double_of_bfloat(bfloat_of_double(std::nan("")))));
  CHECK(half_of_double(-0.0) == 0x8000);
}

TEST_CASE("a double is rounded to bfloat16 once, not by way of float") {
  // Just above the middle of 1 and the next bfloat16, by less than a float can hold.
  CHECK(bfloat_of_double(1 + 0x1p-8) == 0x3f80);
  CHECK(bfloat_of_double(1 + 0x1p-8 + 0x1p-40) == 0x3f81);
}

}  // namespace
}  // namespace presil
