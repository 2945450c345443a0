#include "core/fixed_point.h"

#include <doctest/doctest.h>

#include "core/random.h"

namespace presil {
namespace {

constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();

TEST_CASE("a multiplier has its mantissa between a half and one and the exponent as its shift") {
  CHECK(quantize_multiplier(0) == FixedMultiplier{0, 0});
  CHECK(quantize_multiplier(0.5) == FixedMultiplier{1 << 30, 0});
  CHECK(quantize_multiplier(1) == FixedMultiplier{1 << 30, 1});
  CHECK(quantize_multiplier(0.75) == FixedMultiplier{3 << 29, 0});
  CHECK(quantize_multiplier(0.001) == FixedMultiplier{1099511628, -9});  // 0.001 * 2^9 * 2^31
  CHECK(quantize_multiplier(6) == FixedMultiplier{3 << 29, 3});
  // A mantissa that rounds up to 1 is a half with the next exponent.
  CHECK(quantize_multiplier(1 - 0x1p-40) == FixedMultiplier{1 << 30, 1});
  CHECK(quantize_multiplier(0x1p-32) == FixedMultiplier{1 << 30, -31});
  CHECK(quantize_multiplier(0x1p-33) == FixedMultiplier{0, 0});
}

TEST_CASE("the doubling high product rounds halves up and saturates at one point") {
  CHECK(saturating_rounding_doubling_high_mul(kMin, kMin) == kMax);
  CHECK(saturating_rounding_doubling_high_mul(1 << 30, 1 << 30) == 1 << 29);
  CHECK(saturating_rounding_doubling_high_mul(1, 1 << 30) == 1);    // 0.5
  CHECK(saturating_rounding_doubling_high_mul(-1, 1 << 30) == 0);   // gemmlowp: -0.5 goes up
  CHECK(saturating_rounding_doubling_high_mul(3, 1 << 30) == 2);    // 1.5
  CHECK(saturating_rounding_doubling_high_mul(-3, 1 << 30) == -1);  // -1.5 goes up
  CHECK(saturating_rounding_doubling_high_mul(std::int16_t{-32768}, std::int16_t{-32768}) == 32767);
  CHECK(saturating_rounding_doubling_high_mul(std::int16_t{1 << 14}, std::int16_t{1}) == 1);
}

TEST_CASE("division by a power of two rounds halves away from zero") {
  CHECK(rounding_divide_by_pot(5, 1) == 3);
  CHECK(rounding_divide_by_pot(-5, 1) == -3);
  CHECK(rounding_divide_by_pot(6, 2) == 2);
  CHECK(rounding_divide_by_pot(-6, 2) == -2);
  CHECK(rounding_divide_by_pot(5, 2) == 1);
  CHECK(rounding_divide_by_pot(7, 0) == 7);
  CHECK(rounding_divide_by_pot(kMin, 31) == -1);
  CHECK(rounding_divide_by_pot(kMax, 31) == 1);
}

TEST_CASE("a product with a quantised multiplier is the real product to one step") {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto x = static_cast<std::int32_t>(random.integer(-(1 << 22), 1 << 22));
    const double real = std::exp2(random.uniform() * 20 - 18);
    const double exact = x * real;
    CHECK(std::fabs(multiply_by_quantized_multiplier(x, quantize_multiplier(real)) - exact) <=
          1.01);
  }
}

TEST_CASE("one is a multiplier that changes nothing, and a left shift saturates") {
  for (const std::int32_t x : {0, 1, -1, 127, -128, 1 << 29, -(1 << 29)})
    CHECK(multiply_by_quantized_multiplier(x, quantize_multiplier(1)) == x);
  CHECK(multiply_by_quantized_multiplier(kMax, quantize_multiplier(4)) == (1 << 30));  // TFLite: UB
  CHECK(multiply_by_quantized_multiplier(kMin, quantize_multiplier(4)) == -(1 << 30));
}

TEST_CASE("64-bit accumulators use the upper 16 bits of the multiplier and round halves up") {
  const FixedMultiplier half = quantize_multiplier(0.5);  // reduced 16384, total shift 15
  CHECK(multiply_by_quantized_multiplier(std::int64_t{3}, half) == 2);
  CHECK(multiply_by_quantized_multiplier(std::int64_t{-3}, half) == -1);
  CHECK(multiply_by_quantized_multiplier(std::int64_t{1} << 40, quantize_multiplier(0x1p-20)) ==
        1 << 20);
  // 0.001: 1099511628 / 65536 = 16777.2 -> 16777, at 2^-24: 999987.1.
  CHECK(multiply_by_quantized_multiplier(std::int64_t{1'000'000'000}, quantize_multiplier(0.001)) ==
        999987);
}

TEST_CASE("real numbers are quantised half away from zero and saturate") {
  const IntegerRange int8 = range_of<std::int8_t>();
  CHECK(quantize(0.25, 0.5, 0, int8) == 1);
  CHECK(quantize(-0.25, 0.5, 0, int8) == -1);
  CHECK(quantize(0.25, 0.5, 3, int8) == 4);
  CHECK(quantize(1e30, 0.5, 0, int8) == 127);
  CHECK(quantize(-1e30, 0.5, 0, int8) == -128);
  CHECK(quantize(std::nan(""), 0.5, 5, int8) == 5);
}

TEST_CASE("a clamp becomes a range of stored values") {
  const IntegerRange int8 = range_of<std::int8_t>();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(clamp_range(0, infinity, 0.1, -10, int8) == IntegerRange{-10, 127});
  CHECK(clamp_range(0, 6, 0.1, -10, int8) == IntegerRange{-10, 50});
  CHECK(clamp_range(0, 6, 0.01, 0, int8) == IntegerRange{0, 127});
  CHECK(clamp_range(-1, 1, 0.125, 0, range_of<std::uint8_t>()) == IntegerRange{0, 8});
}

TEST_CASE("quantised addition is within one step of the real sum") {
  Random random(2);
  for (int i = 0; i < 5'000; ++i) {
    const ScaleAndZero a{std::exp2(random.uniform() * 8 - 8), random.integer(-128, 127)};
    const ScaleAndZero b{std::exp2(random.uniform() * 8 - 8), random.integer(-128, 127)};
    const ScaleAndZero out{2 * std::max(a.scale, b.scale), random.integer(-128, 127)};
    const bool subtract = i % 2 == 0;
    const QuantizedAdd add = quantized_add(a, b, out, range_of<std::int8_t>(), subtract);
    const auto x = static_cast<std::int32_t>(random.integer(-128, 127));
    const auto y = static_cast<std::int32_t>(random.integer(-128, 127));
    const double rhs = dequantize(y, b.scale, b.zero_point);
    const double real = dequantize(x, a.scale, a.zero_point) + (subtract ? -rhs : rhs);
    const double exact =
        std::clamp(real / out.scale + static_cast<double>(out.zero_point), -128.0, 127.0);
    CHECK(std::fabs(add(x, y) - exact) <= 0.501);
  }
}

TEST_CASE("quantised products and changes of scale round once, to half a step") {
  const QuantizedMul mul = quantized_mul({0.5, 1}, {0.25, -1}, {0.125, 0}, range_of<std::int8_t>());
  CHECK(mul(11, 4) == 50);  // 10 * 0.5 * 5 * 0.25 = 6.25
  const Rescale same = rescale({0.3, 7}, {0.3, 7}, range_of<std::int8_t>());
  for (int x = -128; x < 128; ++x) CHECK(same(x) == x);
  const Rescale to_uint8 = rescale({0.3, 0}, {0.3, 128}, range_of<std::uint8_t>());
  CHECK(to_uint8(-128) == 0);
  CHECK(to_uint8(127) == 255);
}

TEST_CASE("averages round halves away from zero") {
  CHECK(rounded_average(5, 2) == 3);
  CHECK(rounded_average(-5, 2) == -3);
  CHECK(rounded_average(4, 3) == 1);
  CHECK(rounded_average(-4, 3) == -1);
  CHECK(rounded_average(0, 9) == 0);
}

}  // namespace
}  // namespace presil
