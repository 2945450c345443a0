#include "estimator/accuracy.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace presil {

namespace {

ScoredCase scored(double measured, double predicted) {
  return {.level = "operator",
          .family = "conv",
          .chip = "ne-base",
          .cycles = {.measured = measured, .predicted = predicted}};
}

}  // namespace

TEST_CASE("The figures of four cases are those of pencil and paper") {
  // Errors: 0, +4 %, -8 %, +20 %.
  std::vector<ScoredCase> cases = {scored(100, 100), scored(200, 208), scored(300, 276),
                                   scored(400, 480)};
  cases[0].low = 90, cases[0].high = 110;   // in it
  cases[3].low = 470, cases[3].high = 490;  // not in it
  const AccuracyRow row = accuracy_of(cases);
  CHECK(row.cases == 4);
  CHECK(row.mape == doctest::Approx(0.08));
  CHECK(row.median == doctest::Approx(0.04));
  CHECK(row.worst == doctest::Approx(0.20));
  CHECK(row.within_5 == doctest::Approx(0.5));
  CHECK(row.within_10 == doctest::Approx(0.75));
  CHECK(row.bias == doctest::Approx(0.04));
  CHECK(row.tau == doctest::Approx(1));
  CHECK(row.coverage == doctest::Approx(0.5));
  CHECK(row.energy_mape == 0);
}

TEST_CASE("Energy is judged beside the latency, of the cases that have one") {
  std::vector<ScoredCase> cases = {scored(100, 100), scored(200, 200), scored(300, 300)};
  cases[0].energy = {.measured = 1000, .predicted = 1020};
  cases[1].energy = {.measured = 1000, .predicted = 920};
  const AccuracyRow row = accuracy_of(cases);
  CHECK(row.energy_mape == doctest::Approx(0.05));
  CHECK(row.energy_median == doctest::Approx(0.02));
  CHECK(row.energy_within_5 == doctest::Approx(0.5));
  CHECK(row.energy_within_10 == doctest::Approx(1));
}

TEST_CASE("Pairs within 20 % of each other count as in order or not, ties and others do not") {
  CHECK(accuracy_of(std::vector<ScoredCase>{scored(100, 50), scored(110, 60), scored(110, 70),
                                            scored(1000, 1)})
            .near_pairs == doctest::Approx(1));
  CHECK(accuracy_of(std::vector<ScoredCase>{scored(100, 65), scored(110, 60), scored(115, 70)})
            .near_pairs == doctest::Approx(2.0 / 3));
}

TEST_CASE("Of step-edge pairs those that do not tie must be predicted in order") {
  using Pair = std::pair<Paired, Paired>;
  const Pair right{{100, 90}, {120, 95}}, wrong{{100, 90}, {120, 85}}, same{{100, 90}, {120, 90}},
      tie{{100, 90}, {100, 85}};
  CHECK(ordered_share(std::vector<Pair>{right, wrong, same, tie}) == doctest::Approx(1.0 / 3));
  CHECK(ordered_share(std::vector<Pair>{tie}) == 1);
}

TEST_CASE("The table has a line a level, a family and a chip, and its CSV a field a column") {
  std::vector<ScoredCase> cases = {scored(100, 101), scored(200, 202), scored(300, 303)};
  cases[1].family = "dw";
  cases[2].level = "network";
  const std::vector<AccuracyRow> rows = accuracy_table("boosted", "test", cases);
  const auto count = [&](const std::string& level, bool family, bool chip) {
    return std::count_if(rows.begin(), rows.end(), [&](const AccuracyRow& row) {
      return row.level == level && row.family.empty() != family && row.chip.empty() != chip;
    });
  };
  CHECK(count("operator", false, false) == 1);
  CHECK(count("operator", true, false) == 2);
  CHECK(count("operator", false, true) == 1);
  CHECK(count("network", true, false) == 1);
  std::istringstream csv(accuracy_csv(rows));
  std::string header, line;
  std::getline(csv, header);
  CHECK(header.starts_with("model,set,level,family,chip,cases,mape"));
  CHECK(header.ends_with("energy_within_10"));
  std::size_t lines = 0;
  for (; std::getline(csv, line); ++lines)
    CHECK(std::count(line.begin(), line.end(), ',') ==
          std::count(header.begin(), header.end(), ','));
  CHECK(lines == rows.size());
  const std::string text = accuracy_text(rows);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);  // title, two levels
}

TEST_CASE("No cases make a row of zeros") {
  const AccuracyRow row = accuracy_of({});
  CHECK(row.cases == 0);
  CHECK(row.mape == 0);
}

}  // namespace presil
