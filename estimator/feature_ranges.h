#pragma once
// What training has seen of each feature; a prediction beyond is a guess.

#include <span>
#include <string>
#include <vector>

#include "estimator/feature_rows.h"

namespace presil {

struct FeatureRange {
  float low = 0, high = 0;
  std::vector<float> kinds;  ///< of a feature that is a code (a kind, an operation): all seen
};

class FeatureRanges {
 public:
  FeatureRanges() = default;
  explicit FeatureRanges(std::vector<FeatureRange> ranges) : ranges_(std::move(ranges)) {}
  static FeatureRanges of(const FeatureRows& rows);

  /// Outside of a range by more than a hundredth of it, or of a kind never seen.
  bool misses(std::span<const float> row) const;
  /// The first such feature's index in feature_table(), or -1.
  int first_missed(std::span<const float> row) const;
  const std::vector<FeatureRange>& ranges() const { return ranges_; }

 private:
  std::vector<FeatureRange> ranges_;
};

}  // namespace presil
