#include "sim/tiler.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/sim/coverage.h"

namespace presil::testing {
namespace {

TEST_CASE("tile sizes are steps times powers of two, even cuts and the whole, ascending") {
  CHECK(tile_sizes(12, 4) == std::vector<std::int64_t>{4, 8, 12});
  CHECK(tile_sizes(1, 32) == std::vector<std::int64_t>{1});
  const std::vector<std::int64_t> sizes = tile_sizes(100, 16);
  CHECK(std::is_sorted(sizes.begin(), sizes.end()));
  CHECK(sizes.back() == 100);
}

TEST_CASE("every candidate of a convolution covers its output exactly") {
  const Fused f(pointwise(40, 48, 9, 7, 3), chip_of("unit"));
  const Alone alone(f, 16 * 1024);
  const FusionGroup& group = f.network.groups[0];
  std::size_t tried = 0;
  for (const StageMapping& m : stage_candidates(alone.around, group, 0, CoreSplit::kNone)) {
    if (++tried % 7 != 0) continue;  // a share of them: it has to be quick
    Coverage coverage(f, alone.around, group, {.stages = {m}});
    coverage.walk();
    CHECK_MESSAGE(coverage.problem().empty(), coverage.problem());
  }
  CHECK(tried > 100);
}

constexpr std::array kLayers{std::array{64, 128, 14, 3}, std::array{32, 32, 56, 1},
                             std::array{256, 96, 7, 3}};

TEST_CASE("what is legal in a small SRAM is a candidate in a larger one") {
  for (const auto& [inputs, outputs, size, kernel] : kLayers) {
    const Fused f(pointwise(inputs, outputs, size, size, kernel), chip_of("ne-nano"));
    std::vector<StageMapping> before;
    for (const std::int64_t kib : {48, 96, 192, 256}) {
      const Alone alone(f, kib * 1024);
      const std::vector<StageMapping> now =
          stage_candidates(alone.around, f.network.groups[0], 0, CoreSplit::kNone);
      for (const StageMapping& m : before) CHECK(std::find(now.begin(), now.end(), m) != now.end());
      before = now;
    }
  }
}

// The smaller chip's mapping is a candidate (above), but the search looks at a part of them.
TEST_CASE("with more SRAM the chosen mapping is at most 1 % slower") {
  for (const auto& [inputs, outputs, size, kernel] : kLayers) {
    Cycles best(std::int64_t{1} << 60);
    for (const char* kib : {"48", "96", "192", "256"}) {
      const RunResult r = run(pointwise(inputs, outputs, size, size, kernel),
                              chip_of("ne-nano", {{"sram.kib", kib}}));
      CAPTURE(std::string(kib));
      CHECK(static_cast<double>(r.latency.value) <= 1.01 * static_cast<double>(best.value));
      best = std::min(best, r.latency);
    }
  }
}

TEST_CASE("cores split rows or outputs, and each element belongs to one of them") {
  const Fused f(pointwise(64, 256, 20, 20), chip_of("ne-max"));
  const FusionGroup& group = f.network.groups[0];
  for (const CoreSplit split : {CoreSplit::kRows, CoreSplit::kOutputs}) {
    const std::vector<Part> parts = parts_of(f.chip, group.stages[0], split);
    CHECK(parts.size() == 4);
    std::int64_t elements = 0;
    for (const Part& part : parts) elements += part.rows.count() * part.outputs.count();
    CHECK(elements == 20 * 256);
    const Alone alone(f);
    Mapping mapping{.stages = {{.rows = 4, .columns = 20, .outputs = 64, .channels = 64}},
                    .split = split};
    REQUIRE(why_illegal(alone.around, group, mapping).empty());
    Coverage coverage(f, alone.around, group, mapping);
    coverage.walk();
    CHECK_MESSAGE(coverage.problem().empty(), coverage.problem());
  }
  const Graph large = pointwise(256, 256, 28, 28, 3);
  CHECK(compiled(large, f.chip).plan.mappings[0].split != CoreSplit::kNone);
}

TEST_CASE("mappings that break a rule say which") {
  const Fused f(pointwise(64, 64, 32, 32), chip_of("unit"));
  const FusionGroup& group = f.network.groups[0];
  const Alone alone(f);
  const auto reason = [&](StageMapping m) {
    return why_illegal(alone.around, group, {.stages = {m}});
  };
  const StageMapping good{.rows = 4, .columns = 32, .outputs = 64, .channels = 64};
  CHECK(reason(good) == "");
  StageMapping bad = good;
  bad.rows = 33;
  CHECK(reason(bad).find("rows: a tile of 33 is outside 1..32") != std::string::npos);
  bad = good;
  bad.outputs = 6;
  CHECK(reason(bad).find("outputs: 6 is no multiple of 4") != std::string::npos);
  bad = good;
  bad.rows = 32;
  bad.channels = 32;  // 32 x 32 x 64 sums of 32 bits are 256 KiB
  CHECK(reason(bad).find("cut sums wait in the accumulators") != std::string::npos);
  const Alone tight(f, 1024);
  CHECK(why_illegal(tight.around, group, {.stages = {good}}).find("bytes exceed 1024 bytes") !=
        std::string::npos);
}

TEST_CASE("a 3x3 window in two tiles of rows loads its halo twice, held input once") {
  const Fused f(pointwise(4, 4, 8, 8, 3), chip_of("unit"));
  const Alone alone(f);
  const FusionGroup& group = f.network.groups[0];
  StageMapping m{.rows = 4, .columns = 8, .outputs = 4, .channels = 4};
  const auto bytes = [&] { return price_of(alone.around, group, {.stages = {m}}, 1000)->bytes; };
  const double weights = 4 * 4 * 9, output = 4 * 8 * 8;
  CHECK(bytes() == weights + output + 2 * 5 * 8 * 4);  // rows 0..5 and 3..8
  m.input_slots = kHeld;
  CHECK(bytes() == weights + output + 8 * 8 * 4);
  m.input_slots = 2;
  m.rows = 2;  // rows 0..3, 1..5, 3..7, 5..8
  CHECK(bytes() == weights + output + (3 + 4 + 4 + 3) * 8 * 4);
}

TEST_CASE("a buffer of two tiles of an input cannot hold it, and reads its halo twice") {
  const Fused f(pointwise(4, 4, 8, 8, 3), chip_of("unit", {{"sram.input_tiles", "2"}}));
  const Alone alone(f);
  const FusionGroup& group = f.network.groups[0];
  StageMapping m{.rows = 4, .columns = 8, .outputs = 4, .channels = 4, .input_slots = kHeld};
  const std::string limit = ", but the chip keeps at most 2 tiles of an input (sram.input_tiles)";
  CHECK(why_illegal(alone.around, group, {.stages = {m}}) == "conv: input_slots: held" + limit);
  m.input_slots = 3;
  CHECK(why_illegal(alone.around, group, {.stages = {m}}) == "conv: input_slots: 3" + limit);
  m.input_slots = 2;
  CHECK(why_illegal(alone.around, group, {.stages = {m}}).empty());
  for (const StageMapping& c : stage_candidates(alone.around, group, 0, CoreSplit::kNone))
    CHECK((c.input_slots == 1 || c.input_slots == 2));
}

// 64 outputs are two blocks of 32 as of 35; a block of 35 loads in 18 cycles behind stripes of 16.
TEST_CASE("an array three outputs wider than the layout's blocks pays for its load, no more") {
  const auto latency = [](const char* width) {
    return static_cast<double>(
        run(pointwise(64, 256, 14, 14, 3),
            chip_of("ne-base", {{"mac_array.modes.0.parallelism_factor", width}}))
            .latency.value);
  };
  CHECK(latency("35") <= 1.125 * latency("32"));
}

TEST_CASE("held weights are loaded once, however often the positions pass") {
  const Fused f(pointwise(8, 16, 8, 8), chip_of("unit"));
  const Alone alone(f);
  const FusionGroup& group = f.network.groups[0];
  StageMapping m{.rows = 2, .columns = 8, .outputs = 4, .channels = 8, .weight_slots = kHeld};
  const auto bytes = [&] { return price_of(alone.around, group, {.stages = {m}}, 1000)->bytes; };
  const double maps = 8 * 64 + 16 * 64;
  CHECK(bytes() == maps + 8 * 16);
  m.weight_slots = 2;  // four runs of outputs, twice two slots: reloaded in each of four rows
  CHECK(bytes() == maps + 4 * 8 * 16);
}

}  // namespace
}  // namespace presil::testing
