#include "estimator/conformal.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/random.h"

namespace presil {

TEST_CASE("the conformal quantile of 9 scores at 90 % is the largest, of 8 it is not known") {
  // ceil((9 + 1) 0.9) = 9; ceil((8 + 1) 0.9) = 9 > 8
  CHECK(conformal_quantile({9, 1, 2, 3, 4, 5, 6, 7, 8}, 0.9) == 9);
  CHECK(std::isinf(conformal_quantile({1, 2, 3, 4, 5, 6, 7, 8}, 0.9)));
}

TEST_CASE("widths follow the difficulty and cover what they promise") {
  Random random(11);
  const auto draw = [&] {
    const double difficulty = random.uniform();
    return Score{difficulty, std::abs(difficulty * random.normal())};
  };
  std::vector<Score> scores;
  for (int i = 0; i < 4000; ++i) scores.push_back(draw());
  const ConformalTable table = ConformalTable::fit(scores, 0.9, 8, 40);
  CHECK(table.bins().size() == 8);
  CHECK(table.width(0.05) < 0.3 * table.width(0.95));
  CHECK(table.width(7) == table.width(0.99));
  int covered = 0;
  for (int i = 0; i < 10000; ++i) {
    const Score score = draw();
    covered += score.error <= table.width(score.difficulty);
  }
  CHECK(covered > 8850);
  CHECK(covered < 9150);
}

TEST_CASE("few scores make few bins, none an empty table") {
  CHECK(ConformalTable::fit({}, 0.9, 8, 40).empty());
  const ConformalTable table = ConformalTable::fit({{0, 0.1}, {1, 0.2}}, 0.9, 8, 40);
  CHECK(table.bins().size() == 1);
  CHECK(table.width(0.5) == doctest::Approx(0.4));
  const Interval interval = table.around(100, 0);
  CHECK(interval.low == doctest::Approx(100 / std::exp(0.4)));
  CHECK(interval.high == doctest::Approx(100 * std::exp(0.4)));
}

}  // namespace presil
