#include "sim/chain.h"

#include <doctest/doctest.h>

#include "tests/sim/coverage.h"

namespace presil::testing {
namespace {

/// An inverted bottleneck whose expanded tensor (96 x 56 x 56) is larger than the SRAM.
Graph bottleneck(std::int64_t stride = 1) {
  LayerBuilder b("ibn", Padding::kSame);
  TensorId x = b.input("x", {1, 16, 56, 56});
  x = b.conv(x, {.channels = 96, .activation = Activation::kRelu6, .name = "expand"});
  x = b.depthwise(
      x, {.kernel = 3, .stride = stride, .activation = Activation::kRelu6, .name = "depthwise"});
  b.output(b.conv(x, {.channels = 24, .name = "project"}));
  return std::move(b).finish();
}

TEST_CASE("an inverted bottleneck runs depth-first and never stores its expanded tensor") {
  const RunResult r = run(bottleneck(), chip_of("ne-nano"));
  REQUIRE(r.compiled.network.groups.size() == 1);
  CHECK(r.compiled.network.groups[0].stages.size() == 3);
  CHECK(r.compiled.plan.mappings[0].chain);
  const Program& p = r.compiled.program;
  CHECK(moved(p, true, Traffic::kSpill) == 0);
  CHECK(moved(p, false, Traffic::kSpill) == 0);
  CHECK(moved(p, true, Traffic::kOutput) == 32 * 56 * 56);  // 24 channels in a block of 32
  CHECK(r.macs == r.macs_executed);                         // no row twice
}

TEST_CASE("a chain loads its weights once and its input once") {
  const RunResult r = run(bottleneck(), chip_of("ne-nano"));
  const std::int64_t weights = 16 * 96 + 9 * 96 + 96 * 24, biases = 4 * (96 + 96 + 24);
  CHECK(moved(r.compiled.program, false, Traffic::kWeights) == weights + biases);
  CHECK(moved(r.compiled.program, false, Traffic::kInput) == 16 * 56 * 56);
}

TEST_CASE("what fits on chip is not chained, and an output in between ends a chain") {
  const CompiledNetwork roomy = compiled(bottleneck(), chip_of("ne-nano", {{"sram.kib", "4096"}}));
  CHECK(roomy.network.groups.size() == 3);
  LayerBuilder b("tap", Padding::kSame);
  const TensorId x = b.input("x", {1, 16, 56, 56});
  const TensorId wide = b.conv(x, {.channels = 96});
  b.output(wide);
  b.output(b.conv(wide, {.channels = 24}));
  CHECK(compiled(std::move(b).finish(), chip_of("ne-nano")).network.groups.size() == 2);
}

TEST_CASE("stripes of every height cover strided chains on one and on three cores") {
  for (const std::int64_t stride : {1, 2, 3})
    for (const char* cores : {"1", "3"}) {
      const Graph graph = bottleneck(stride);
      const Fused f(graph, chip_of("ne-base", {{"cores", cores}}));
      FusionGroup chain{.name = "chain"};
      for (const FusionGroup& group : f.network.groups) chain.stages.push_back(group.stages[0]);
      const Alone alone(f);
      for (const std::int64_t rows : {1, 2, 3, 5, 7, 19}) {
        if (rows > chain.stages.back().out.rows) continue;
        Mapping mapping{.stages = std::vector<StageMapping>(3), .chain = true, .stripe_rows = rows};
        if (f.chip.cores > 1) mapping.split = CoreSplit::kRows;
        Coverage coverage(f, alone.around, chain, mapping);
        coverage.walk();
        CHECK_MESSAGE(coverage.problem().empty(),
                      stride << " " << cores << " " << rows << ": " << coverage.problem());
      }
    }
}

}  // namespace
}  // namespace presil::testing
