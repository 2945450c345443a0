#pragma once
// How well predictions agree with what was measured.

#include <span>

namespace presil {

/// A measured number (above 0) and what was predicted for it.
struct Paired {
  double measured = 0, predicted = 0;
  /// Relative to the measured number; negative: too low.
  double error() const { return (predicted - measured) / measured; }
};

/// Mean of |error|, a share of 1. 0 without pairs, as the others below.
double mean_absolute_error(std::span<const Paired> pairs);

/// The |error| that `share` of the pairs do not exceed (nearest rank): 0.5 is the median, 1 the
/// worst.
double absolute_error_percentile(std::span<const Paired> pairs, double share);

/// Kendall's tau-b, [-1, 1]: pairs of pairs in the same order less those in the other, over those
/// that are tied in neither (ties: geometric mean of both sides). 0 where one side is constant.
double kendall_tau_b(std::span<const Paired> pairs);

/// Spearman's rank correlation, [-1, 1]; ties share their mean rank. 0 where one side is constant.
double spearman(std::span<const Paired> pairs);

}  // namespace presil
