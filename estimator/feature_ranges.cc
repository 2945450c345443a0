#include "estimator/feature_ranges.h"

#include <algorithm>
#include <set>

#include "estimator/features.h"

namespace presil {

namespace {

/// Columns whose values are names, not amounts.
bool is_code(const std::string& name) {
  static const std::set<std::string> codes = {"kind", "mac_op", "reach", "chip_dataflow"};
  return codes.contains(name);
}

bool missed(const FeatureRange& range, float value) {
  if (!range.kinds.empty())
    return !std::binary_search(range.kinds.begin(), range.kinds.end(), value);
  const float slack = 0.01F * (range.high - range.low);
  return value < range.low - slack || value > range.high + slack;
}

}  // namespace

FeatureRanges FeatureRanges::of(const FeatureRows& rows) {
  std::vector<FeatureRange> ranges(rows.columns());
  for (std::size_t c = 0; rows.size() > 0 && c < rows.columns(); ++c) {
    FeatureRange& range = ranges[c];
    range.low = range.high = rows.row(0)[c];
    std::set<float> kinds;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const float value = rows.row(i)[c];
      range.low = std::min(range.low, value);
      range.high = std::max(range.high, value);
      if (is_code(feature_table()[c].name)) kinds.insert(value);
    }
    range.kinds.assign(kinds.begin(), kinds.end());
  }
  return FeatureRanges(std::move(ranges));
}

int FeatureRanges::first_missed(std::span<const float> row) const {
  for (std::size_t c = 0; c < ranges_.size(); ++c)
    if (missed(ranges_[c], row[c])) return static_cast<int>(c);
  return -1;
}

bool FeatureRanges::misses(std::span<const float> row) const { return first_missed(row) >= 0; }

}  // namespace presil
