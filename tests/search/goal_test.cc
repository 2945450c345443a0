#include "search/goal.h"

#include "space_fixture.h"

namespace presil {
namespace {

Measured sample() {
  return {.cost = {.latency_us = 5000,
                   .energy_pj = 2e9,
                   .parameter_bytes = 2048,
                   .peak_activation_bytes = 1536,
                   .peak_sram_bytes = 1024,
                   .memory_bytes = 4096},
          .macs = 300'000'000,
          .accuracy = 71.5};
}

double value(const char* name) { return metric_named(name, "test").value(sample()); }

}  // namespace

TEST_CASE("Metrics are in the unit of their name") {
  CHECK(value("latency_us") == 5000);
  CHECK(value("latency_ms") == 5);
  CHECK(value("energy_uj") == 2000);
  CHECK(value("energy_mj") == 2);
  CHECK(value("params_kib") == 2);
  CHECK(value("peak_activation_kib") == 1.5);
  CHECK(value("peak_sram_kib") == 1);
  CHECK(value("memory_kib") == 4);
  CHECK(value("macs_m") == 300);
  CHECK(value("accuracy") == 71.5);
}

TEST_CASE("A violation is the excess as a share of the bound") {
  CHECK(parse_constraint("latency_ms <= 4").violation(sample()) == doctest::Approx(0.25));
  CHECK(parse_constraint("latency_ms<=5").violation(sample()) == 0);
  CHECK(parse_constraint("accuracy >= 71").violation(sample()) == 0);
  CHECK(parse_constraint("accuracy >= 143").violation(sample()) == doctest::Approx(0.5));
  const Goal goal = parse_goal({"accuracy", "latency_ms"}, {"latency_ms <= 4", "params_kib <= 1"});
  CHECK(goal.violation(sample()) == doctest::Approx(1.25));
  CHECK(goal.minimised(sample()) == std::vector<double>{-71.5, 5});
}

TEST_CASE("An accuracy that nobody knows violates every constraint on it") {
  Measured m = sample();
  m.accuracy.reset();
  CHECK(std::isinf(parse_constraint("accuracy >= 1").violation(m)));
}

TEST_CASE("An objective goes its metric's way unless it says otherwise") {
  CHECK(parse_objective("accuracy").maximise);
  CHECK_FALSE(parse_objective("latency_ms").maximise);
  CHECK(parse_objective("max:macs_m").maximise);
  CHECK_FALSE(parse_objective("min:accuracy").maximise);
}

TEST_CASE("Mistakes in a goal are named with what would do") {
  CHECK(message_of([] { parse_constraint("latency_sm <= 4"); }) ==
        "constraint 'latency_sm <= 4': unknown metric 'latency_sm'; did you mean 'latency_us'?");
  CHECK(message_of([] { parse_constraint("latency_ms < 4"); }) ==
        "constraint 'latency_ms < 4': must be METRIC <= NUMBER or METRIC >= NUMBER, as 'latency_ms "
        "<= 4'");
  CHECK(message_of([] { parse_constraint("latency_ms <= 4ms"); }) ==
        "constraint 'latency_ms <= 4ms': '4ms' is no number; the unit is the metric's "
        "(latency_ms)");
  CHECK(message_of([] {
          parse_goal({"latency_ms", "latency_us"}, {});
        }) == "objectives 'latency_ms' and 'latency_us' are the same quantity; keep one");
  CHECK(message_of([] { parse_goal({}, {}); }) == "a search needs one to 4 objectives, has 0");
}

TEST_CASE("Constraints that contradict each other are named with the nearest value that does") {
  CHECK(message_of([] {
          parse_goal({"accuracy"}, {"latency_ms >= 5", "latency_us <= 4000"});
        }) ==
        "constraints 'latency_ms >= 5' and 'latency_us <= 4000' contradict each other: no value "
        "meets both; the nearest that meets the first is latency_us <= 5000");
  CHECK_NOTHROW(parse_goal({"accuracy"}, {"latency_ms >= 4", "latency_us <= 4000"}));
}

TEST_CASE("When nothing is feasible, the constraint that nobody meets is named with the nearest") {
  const Goal goal = parse_goal({"accuracy"}, {"latency_ms <= 4", "params_kib <= 4"});
  Measured slow = sample(), slower = sample();
  slower.cost.latency_us = 9000;
  CHECK(infeasibility(goal, {slower, slow}) ==
        "no network of 2 meets 'latency_ms <= 4'; the nearest has latency_ms 5");
  Measured large = sample();
  large.cost.latency_us = 1000;
  large.cost.parameter_bytes = 8192;
  CHECK(infeasibility(goal, {slow, large}) ==
        "each constraint is met by some of 2 networks, but none meets all; the nearest has "
        "latency_ms 5 (missed) params_kib 2");
  large.cost.parameter_bytes = 100;
  CHECK(infeasibility(goal, {slow, large}).empty());
}

}  // namespace presil
