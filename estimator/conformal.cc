#include "estimator/conformal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace presil {

double conformal_quantile(std::vector<double> scores, double share) {
  const auto rank =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(scores.size() + 1) - 1e-9));
  if (rank > scores.size()) return std::numeric_limits<double>::infinity();
  std::sort(scores.begin(), scores.end());
  return scores[std::max<std::size_t>(rank, 1) - 1];
}

ConformalTable ConformalTable::fit(std::vector<Score> scores, double share, std::size_t bins,
                                   std::size_t fewest) {
  std::stable_sort(scores.begin(), scores.end(),
                   [](const Score& a, const Score& b) { return a.difficulty < b.difficulty; });
  bins = std::clamp<std::size_t>(scores.size() / std::max<std::size_t>(fewest, 1), 1, bins);
  ConformalTable table;
  std::size_t first = 0;
  for (std::size_t b = 0; b < bins && first < scores.size(); ++b) {
    std::size_t last = scores.size() * (b + 1) / bins;
    // Equal difficulties cannot be told apart.
    while (last > 0 && last < scores.size() &&
           scores[last].difficulty <= scores[last - 1].difficulty)
      ++last;
    if (last <= first) continue;
    std::vector<double> errors;
    for (std::size_t i = first; i < last; ++i) errors.push_back(scores[i].error);
    const double largest = *std::max_element(errors.begin(), errors.end());
    // Of too few scores no quantile is known: twice the largest is a bound that can be printed.
    const double width = std::min(conformal_quantile(std::move(errors), share), 2 * largest);
    const double up_to =
        last == scores.size() ? std::numeric_limits<double>::max() : scores[last - 1].difficulty;
    table.bins_.push_back({up_to, width});
    first = last;
  }
  return table;
}

double ConformalTable::width(double difficulty) const {
  PRESIL_CHECK(!bins_.empty(), "no calibration");
  for (const Bin& bin : bins_)
    if (difficulty <= bin.up_to) return bin.width;
  return bins_.back().width;
}

Interval ConformalTable::around(double prediction, double difficulty) const {
  const double factor = std::exp(width(difficulty));
  return {prediction / factor, prediction * factor};
}

}  // namespace presil
