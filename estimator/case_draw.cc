#include "estimator/case_draw.h"

#include <algorithm>
#include <cmath>

namespace presil {

std::int64_t CaseDraw::log_integer(std::int64_t low, std::int64_t high) {
  // Of [low, high + 1), so that the ends have their share.
  const double a = std::log(static_cast<double>(low)), b = std::log(static_cast<double>(high) + 1);
  const auto value = static_cast<std::int64_t>(std::exp(a + (b - a) * random_.uniform()));
  return std::clamp(value, low, high);
}

std::int64_t CaseDraw::channels(std::int64_t max) {
  const std::int64_t low = ranges_.channels_min,
                     high = std::max(low, std::min(max, ranges_.channels_max));
  std::int64_t count = log_integer(low, high);
  const double kind = random_.uniform();
  if (kind < 0.5) {
    const std::int64_t block = of<std::int64_t>({8, 16, 32});
    count = ceil_div(count, block) * block;
  } else if (kind < 0.7) {
    const std::int64_t block = chance(0.6) ? mode_.parallelism_factor : mode_.dot_length;
    count = std::max<std::int64_t>(1, count / block) * block + integer(-1, 1);
  }
  return std::clamp(count, low, high);
}

std::int64_t CaseDraw::extent(std::int64_t max) {
  const std::int64_t low = ranges_.extent_min,
                     high = std::max(low, std::min(max, ranges_.extent_max));
  const std::int64_t count =
      chance(0.5) ? log_integer(low, high)
                  : of<std::int64_t>({7,  8,  10, 14,  16,  20,  28,  32,  40,  48,  56,
                                      64, 80, 96, 112, 112, 128, 160, 192, 224, 256, 320});
  return std::clamp(count, low, high);
}

std::int64_t CaseDraw::kernel() {
  return of<std::int64_t>({3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 5, 7, 7, 2, 4, 9});
}

std::int64_t CaseDraw::at_edge(std::int64_t block) {
  block = std::max<std::int64_t>(2, block);
  const std::int64_t most = std::max<std::int64_t>(1, (ranges_.channels_max - 1) / block);
  return block * log_integer(1, std::min<std::int64_t>(most, 24)) + (upper_ ? 1 : 0);
}

Activation CaseDraw::activation() {
  using A = Activation;
  return of<A>({A::kNone, A::kNone, A::kNone, A::kRelu, A::kRelu, A::kRelu, A::kRelu6, A::kRelu6,
                A::kHardSwish, A::kSilu, A::kSigmoid, A::kTanh, A::kGelu, A::kHardSigmoid});
}

Padding CaseDraw::padding() {
  return of<Padding>({Padding::kSame, Padding::kSymmetric, Padding::kSymmetric});
}

Shape CaseDraw::map_shape(std::int64_t max_channels) {
  const std::int64_t count = channels(max_channels), rows = extent();
  const double kind = random_.uniform();
  if (kind < 0.75) return {1, count, rows, rows};
  if (kind < 0.85) return {1, count, 1, rows};
  return {1, count, rows, extent()};
}

}  // namespace presil
