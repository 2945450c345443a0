#include "estimator/compare.h"

#include <doctest/doctest.h>

#include "estimator/compare_reason.h"
#include "estimator/train.h"
#include "made_cases.h"
#include "models/import.h"
#include "sim/run.h"

namespace presil {

namespace {

/// Its features are made up, so what it predicts is nonsense; what it is compared with is not.
const Bundle& made_bundle() {
  static const Bundle bundle = train(test::made_cases(400), {}).bundle;
  return bundle;
}

GroupComparison made_group(const std::string& name, double simulated, double estimated) {
  return {.name = name,
          .family = "Conv",
          .simulated = simulated,
          .estimated = estimated,
          .interval = {0.9 * estimated, 1.1 * estimated},
          .prior = 110,
          .bound = "memory",
          .prior_bound = "compute"};
}

Comparison made_comparison() {
  return {.model = "net",
          .chip = "chip",
          .family = "net",
          .simulated = 1000,
          .estimated = 1200,
          .interval = {1100, 1300},
          .estimated_as_compiled = 1050,
          .simulate_seconds = 1,
          .estimate_seconds = 0.01,
          .compiled_groups = 3,
          .groups = {made_group("a", 500, 450), made_group("b", 300, 480)},
          .planned_otherwise = 200};
}

}  // namespace

TEST_CASE("what is compared of a network are the cycles of its run, group by group") {
  const Graph graph = load_network("ds_cnn");
  const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
  const Comparison compared = compare(graph, chip, {}, made_bundle());
  const RunResult run = presil::run(graph, chip);
  CHECK(compared.simulated == static_cast<double>(run.latency.value));
  CHECK(compared.simulated_pj == run.energy.total.total().value);
  CHECK(compared.compiled_groups == run.compiled.network.groups.size());
  REQUIRE(!compared.groups.empty());
  double sum = compared.planned_otherwise + static_cast<double>(run.link.value);
  for (const GroupComparison& group : compared.groups) {
    sum += group.simulated;
    CHECK(!group.family.empty());
    CHECK(!group.bound.empty());
    CHECK(!group.prior_bound.empty());
    CHECK(group.prior > 0);
    CHECK(group.own_work > 0);
  }
  CHECK(sum == compared.simulated);
}

TEST_CASE("names in a reason are short") {
  Comparison compared = made_comparison();
  compared.groups[1].name = "bn/1;conv/1+relu+bn/3;conv/3";
  CHECK(reason_of(compared).find("conv/1..conv/3 alone is +18.0 % of all") != std::string::npos);
  compared.groups[1].name = "bn/1;conv/1";
  CHECK(reason_of(compared).find("; conv/1 alone is") != std::string::npos);
}

TEST_CASE("networks, single operators and depth-first groups are levels of their own") {
  Comparison compared = made_comparison();
  compared.groups[1].stages = 3;
  compared.groups.push_back(made_group("hidden", 0, 5));  // done inside another's window
  compared.groups.back().own_work = 20;
  compared.groups.push_back(made_group("empty", 0, 5));
  const std::vector<ScoredCase> cases = scored({compared});
  REQUIRE(cases.size() == 4);
  CHECK(cases[0].level == "network");
  CHECK(cases[0].family == "net");
  CHECK(cases[1].level == "operator");
  CHECK(cases[1].family == "Conv");
  CHECK(cases[2].level == "subgraph");
  CHECK(cases[3].cycles.measured == 1);
  for (const ScoredCase& each : cases) CHECK(each.chip == "chip");
}

TEST_CASE("cycles in the wrong group do not cancel") {
  Comparison compared = made_comparison();
  CHECK(compared.misplaced() == doctest::Approx(0.05 + 0.18));
  compared.groups[1].own_work = 1000;  // beside its neighbours
  CHECK(compared.misplaced() == doctest::Approx(0.05 + 0.18));
}

TEST_CASE("the worst group is the one that costs the network most") {
  Comparison compared = made_comparison();
  compared.groups.push_back(made_group("small", 1, 10));
  REQUIRE(compared.worst_group() != nullptr);
  CHECK(compared.worst_group()->name == "b");
  compared.groups.clear();
  CHECK(compared.worst_group() == nullptr);
}

TEST_CASE("a reason names the plan, the group, its bounds and what is out of range") {
  Comparison compared = made_comparison();
  compared.out_of_range = 2;
  CHECK(
      reason_of(compared) ==
      "planned differently: 1 of 3 groups of the compiler, 20 % of the time (from the compiler's "
      "own groups +5.0 %); b alone is +18.0 % of all: 480 cycles estimated, 300 simulated; bound "
      "by memory in the simulator, by compute in the closed form; the closed form alone says 110; "
      "groups with a feature out of range: 2");
  GroupComparison group = made_group("a", 100, 120);
  group.bound = group.prior_bound = "bank_conflict";
  group.placed_alike = false;
  group.own_work = 12345;
  group.out_of_range = "weight_bytes";
  CHECK(reason_of(group) ==
        "bound by bank conflict on both sides; the closed form alone says 110; it ran mostly "
        "beside its neighbours: alone it needs 12.3 k; the compiler keeps other maps of it in "
        "SRAM; out of range: training saw no such weight_bytes");
  compared = made_comparison();
  compared.planned_otherwise = 0;
  compared.compiled_groups = 2;
  compared.groups = {made_group("a", 500, 501)};
  CHECK(reason_of(compared).starts_with("no group stands out"));
}

TEST_CASE("the energy of networks is judged by itself") {
  Comparison compared = made_comparison();
  compared.simulated_pj = 200;
  compared.estimated_pj = 190;
  CHECK(energy_accuracy({compared}).mape == doctest::Approx(0.05));
  CHECK(energy_accuracy({compared}).bias == doctest::Approx(-0.05));
}

TEST_CASE("the speed-up of networks is the median of theirs") {
  Comparison slow = made_comparison(), fast = made_comparison();
  fast.estimate_seconds = 0.001;
  const SpeedUp speed = speed_up({fast, slow, slow});
  CHECK(speed.least == doctest::Approx(100));
  CHECK(speed.median == doctest::Approx(100));
  CHECK(speed.most == doctest::Approx(1000));
  CHECK(speed_up({}).median == 0);
}

}  // namespace presil
