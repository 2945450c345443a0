// Mappings that no tiler would choose: everything that is legal has to lower to a Program that is
// well formed, does all the work, and stays within the bounds.

#include "sim/mapping.h"

#include <doctest/doctest.h>

#include <random>

#include "core/error.h"
#include "models/layer_builder.h"
#include "sim/run.h"
#include "tests/sim/coverage.h"
#include "tests/sim/sim_fixture.h"

namespace presil {
namespace {

using testing::chip_of;

/// One of each kind of stage that can be tiled.
Graph zoo() {
  LayerBuilder b("zoo", Padding::kSymmetric);
  TensorId x = b.input("image", {1, 40, 24, 20});
  const TensorId stem = b.conv(x, {.channels = 96, .kernel = 3, .name = "stem"});
  x = b.depthwise(stem, {.kernel = 5, .stride = 2, .name = "dw"});
  x = b.conv(x, {.channels = 128, .kernel = 3, .dilation = 2, .name = "dilated"});
  TensorId y = b.conv(x, {.channels = 128, .name = "point"});
  x = b.add(x, y, "sum");
  x = b.max_pool(x, {.kernel = 3, .stride = 2, .name = "pool"});
  y = b.global_average_pool(x, "squeeze");
  x = b.mul(x, b.activate(b.conv(y, {.channels = 128, .name = "excite"}), Activation::kSigmoid),
            "scale");
  x = b.resize_bilinear(x, 12, 10, "resize");
  x = b.flatten(b.global_average_pool(x));
  b.output(b.fc(x, 100));
  return std::move(b).finish();
}

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::int64_t upto(std::int64_t most) {  // 1..most
    return 1 + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(most));
  }
  int slots(bool may_hold) { return may_hold && upto(4) == 1 ? kHeld : static_cast<int>(upto(4)); }

  StageMapping mapping(const Stage& s) {
    const std::int64_t reduction = std::max<std::int64_t>(1, s.reduction);
    StageMapping m{.rows = upto(s.out.rows),
                   .columns = s.out.columns,
                   .outputs = s.out.channels,
                   .channels = reduction};
    if (upto(3) == 1) m.columns = upto(s.out.columns);
    if (upto(3) > 1) m.outputs = std::min(s.out.channels, 32 * upto(s.out.channels / 32 + 1));
    if (upto(3) == 1) m.channels = std::min(reduction, 32 * upto(reduction / 32 + 1));
    m.order = upto(2) == 1 ? LoopOrder::kPositionsOuter : LoopOrder::kOutputsOuter;
    m.input_slots = slots(true);
    m.weight_slots = slots(true);
    m.output_slots = slots(false);
    return m;
  }

 private:
  std::mt19937 engine_;
};

/// Pins every group to a random mapping, or leaves it when none of some tries is legal.
RunOptions random_pins(const ChipSpec& chip, const CompiledNetwork& like, Random& random) {
  RunOptions options;
  options.compile.pins.chains.emplace();
  const std::vector<bool> nothing(like.network.storages.size(), false);
  for (std::size_t g = 0; g < like.network.groups.size(); ++g) {
    const FusionGroup& group = like.network.groups[g];
    const Surroundings around{chip, like.network, nothing, like.plan.memory, chip.sram_bytes(),
                              false};
    for (int attempt = 0; attempt < 20; ++attempt) {
      Mapping mapping;
      for (const Stage& stage : group.stages) mapping.stages.push_back(random.mapping(stage));
      if (chip.cores > 1) mapping.split = static_cast<CoreSplit>(random.upto(3) - 1);
      if (!why_illegal(around, group, mapping).empty()) continue;
      options.compile.pinned[group.name] = mapping;
      break;
    }
  }
  return options;
}

TEST_CASE("every legal mapping runs, does all the work and stays within the bounds") {
  const Graph graph = zoo();
  for (const char* name : {"unit", "ne-nano", "ne-max", "nvdla-full"}) {
    const ChipSpec chip = chip_of(name);
    CompileOptions plain;
    plain.pins.chains.emplace();
    const CompiledNetwork like = compile(graph, chip, plain);
    Random random(7);
    std::size_t pinned = 0;
    for (int round = 0; round < 12; ++round) {
      RunOptions options = random_pins(chip, like, random);
      if (round % 3 == 2) options.compile.batch = 2;
      CAPTURE(name);
      CAPTURE(round);
      pinned += options.compile.pinned.size();
      const RunResult result = run(graph, chip, options);  // checks bounds, MACs and stalls
      CHECK_NOTHROW(check_program(result.compiled.program, chip));
      CHECK(result.macs == macs_of(graph) * options.compile.batch);
    }
    CHECK(pinned > 60);
  }
}

TEST_CASE("every legal mapping computes every output once, from bytes that are there") {
  for (const char* name : {"unit", "ne-nano", "ne-max"}) {
    const testing::Fused fused(zoo(), chip_of(name));
    const testing::Alone alone(fused);
    Random random(11);
    std::size_t walked = 0;
    for (int round = 0; round < 200; ++round)
      for (const FusionGroup& group : fused.network.groups) {
        Mapping mapping;
        for (const Stage& stage : group.stages) mapping.stages.push_back(random.mapping(stage));
        if (fused.chip.cores > 1) mapping.split = static_cast<CoreSplit>(random.upto(3) - 1);
        if (!why_illegal(alone.around, group, mapping).empty()) continue;
        testing::Coverage coverage(fused, alone.around, group, mapping);
        coverage.walk();
        CAPTURE(name);
        CAPTURE(round);
        CAPTURE(group.name);
        CHECK_MESSAGE(coverage.problem().empty(), coverage.problem());
        ++walked;
      }
    CHECK(walked > 400);
  }
}

TEST_CASE("a chain runs in stripes of any height, over all rows once") {
  LayerBuilder b("chain", Padding::kSymmetric);
  TensorId x = b.input("image", {1, 16, 23, 17});
  x = b.conv(x, {.channels = 96, .name = "expand"});
  x = b.depthwise(x, {.kernel = 5, .stride = 2, .name = "dw"});
  x = b.conv(x, {.channels = 24, .kernel = 3, .name = "project"});
  b.output(x);
  const Graph graph = std::move(b).finish();
  for (const char* name : {"unit", "ne-base", "ne-max"})
    for (std::int64_t stripe = 1; stripe <= 12; ++stripe)
      for (const std::int64_t batch : {1, 2}) {
        const ChipSpec chip = chip_of(name);
        RunOptions options{.compile = {.batch = batch}};
        options.compile.pins.chains = {{"expand", "dw", "project"}};
        options.compile.pinned["expand+dw+project"] = {.chain = true, .stripe_rows = stripe};
        CAPTURE(name);
        CAPTURE(stripe);
        CAPTURE(batch);
        const RunResult result = run(graph, chip, options);
        CHECK(result.macs_executed == result.macs);
        CHECK_NOTHROW(check_program(result.compiled.program, chip));
        options.compile.pinned["expand+dw+project"].split = CoreSplit::kRows;
        if (chip.cores == 1) continue;
        // Rows at the border of two cores' parts are computed by both.
        const RunResult split = run(graph, chip, options);
        CHECK(split.macs_executed >= split.macs);
        CHECK_NOTHROW(check_program(split.compiled.program, chip));
      }
}

}  // namespace
}  // namespace presil
