#include "sim/clock.h"

#include <doctest/doctest.h>

#include "sim/tiler.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

TEST_CASE("the clock prices one tile as the sum of its parts on unit") {
  const Fused f(pointwise(4, 4, 1, 4), chip_of("unit"));
  const Alone alone(f);
  const StageMapping m{.rows = 1, .columns = 4, .outputs = 4, .channels = 4};
  const auto price = price_of(alone.around, f.network.groups[0], {.stages = {m}}, 100);
  REQUIRE(price.has_value());
  CHECK(price->bytes == 16 + 16 + 16);
  // Start 2, set-up 1, a quarter cycle each of input and weights, latency 1; start 2, compute 4,
  // drain 4, 1 late; start 2, set-up 1, a quarter cycle, latency 1.
  CHECK(price->cycles == doctest::Approx(2 + 1 + 0.5 + 1 + 2 + 4 + 4 + 1 + 2 + 1 + 0.25 + 1));
}

TEST_CASE("a walk with too many commands has no price") {
  const Fused f(pointwise(4, 4, 32, 32), chip_of("unit"));
  const Alone alone(f);
  const StageMapping m{.rows = 1, .columns = 32, .outputs = 4, .channels = 4};
  CHECK(price_of(alone.around, f.network.groups[0], {.stages = {m}}, 1000).has_value());
  CHECK(!price_of(alone.around, f.network.groups[0], {.stages = {m}}, 50).has_value());
}

TEST_CASE("double buffers are not slower than single ones, nor duplex than shared ports") {
  const Fused f(pointwise(64, 64, 32, 32, 3), chip_of("ne-base"));
  const Alone alone(f);
  StageMapping m{.rows = 4, .columns = 32, .outputs = 64, .channels = 64};
  const auto cycles = [&] {
    return price_of(alone.around, f.network.groups[0], {.stages = {m}}, 1000)->cycles;
  };
  const double twice = cycles();
  m.input_slots = m.output_slots = 1;
  CHECK(cycles() >= twice);
}

TEST_CASE("the clock agrees with the machine within a third on plain convolutions") {
  // The clock knows no bursts, rows and banks: this only finds a clock that lost its way.
  for (const char* name : {"unit", "ne-base", "ne-nano", "nvdla-small", "systolic-32-ws"})
    for (const std::int64_t kernel : {1, 3}) {
      const Graph graph = pointwise(64, 64, 28, 28, kernel);
      const ChipSpec chip = chip_of(name);
      const RunResult r = run(graph, chip);
      const Fused f(graph, chip);
      const Surroundings around = r.compiled.plan.around(f.chip, r.compiled.network, 0);
      const auto price =
          price_of(around, r.compiled.network.groups[0], r.compiled.plan.mappings[0], 1000000);
      REQUIRE(price.has_value());
      CAPTURE(std::string(name));
      CAPTURE(kernel);
      const auto simulated = static_cast<double>(r.timeline.total.value);
      CHECK(price->cycles > simulated * 0.66);
      CHECK(price->cycles < simulated * 1.5);
    }
}

}  // namespace
}  // namespace presil::testing
