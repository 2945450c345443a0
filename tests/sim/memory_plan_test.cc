#include "sim/memory_plan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "models/import.h"
#include "sim/chain.h"
#include "sim/run.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

TEST_CASE("items that live together lie apart, others share bytes") {
  std::int64_t peak = 0;
  const std::vector<std::int64_t> at =
      place_items({{100, {0, 1}}, {60, {1, 2}}, {90, {2, 3}}}, 64, &peak);
  CHECK(at[0] == 0);
  CHECK(at[1] == 128);
  CHECK(at[2] == 0);
  CHECK(peak == 192);
}

TEST_CASE("an activation in between stays on chip: only input, weights and output move") {
  LayerBuilder b("two", Padding::kSame);
  const TensorId x = b.input("x", {1, 32, 14, 14});
  b.output(b.conv(b.conv(x, {.channels = 64, .bias = false}), {.channels = 32, .bias = false}));
  const CompiledNetwork c = compiled(std::move(b).finish(), chip_of("ne-base"));
  CHECK(moved(c.program, true, Traffic::kSpill) == 0);
  CHECK(moved(c.program, false, Traffic::kSpill) == 0);
  CHECK(moved(c.program, false, Traffic::kInput) == 32 * 14 * 14);
  CHECK(moved(c.program, true, Traffic::kOutput) == 32 * 14 * 14);
  CHECK(moved(c.program, false, Traffic::kWeights) == 2 * 32 * 64);
}

TEST_CASE("storages that live at the same time lie apart in their memory") {
  for (const char* chip_name : {"ne-nano", "ne-max", "systolic-32-os"})
    for (const char* name : {"mobilenet_v2", "squeezenet", "ssd_lite"}) {
      const CompiledNetwork c = compiled(load_network(name, {}), chip_of(chip_name));
      const std::vector<Lifetime> lives = lifetimes(c.network);
      const auto& storages = c.network.storages;
      for (std::size_t a = 0; a < storages.size(); ++a)
        for (std::size_t b = 0; b < a; ++b) {
          const std::int64_t at_a = c.plan.memory_address[a], at_b = c.plan.memory_address[b];
          if (at_a < 0 || at_b < 0 || c.plan.memory[a] != c.plan.memory[b]) continue;
          if (!lives[a].meets(lives[b])) continue;
          CHECK((at_a + storages[a].map.bytes() <= at_b || at_b + storages[b].map.bytes() <= at_a));
        }
    }
}

TEST_CASE("a chain that finds no room when its turn comes is taken apart, its layers run") {
  // The gate and the convolution over time form a chain while the halves lie in SRAM. Then the
  // residents are chosen for the chain, the halves have to go, and rows of all three do not fit.
  LayerBuilder b("gated", Padding::kSymmetric);
  const TensorId x = b.input("x", {1, 214, 320});
  TensorId y = b.reshape(b.transpose(b.layer_norm(x), {0, 2, 1}), {.shape = {1, 320, 1, 214}});
  const std::vector<TensorId> halves = b.split(b.conv(y, {.channels = 640}), 2, 1, "glu");
  y = b.mul(halves[0], b.activate(halves[1], Activation::kSigmoid, "glu"));
  y = b.depthwise(y, {.kernel = 1, .kernel_w = 15, .activation = Activation::kSilu});
  y = b.reshape(b.conv(y, {.channels = 320}), {.shape = {1, 320, 214}});
  b.output(b.add(x, b.transpose(y, {0, 2, 1})));
  const CompiledNetwork c = compiled(std::move(b).finish(), chip_of("ne-nano"));
  CHECK(std::none_of(c.network.groups.begin(), c.network.groups.end(), is_chain));
}

TEST_CASE("a layer that cannot fit is an error with the layer, the tensor and what would do") {
  LayerBuilder b("wide", Padding::kSame);
  b.output(b.softmax(b.input("logits", {1, 100000}), -1, "classes"));
  const Graph graph = std::move(b).finish();
  const ChipSpec small = chip_of("ne-nano", {{"sram.kib", "64"}});
  std::string text;
  try {
    compiled(graph, small);
  } catch (const Error& error) {
    text = error.what();
  }
  CHECK(text.find("layer 'classes' cannot run: the smallest tiles of 'logits' [1,100000]") == 0);
  const std::size_t at = text.find("sram.kib of at least ");
  REQUIRE(at != std::string::npos);
  // The remedy is true, and a KiB less would not do.
  const std::int64_t kib = std::stoll(text.substr(at + 21));
  CHECK_NOTHROW(compiled(graph, chip_of("ne-nano", {{"sram.kib", std::to_string(kib)}})));
  CHECK_THROWS_AS(compiled(graph, chip_of("ne-nano", {{"sram.kib", std::to_string(kib - 1)}})),
                  Error);
}

TEST_CASE("weights that a mapping was priced to load once are loaded once in a network, too") {
  // In so little SRAM the buffers of the group before leave no place apart for all slots.
  const Graph graph = load_network("resnet50", {});
  const ChipSpec chip = chip_of("ne-nano", {{"sram.kib", "128"}});
  const RunResult r = run(graph, chip);
  for (const GroupResult& group : r.groups) {
    if (group.name != "stage2.1/conv_3" && group.name != "stage2.2/conv_3") continue;
    // Weights and constants of 128 x 512, the input and the operand, each once.
    CHECK(group.memory_read.value < 1.1 * (128 * 512 + 512 * 8 + (128 + 512) * 28 * 28));
  }
}

TEST_CASE("a plan that puts two things at one place, or outside, is found") {
  const Graph graph = pointwise(32, 64, 14, 14);
  const ChipSpec chip = chip_of("ne-base");
  CompiledNetwork c = compiled(graph, chip);
  REQUIRE(c.plan.buffer_address[0].size() >= 2);
  c.plan.buffer_address[0][1] = c.plan.buffer_address[0][0];
  CHECK_THROWS_WITH_AS(check_memory_plan(chip, c.network, c.plan),
                       doctest::Contains("are taken twice"), InternalError);
  c.plan.buffer_address[0][1] = chip.sram_bytes();
  CHECK_THROWS_AS(check_memory_plan(chip, c.network, c.plan), InternalError);
}

}  // namespace
}  // namespace presil::testing
