#include "estimator/ridge.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/random.h"

namespace presil {

namespace {

/// target = 2 + 3 log(1 + a) - 0.5 log(1 + b), and a column that never changes.
struct Made {
  FeatureRows rows{3};
  std::vector<float> targets, weights;
};

Made made(int count) {
  Random random(4);
  Made m;
  for (int i = 0; i < count; ++i) {
    const float row[] = {static_cast<float>(random.uniform() * 1000),
                         static_cast<float>(random.uniform() * 1e6), 7};
    m.rows.add(row);
    m.targets.push_back(
        static_cast<float>(2 + 3 * log_feature(row[0]) - 0.5 * log_feature(row[1])));
    m.weights.push_back(1);
  }
  return m;
}

}  // namespace

TEST_CASE("A feature's logarithm keeps its sign and its zero") {
  CHECK(log_feature(0) == 0);
  CHECK(log_feature(1) == doctest::Approx(std::log(2.0)));
  CHECK(log_feature(-5) == -log_feature(5));
}

TEST_CASE("Without a penalty ridge finds the line that made the targets") {
  const Made m = made(200);
  const Ridge ridge = fit_ridge(m.rows, m.targets, m.weights, 1e-9);
  REQUIRE(ridge.slopes.size() == 3);
  CHECK(ridge.slopes[0] == doctest::Approx(3).epsilon(1e-4));
  CHECK(ridge.slopes[1] == doctest::Approx(-0.5).epsilon(1e-4));
  CHECK(ridge.slopes[2] == 0);
  CHECK(ridge.offset == doctest::Approx(2).epsilon(1e-3));
  const float row[] = {10, 100, 7};
  CHECK(ridge.evaluate(row) ==
        doctest::Approx(2 + 3 * std::log(11.0) - 0.5 * std::log(101.0)).epsilon(1e-4));
}

TEST_CASE("A large penalty leaves the mean, and a row without weight changes nothing") {
  Made m = made(100);
  double mean = 0;
  for (const float target : m.targets) mean += static_cast<double>(target) / 100;
  const Ridge flat = fit_ridge(m.rows, m.targets, m.weights, 1e12);
  CHECK(flat.evaluate(m.rows.row(3).data()) == doctest::Approx(mean).epsilon(1e-4));

  const Ridge before = fit_ridge(m.rows, m.targets, m.weights, 1e-3);
  const float row[] = {500, 500, 7};
  m.rows.add(row);
  m.targets.push_back(1000);
  m.weights.push_back(0);
  const Ridge after = fit_ridge(m.rows, m.targets, m.weights, 1e-3);
  CHECK(after.evaluate(row) == doctest::Approx(before.evaluate(row)).epsilon(1e-9));
}

}  // namespace presil
