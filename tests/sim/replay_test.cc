#include "sim/replay.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

TEST_CASE("the replay agrees with the machine within 6 % where one group runs alone") {
  for (const char* name : {"ne-base", "ne-nano", "nvdla-full", "ne-max"})
    for (const std::int64_t kernel : {1, 3}) {
      const Graph graph = pointwise(64, 64, 28, 28, kernel);
      const ChipSpec chip = chip_of(name);
      const RunResult r = run(graph, chip);
      const Fused f(graph, chip);
      const Surroundings around = r.compiled.plan.around(f.chip, r.compiled.network, 0);
      const Replayed replayed =
          replay(around, r.compiled.network.groups[0], r.compiled.plan.mappings[0], {});
      REQUIRE(replayed.price.has_value());
      CAPTURE(std::string(name));
      CAPTURE(kernel);
      const auto machine =
          static_cast<double>(r.timeline.total.value - chip.control.completion_cycles);
      CAPTURE(machine);
      CAPTURE(replayed.price->cycles);
      CHECK(std::abs(replayed.price->cycles / machine - 1) < 0.06);
    }
}

TEST_CASE("a replay beyond its limits has no price and costs no more than its commands say") {
  const Fused f(pointwise(64, 64, 28, 28), chip_of("ne-base"));
  const Alone alone(f);
  const StageMapping m{.rows = 1, .columns = 28, .outputs = 64, .channels = 64};
  const auto work = [&](const ReplayLimits& limits) {
    return replay(alone.around, f.network.groups[0], {.stages = {m}}, limits);
  };
  const Replayed whole = work({});
  REQUIRE(whole.price.has_value());
  CHECK(work({.cycles = 1.01 * whole.price->cycles}).price.has_value());
  const Replayed early = work({.cycles = 0.5 * whole.price->cycles});
  CHECK(!early.price.has_value());
  CHECK(early.work < whole.work);
  CHECK(!work({.commands = 10}).price.has_value());
}

}  // namespace
}  // namespace presil::testing
