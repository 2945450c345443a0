#pragma once
// Fixed-point arithmetic of quantised networks, as TFLite's reference kernels do it. Scalars only:
// the reference executor and the functional machine share these and nothing else.
//
// Sources, where "TFLite" is tensorflow/lite/kernels/internal (double rounding, its default):
// common.{h,cc}, quantization_util.cc, reference/*.h; gemmlowp/fixedpoint/fixedpoint.h.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace presil {

/// A positive real number as multiplier * 2^(shift - 31), multiplier in [2^30, 2^31), or {0, 0}.
struct FixedMultiplier {
  std::int32_t multiplier = 0;
  int shift = 0;  ///< above 0: to the left
  bool operator==(const FixedMultiplier&) const = default;
};

/// TFLite QuantizeMultiplier: rounded half away from zero; below 2^-32 it is {0, 0}. `real` must be
/// finite and not negative.
FixedMultiplier quantize_multiplier(double real);

/// round(a * b / 2^31), halves up; gemmlowp SaturatingRoundingDoublingHighMul.
std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b);
/// The 16-bit form: round(a * b / 2^15).
std::int16_t saturating_rounding_doubling_high_mul(std::int16_t a, std::int16_t b);
/// round(x / 2^exponent), halves away from zero; 0 <= exponent <= 31. gemmlowp RoundingDivideByPOT.
std::int32_t rounding_divide_by_pot(std::int32_t x, int exponent);

/// x times the multiplier, rounded twice: TFLite MultiplyByQuantizedMultiplier(int32). A left shift
/// that leaves 32 bits saturates, where TFLite is undefined.
std::int32_t multiply_by_quantized_multiplier(std::int32_t x, FixedMultiplier m);
/// The form for 64-bit accumulators of int16 activations: 16 bits of the multiplier, halves up,
/// saturated to 32 bits. x in [-2^47, 2^47), or it is saturated to that.
std::int32_t multiply_by_quantized_multiplier(std::int64_t x, FixedMultiplier m);

/// Bounds of stored values, both included.
struct IntegerRange {
  std::int64_t min = 0, max = 0;
  bool operator==(const IntegerRange&) const = default;
};
template <typename T>
constexpr IntegerRange range_of() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

/// To the nearest whole number, halves away from zero, as std::round and TfLiteRound do; saturated
/// to `range`, which must lie within 2^53; NaN is the zero point's business and gives 0.
std::int64_t round_half_away(double value, IntegerRange range);
/// The stored value of a real number: clamp(round(real / scale) + zero_point). Computed in double.
std::int64_t quantize(double real, double scale, std::int64_t zero_point, IntegerRange range);
inline double dequantize(std::int64_t stored, double scale, std::int64_t zero_point) {
  return scale * static_cast<double>(stored - zero_point);
}

/// The stored values that a clamp to real [low, high] leaves (infinities: no bound on that side):
/// TFLite CalculateActivationRangeQuantized.
IntegerRange clamp_range(double low, double high, double scale, std::int64_t zero_point,
                         IntegerRange range);

/// To 32 bits.
constexpr std::int32_t saturate32(std::int64_t value) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

/// Stored accumulator -> stored output: clamp(zero_point + multiplier * x).
struct Requantizer {
  FixedMultiplier multiplier;
  std::int32_t zero_point = 0;
  IntegerRange range;

  std::int32_t operator()(std::int32_t accumulator) const {
    return clamped(multiply_by_quantized_multiplier(accumulator, multiplier));
  }
  std::int32_t operator()(std::int64_t accumulator) const {
    return clamped(multiply_by_quantized_multiplier(accumulator, multiplier));
  }

 private:
  std::int32_t clamped(std::int32_t scaled) const {
    return static_cast<std::int32_t>(
        std::clamp(std::int64_t{scaled} + zero_point, range.min, range.max));
  }
};

/// kAdd and kSub of 8-bit operands: both are shifted left by 20 bits (15 for 16-bit operands) and
/// brought to twice the larger scale before they are added. TFLite add.cc PrepareGeneralSubOp, and
/// reference/add.h AddFunc.
struct QuantizedAdd {
  int left_shift = 20;
  std::int32_t zero_point_a = 0, zero_point_b = 0;
  FixedMultiplier a, b;
  Requantizer output;
  bool subtract = false;

  std::int32_t operator()(std::int32_t x, std::int32_t y) const;
};
struct ScaleAndZero {
  double scale = 1;
  std::int64_t zero_point = 0;
};
/// `range` is that of the output's type (or narrower, by a fused clamp).
QuantizedAdd quantized_add(ScaleAndZero a, ScaleAndZero b, ScaleAndZero output, IntegerRange range,
                           bool subtract);

/// kMul: (a - zero_a) * (b - zero_b), requantised. TFLite reference/integer_ops/mul.h.
struct QuantizedMul {
  std::int32_t zero_point_a = 0, zero_point_b = 0;
  Requantizer output;

  std::int32_t operator()(std::int32_t x, std::int32_t y) const {
    return output(saturate32((std::int64_t{x} - zero_point_a) * (std::int64_t{y} - zero_point_b)));
  }
};
QuantizedMul quantized_mul(ScaleAndZero a, ScaleAndZero b, ScaleAndZero output, IntegerRange range);

/// From scale to scale (kQuantize of integers, kConcat's operands, kRelu...): TFLite
/// reference/requantize.h. Equal scales and zero points hand the value through.
struct Rescale {
  std::int32_t zero_point_in = 0;
  Requantizer output;

  std::int32_t operator()(std::int32_t x) const {
    return output(saturate32(std::int64_t{x} - zero_point_in));
  }
};
Rescale rescale(ScaleAndZero in, ScaleAndZero output, IntegerRange range);

/// The average of `count` stored values with the sum `sum`, halves away from zero: TFLite
/// reference/integer_ops/pooling.h AveragePool (same scale on both sides).
std::int32_t rounded_average(std::int64_t sum, std::int64_t count);

}  // namespace presil
