#include "core/lookup_table.h"

#include <algorithm>
#include <cmath>

#include "core/scalar_functions.h"

namespace presil {

namespace {

std::int16_t saturated16(std::int32_t value) {
  return static_cast<std::int16_t>(std::clamp(value, -32768, 32767));
}

/// TFLite DownScaleInt32ToInt16Multiplier.
std::int16_t upper_half(std::int32_t multiplier) {
  constexpr std::int32_t kHalf = 1 << 15;
  if (multiplier >= std::numeric_limits<std::int32_t>::max() - kHalf) return 32767;
  return static_cast<std::int16_t>((multiplier + kHalf) >> 16);
}

/// The constants of TFLite's hard swish, and the kernel for one input less its zero point.
class HardSwish {
 public:
  HardSwish(double in_scale, double out_scale)
      : output_(quantize_multiplier(in_scale / 128 / out_scale)),
        gate_(quantize_multiplier(in_scale / 128 / (3.0 / 32768))) {}

  bool valid() const { return output_.shift <= 0; }

  std::int32_t operator()(std::int32_t x) const {
    const auto wide = static_cast<std::int16_t>(x * 128);
    const std::int16_t value =
        saturating_rounding_doubling_high_mul(wide, upper_half(output_.multiplier));
    const std::int32_t gate = (gate_of(wide) + (1 << 15)) >> 1;  // [-1, 1] -> [0, 1]
    const auto product = static_cast<std::int16_t>(gate * value / (1 << 15));
    return rounding_divide_by_pot(product, -output_.shift);
  }

 private:
  /// x / 3, saturated to [-1, 1], with 15 fractional bits.
  std::int32_t gate_of(std::int16_t wide) const {
    std::int32_t gate = wide;
    const int shift = gate_.shift;
    if (shift > 0) gate = saturated16(gate * (1 << std::min(shift - 1, 15)));
    gate = saturating_rounding_doubling_high_mul(static_cast<std::int16_t>(gate),
                                                 upper_half(gate_.multiplier));
    if (shift > 0) return saturated16(gate * 2);
    return rounding_divide_by_pot(gate, -shift);
  }

  FixedMultiplier output_, gate_;
};

template <typename Function>
LookupTable filled(const TableOptions& options, const Function& function) {
  LookupTable table;
  for (std::int64_t x = options.in_range.min; x <= options.in_range.max; ++x)
    table.at(static_cast<std::int32_t>(x)) =
        static_cast<std::int16_t>(function(static_cast<std::int32_t>(x)));
  return table;
}

}  // namespace

LookupTable function_table(const TableOptions& options,
                           const std::function<double(double)>& function) {
  return filled(options, [&](std::int32_t x) {
    const double real = function(dequantize(x, options.in.scale, options.in.zero_point));
    return quantize(real, options.out.scale, options.out.zero_point, options.out_range);
  });
}

LookupTable hard_swish_table(const TableOptions& options) {
  const HardSwish kernel(options.in.scale, options.out.scale);
  if (!kernel.valid())
    return function_table(options, [](double x) { return evaluate(UnaryFunction::kHardSwish, x); });
  return filled(options, [&](std::int32_t x) {
    const std::int64_t value =
        kernel(x - static_cast<std::int32_t>(options.in.zero_point)) + options.out.zero_point;
    return std::clamp(value, options.out_range.min, options.out_range.max);
  });
}

LookupTable leaky_relu_table(const TableOptions& options, double alpha) {
  const Rescale above = rescale(options.in, options.out, options.out_range);
  Rescale below = above;
  below.output.multiplier =
      quantize_multiplier(std::fabs(alpha) * options.in.scale / options.out.scale);
  return filled(options, [&](std::int32_t x) {
    if (x >= above.zero_point_in) return above(x);
    // A negative slope mirrors the input (the multiplier has no sign).
    return below(alpha < 0 ? 2 * below.zero_point_in - x : x);
  });
}

void softmax_row(std::span<const std::int32_t> in, std::span<std::int32_t> out, double in_scale,
                 const ScaleAndZero& output, IntegerRange range) {
  const std::int32_t largest = *std::max_element(in.begin(), in.end());
  double sum = 0;
  for (const std::int32_t x : in) sum += std::exp(in_scale * (x - largest));
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = static_cast<std::int32_t>(quantize(std::exp(in_scale * (in[i] - largest)) / sum,
                                                output.scale, output.zero_point, range));
}

}  // namespace presil
