#include "search/axis_choices.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {

namespace {

constexpr double kFlat = 0.1;

/// Mean over the curves of (cost of j - cost of i) / (what the axis costs on the mean for that
/// much more of it); 1 is the usual price.
double price(const std::vector<double>& values, const std::vector<CostCurve>& curves, std::size_t i,
             std::size_t j) {
  const double share = (values[j] - values[i]) / (values.back() - values.front());
  double sum = 0;
  std::size_t count = 0;
  for (const CostCurve& c : curves) {
    const double whole = c.back() - c.front();
    if (std::isnan(c[i]) || std::isnan(c[j]) || !(whole > 0)) continue;
    sum += (c[j] - c[i]) / (whole * share);
    ++count;
  }
  return count == 0 ? 1 : sum / static_cast<double>(count);
}

/// The larger choice that makes `i` lie left of an edge; i itself when there is none.
std::size_t better_than(const std::vector<double>& values, const std::vector<CostCurve>& curves,
                        std::size_t i) {
  std::size_t best = i;
  for (std::size_t j = i + 1; j < values.size(); ++j)
    if (price(values, curves, i, j) < kFlat) best = j;
  return best;
}

bool rises(const std::vector<CostCurve>& curves, std::size_t i, std::size_t j, double tolerance) {
  return std::all_of(curves.begin(), curves.end(), [&](const CostCurve& c) {
    return std::isnan(c[i]) || std::isnan(c[j]) || c[j] >= c[i] * (1 - tolerance);
  });
}

/// The heaviest run in which every step rises; of equal ones that of the larger choices.
std::vector<bool> heaviest_run(const std::vector<double>& weights,
                               const std::vector<CostCurve>& curves, double tolerance) {
  const std::size_t n = weights.size();
  std::vector<double> sum(n);
  std::vector<std::size_t> before(n);
  for (std::size_t j = 0; j < n; ++j) {
    sum[j] = weights[j];
    before[j] = j;
    for (std::size_t i = 0; i < j; ++i)
      if (sum[i] + weights[j] >= sum[j] && rises(curves, i, j, tolerance)) {
        sum[j] = sum[i] + weights[j];
        before[j] = i;
      }
  }
  std::vector<bool> in(n, false);
  std::size_t at = 0;
  for (std::size_t j = 1; j < n; ++j)
    if (sum[j] >= sum[at]) at = j;
  for (;; at = before[at]) {
    in[at] = true;
    if (before[at] == at) return in;
  }
}

std::size_t count_of(const std::vector<bool>& flags) {
  return static_cast<std::size_t>(std::count(flags.begin(), flags.end(), true));
}

}  // namespace

KeptChoices choose_along(const std::vector<double>& values, const std::vector<std::string>& names,
                         const std::vector<CostCurve>& curves, double tolerance,
                         std::size_t least) {
  const std::size_t n = values.size();
  std::vector<std::size_t> better(n);
  std::vector<double> weights(n);
  for (std::size_t i = 0; i < n; ++i) {
    better[i] = better_than(values, curves, i);
    weights[i] = better[i] == i ? 1 : 0.01;
  }
  KeptChoices result{.kept = heaviest_run(weights, curves, tolerance / 2),
                     .reasons = std::vector<std::string>(n)};
  const std::vector<bool> run = result.kept;
  for (std::size_t i = 0; i < n; ++i)
    if (better[i] != i) result.kept[i] = false;
  for (std::size_t i = n; i-- > 0 && count_of(result.kept) < std::min(least, count_of(run));)
    if (run[i]) result.kept[i] = true;
  for (std::size_t i = 0; i < n; ++i) {
    if (result.kept[i]) continue;
    if (better[i] != i) {
      const double share = price(values, curves, i, better[i]);
      result.reasons[i] = share <= 0
                              ? fmt::format("left of an edge: {} costs no more", names[better[i]])
                              : fmt::format("left of an edge: {} adds {:.0f} % of the usual price",
                                            names[better[i]], 100 * share);
    } else {
      result.reasons[i] = "some larger choice that is kept costs less, around some network";
    }
  }
  return result;
}

}  // namespace presil
