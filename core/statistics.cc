#include "core/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace presil {

namespace {

/// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    for (std::size_t i = first; i <= last; ++i)
      result[order[i]] = 1 + static_cast<double>(first + last) / 2;
    first = last + 1;
  }
  return result;
}

/// Pearson's correlation.
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  const double mean_a = mean(a), mean_b = mean(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

int sign(double value) { return (value > 0) - (value < 0); }

}  // namespace

double mean_absolute_error(std::span<const Paired> pairs) {
  double sum = 0;
  for (const Paired& pair : pairs) sum += std::abs(pair.error());
  return pairs.empty() ? 0 : sum / static_cast<double>(pairs.size());
}

double absolute_error_percentile(std::span<const Paired> pairs, double share) {
  if (pairs.empty()) return 0;
  std::vector<double> errors;
  for (const Paired& pair : pairs) errors.push_back(std::abs(pair.error()));
  std::sort(errors.begin(), errors.end());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(errors.size())));
  return errors[std::clamp<std::size_t>(rank, 1, errors.size()) - 1];
}

double kendall_tau_b(std::span<const Paired> pairs) {
  double balance = 0, measured = 0, predicted = 0;  // the latter two: not tied on that side
  for (std::size_t i = 0; i < pairs.size(); ++i)
    for (std::size_t j = i + 1; j < pairs.size(); ++j) {
      const int m = sign(pairs[i].measured - pairs[j].measured);
      const int p = sign(pairs[i].predicted - pairs[j].predicted);
      balance += m * p;
      measured += m != 0;
      predicted += p != 0;
    }
  return measured > 0 && predicted > 0 ? balance / std::sqrt(measured * predicted) : 0;
}

double spearman(std::span<const Paired> pairs) {
  std::vector<double> measured, predicted;
  for (const Paired& pair : pairs) {
    measured.push_back(pair.measured);
    predicted.push_back(pair.predicted);
  }
  return pairs.empty() ? 0 : correlation(ranks(measured), ranks(predicted));
}

}  // namespace presil
