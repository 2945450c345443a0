#include "search/pareto.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"

namespace presil {
namespace {

std::vector<Objectives> random_points(Random& random, std::size_t count, std::size_t objectives) {
  std::vector<Objectives> points(count);
  for (Objectives& p : points)
    for (std::size_t k = 0; k < objectives; ++k) p.push_back(random.uniform());
  return points;
}

/// By inclusion and exclusion over all subsets: slow, and obviously right.
double by_inclusion(const std::vector<Objectives>& points, const Objectives& reference) {
  double sum = 0;
  for (std::size_t subset = 1; subset < (std::size_t{1} << points.size()); ++subset) {
    Objectives corner(reference.size(), 0);
    int count = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if ((subset >> i & 1) == 0) continue;
      ++count;
      for (std::size_t k = 0; k < corner.size(); ++k) corner[k] = std::max(corner[k], points[i][k]);
    }
    double box = 1;
    for (std::size_t k = 0; k < corner.size(); ++k) box *= std::max(0.0, reference[k] - corner[k]);
    sum += count % 2 == 1 ? box : -box;
  }
  return sum;
}

}  // namespace

TEST_CASE("A point dominates when it is at least as good everywhere and better somewhere") {
  CHECK(dominates(Objectives{1, 2}, Objectives{1, 3}));
  CHECK_FALSE(dominates(Objectives{1, 2}, Objectives{1, 2}));
  CHECK_FALSE(dominates(Objectives{0, 3}, Objectives{1, 2}));
}

TEST_CASE("Feasible points come first, and among the others the one that misses less") {
  const RankedPoint good{.objectives = {9, 9}};
  const RankedPoint near{.objectives = {1, 1}, .violation = 0.1};
  const RankedPoint far{.objectives = {0, 0}, .violation = 0.2};
  CHECK(dominates(good, near));
  CHECK(dominates(near, far));
  CHECK_FALSE(dominates(far, near));
  CHECK(non_dominated_sort(std::vector{far, near, good}) ==
        std::vector<std::vector<std::size_t>>{{2}, {1}, {0}});
}

TEST_CASE("Fronts peel off one after the other") {
  const std::vector<RankedPoint> points{{{1, 4}}, {{2, 2}}, {{4, 1}}, {{3, 3}}, {{5, 5}}, {{2, 2}}};
  CHECK(non_dominated_sort(points) ==
        std::vector<std::vector<std::size_t>>{{0, 1, 2, 5}, {3}, {4}});
}

TEST_CASE("Crowding is the side of the box to the neighbours, and infinite at the ends") {
  const std::vector<RankedPoint> points{{{0, 10}}, {{2, 6}}, {{6, 2}}, {{10, 0}}};
  const std::vector<std::size_t> front{0, 1, 2, 3};
  const std::vector<double> d = crowding(points, front);
  CHECK(std::isinf(d[0]));
  CHECK(std::isinf(d[3]));
  CHECK(d[1] == doctest::Approx(6.0 / 10 + 8.0 / 10));  // (6-0)/10 + (10-2)/10
  CHECK(d[2] == doctest::Approx(8.0 / 10 + 6.0 / 10));
}

TEST_CASE("The hypervolume of two objectives is the area of the staircase") {
  // Against (4,4): 3x1 + 2x1 more + 1x1 more.
  const std::vector<Objectives> points{{1, 3}, {2, 2}, {3, 1}};
  CHECK(hypervolume(points, {4, 4}) == doctest::Approx(3 + 2 + 1));
  CHECK(hypervolume(std::vector<Objectives>{{4, 0}, {5, 5}}, {4, 4}) == 0);
  CHECK(hypervolume(std::vector<Objectives>{}, {4, 4}) == 0);
}

TEST_CASE("The hypervolume of three and four objectives is that of boxes that overlap") {
  // Two boxes of 2x1x1 and 1x2x1 from (2,2,1) down; they share 1x1x1.
  CHECK(hypervolume(std::vector<Objectives>{{0, 1, 0}, {1, 0, 0}}, {2, 2, 1}) ==
        doctest::Approx(2 + 2 - 1));
  // Of four: 2*2*2*1 twice, sharing 1*2*2*1.
  CHECK(hypervolume(std::vector<Objectives>{{0, 0, 0, 1}, {1, 0, 0, 0}}, {2, 2, 2, 2}) ==
        doctest::Approx(8 + 8 - 4));
}

TEST_CASE("The hypervolume equals inclusion and exclusion for two to four objectives") {
  Random random(5);
  for (std::size_t objectives = 1; objectives <= 4; ++objectives)
    for (int trial = 0; trial < 10; ++trial) {
      const auto points = random_points(random, 8, objectives);
      const Objectives reference(objectives, 0.9);
      CHECK(hypervolume(points, reference) ==
            doctest::Approx(by_inclusion(points, reference)).epsilon(1e-9));
    }
}

TEST_CASE("A dominated point adds no hypervolume, a new one does, and the order is indifferent") {
  Random random(9);
  for (std::size_t objectives = 2; objectives <= 4; ++objectives) {
    auto points = random_points(random, 30, objectives);
    const Objectives reference(objectives, 1);
    const double before = hypervolume(points, reference);
    Objectives worse = points[3];
    for (double& value : worse) value = std::min(0.999, value + 0.01);
    points.push_back(worse);
    CHECK(hypervolume(points, reference) == doctest::Approx(before));
    points.push_back(Objectives(objectives, 0.001));
    CHECK(hypervolume(points, reference) > before);
    const double all = hypervolume(points, reference);
    std::reverse(points.begin(), points.end());
    CHECK(hypervolume(points, reference) == doctest::Approx(all));
  }
}

TEST_CASE("The front has no dominated point and every other point is dominated by it") {
  Random random(2);
  const auto points = random_points(random, 60, 3);
  const auto front = pareto_front(points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool in = std::find(front.begin(), front.end(), i) != front.end();
    bool dominated = false;
    for (const std::size_t j : front) dominated |= dominates(points[j], points[i]);
    CHECK(in != dominated);
  }
}

}  // namespace presil
