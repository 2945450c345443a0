#include "core/statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace presil {
namespace {

using Pairs = std::vector<Paired>;

TEST_CASE("the mean, median and worst error are relative to what was measured") {
  const Pairs pairs{{100, 110}, {100, 95}, {200, 200}, {50, 40}};  // 10, 5, 0, 20 %
  CHECK(mean_absolute_error(pairs) == doctest::Approx(0.35 / 4));
  CHECK(absolute_error_percentile(pairs, 0.5) == doctest::Approx(0.05));
  CHECK(absolute_error_percentile(pairs, 0.75) == doctest::Approx(0.10));
  CHECK(absolute_error_percentile(pairs, 1) == doctest::Approx(0.20));
  CHECK(pairs[3].error() == doctest::Approx(-0.2));
}

TEST_CASE("rank correlations are 1 for the same order, -1 for the opposite, whatever the scale") {
  CHECK(kendall_tau_b(Pairs{{1, 10}, {2, 100}, {3, 101}}) == 1);
  CHECK(spearman(Pairs{{1, 10}, {2, 100}, {3, 101}}) == doctest::Approx(1));
  CHECK(kendall_tau_b(Pairs{{1, 3}, {2, 2}, {3, 1}}) == -1);
  CHECK(spearman(Pairs{{1, 3}, {2, 2}, {3, 1}}) == doctest::Approx(-1));
}

TEST_CASE("ties count as the textbook has them") {
  // Measured 1 2 2 3, predicted 1 2 3 3: four of six pairs in order, one tied on each side.
  const Pairs pairs{{1, 1}, {2, 2}, {2, 3}, {3, 3}};
  CHECK(kendall_tau_b(pairs) == doctest::Approx(4 / std::sqrt(5.0 * 5.0)));
  // Ranks 1 2.5 2.5 4 and 1 2 3.5 3.5.
  CHECK(spearman(pairs) == doctest::Approx(3.75 / 4.5));
}

TEST_CASE("nothing to compare, or a constant, gives 0") {
  CHECK(mean_absolute_error({}) == 0);
  CHECK(absolute_error_percentile({}, 0.5) == 0);
  CHECK(kendall_tau_b(Pairs{{1, 5}, {2, 5}}) == 0);
  CHECK(spearman(Pairs{{1, 5}, {2, 5}}) == 0);
}

}  // namespace
}  // namespace presil
