#include "sim/weight_coding.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace presil {

namespace {

/// Of weights that are all the same; a choice.
constexpr double kLeast = 1.0 / 64;

/// Bits of a value, of the given frequencies.
template <std::size_t N>
double entropy(const std::array<std::int64_t, N>& counts) {
  double total = 0, sum = 0;
  for (const std::int64_t count : counts) total += static_cast<double>(count);
  for (const std::int64_t count : counts)
    if (count > 0) {
      const double share = static_cast<double>(count) / total;
      sum -= share * std::log2(share);
    }
  return sum;
}

}  // namespace

double weight_ratio(const ChipSpec& chip, const TensorDesc& tensor) {
  const bool counted = chip.weight_coding == WeightCoding::kEntropy && tensor.data != nullptr &&
                       !tensor.data->empty() && bits_of(tensor.type) <= 8;
  if (!counted) return chip.weight_compression;
  if (bits_of(tensor.type) == 4) {
    std::array<std::int64_t, 16> counts{};
    for (const std::byte pair : *tensor.data) {
      ++counts[std::to_integer<std::size_t>(pair & std::byte{15})];
      ++counts[std::to_integer<std::size_t>(pair >> 4)];
    }
    return std::max(kLeast, entropy(counts) / 4);
  }
  std::array<std::int64_t, 256> counts{};
  for (const std::byte value : *tensor.data) ++counts[std::to_integer<std::size_t>(value)];
  return std::max(kLeast, entropy(counts) / 8);
}

}  // namespace presil
