#include "core/fixed_point.h"

#include "core/error.h"

namespace presil {

namespace {

constexpr std::int32_t kInt32Min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kInt32Max = std::numeric_limits<std::int32_t>::max();

Requantizer requantizer(double real, const ScaleAndZero& output, IntegerRange range) {
  return {.multiplier = quantize_multiplier(real),
          .zero_point = static_cast<std::int32_t>(output.zero_point),
          .range = range};
}

}  // namespace

FixedMultiplier quantize_multiplier(double real) {
  PRESIL_CHECK(std::isfinite(real) && real >= 0, "multiplier {}", real);
  if (real == 0) return {};
  FixedMultiplier result;
  const double fraction = std::frexp(real, &result.shift);  // in [0.5, 1)
  auto fixed = static_cast<std::int64_t>(std::round(fraction * static_cast<double>(1LL << 31)));
  if (fixed == (1LL << 31)) {
    fixed /= 2;
    ++result.shift;
  }
  if (result.shift < -31) return {};
  result.multiplier = static_cast<std::int32_t>(fixed);
  return result;
}

std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b) {
  if (a == kInt32Min && b == kInt32Min) return kInt32Max;
  const std::int64_t product = std::int64_t{a} * b;
  const std::int64_t nudge = product >= 0 ? (1LL << 30) : 1 - (1LL << 30);
  return static_cast<std::int32_t>((product + nudge) / (1LL << 31));
}

std::int16_t saturating_rounding_doubling_high_mul(std::int16_t a, std::int16_t b) {
  constexpr std::int16_t kLowest = std::numeric_limits<std::int16_t>::min();
  if (a == kLowest && b == kLowest) return std::numeric_limits<std::int16_t>::max();
  const std::int32_t product = std::int32_t{a} * b;
  const std::int32_t nudge = product >= 0 ? (1 << 14) : 1 - (1 << 14);
  return static_cast<std::int16_t>((product + nudge) / (1 << 15));
}

std::int32_t rounding_divide_by_pot(std::int32_t x, int exponent) {
  const auto mask = static_cast<std::int32_t>((1LL << exponent) - 1);
  const std::int32_t remainder = x & mask;
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

std::int32_t multiply_by_quantized_multiplier(std::int32_t x, FixedMultiplier m) {
  const int left = std::max(m.shift, 0), right = std::max(-m.shift, 0);
  // More than 32 bits to the left saturate whatever x is.
  const std::int32_t shifted =
      saturate32(std::int64_t{x} * (std::int64_t{1} << std::min(left, 32)));
  return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(shifted, m.multiplier),
                                right);
}

std::int32_t multiply_by_quantized_multiplier(std::int64_t x, FixedMultiplier m) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 47;
  x = std::clamp(x, -kLimit, kLimit - 1);
  const std::int64_t reduced =
      m.multiplier < 0x7fff0000 ? (std::int64_t{m.multiplier} + (1 << 15)) >> 16 : 0x7fff;
  const int right = 15 - m.shift;
  if (right <= 0)  // TFLite allows shifts below 8 only
    return x == 0 || reduced == 0 ? 0 : saturate32(x > 0 ? kInt32Max : kInt32Min);
  return saturate32((x * reduced + (std::int64_t{1} << (right - 1))) >> right);
}

std::int64_t round_half_away(double value, IntegerRange range) {
  if (std::isnan(value)) return std::clamp<std::int64_t>(0, range.min, range.max);
  const double whole = std::round(value);
  if (whole <= static_cast<double>(range.min)) return range.min;
  return whole >= static_cast<double>(range.max) ? range.max : static_cast<std::int64_t>(whole);
}

std::int64_t quantize(double real, double scale, std::int64_t zero_point, IntegerRange range) {
  const IntegerRange shifted{range.min - zero_point, range.max - zero_point};
  return round_half_away(real / scale, shifted) + zero_point;
}

IntegerRange clamp_range(double low, double high, double scale, std::int64_t zero_point,
                         IntegerRange range) {
  return {quantize(low, scale, zero_point, range), quantize(high, scale, zero_point, range)};
}

std::int32_t QuantizedAdd::operator()(std::int32_t x, std::int32_t y) const {
  const auto scaled = [&](std::int32_t value, FixedMultiplier m) {
    return multiply_by_quantized_multiplier(saturate32(std::int64_t{value} << left_shift), m);
  };
  const std::int64_t left = scaled(x - zero_point_a, a), right = scaled(y - zero_point_b, b);
  return output(saturate32(subtract ? left - right : left + right));
}

QuantizedAdd quantized_add(ScaleAndZero a, ScaleAndZero b, ScaleAndZero output, IntegerRange range,
                           bool subtract) {
  const double twice_larger = 2 * std::max(a.scale, b.scale);
  const int left_shift = range.max > 255 ? 15 : 20;
  return {.left_shift = left_shift,
          .zero_point_a = static_cast<std::int32_t>(a.zero_point),
          .zero_point_b = static_cast<std::int32_t>(b.zero_point),
          .a = quantize_multiplier(a.scale / twice_larger),
          .b = quantize_multiplier(b.scale / twice_larger),
          .output = requantizer(
              twice_larger / (static_cast<double>(1 << left_shift) * output.scale), output, range),
          .subtract = subtract};
}

QuantizedMul quantized_mul(ScaleAndZero a, ScaleAndZero b, ScaleAndZero output,
                           IntegerRange range) {
  return {.zero_point_a = static_cast<std::int32_t>(a.zero_point),
          .zero_point_b = static_cast<std::int32_t>(b.zero_point),
          .output = requantizer(a.scale * b.scale / output.scale, output, range)};
}

Rescale rescale(ScaleAndZero in, ScaleAndZero output, IntegerRange range) {
  return {.zero_point_in = static_cast<std::int32_t>(in.zero_point),
          .output = requantizer(in.scale / output.scale, output, range)};
}

std::int32_t rounded_average(std::int64_t sum, std::int64_t count) {
  const std::int64_t half = count / 2;
  return static_cast<std::int32_t>((sum > 0 ? sum + half : sum - half) / count);
}

}  // namespace presil
