#include "search/edits/crossover.h"

#include <algorithm>
#include <limits>

namespace presil {

double crossover_channels(const Window& w, double conv_rate, double depthwise_rate) {
  const auto taps = static_cast<double>(w.kernel_h * w.kernel_w);
  const auto strides = static_cast<double>(w.stride_h * w.stride_w);
  if (taps <= strides) return std::numeric_limits<double>::infinity();
  return taps / (taps - strides) * conv_rate / depthwise_rate;
}

double peak_conv_rate(const ChipSpec& chip, const PrecisionMode& mode) {
  return static_cast<double>(mode.parallelism_factor * mode.dot_length * chip.mac_array.pixels) *
         mode.steps_per_cycle;
}

double peak_depthwise_rate(const ChipSpec& chip, const PrecisionMode& mode) {
  const MacArraySpec& array = chip.mac_array;
  const std::int64_t taps = array.depthwise_channels > 0 ? array.depthwise_taps : 1;
  return static_cast<double>(std::max<std::int64_t>(1, array.depthwise_channels) * taps *
                             array.pixels) *
         mode.steps_per_cycle;
}

}  // namespace presil
