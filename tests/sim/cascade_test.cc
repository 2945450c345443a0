#include "sim/cascade.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "models/import.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

/// [1,16,64,64] -> 3x3 to 32 channels -> 3x3 with stride 2 -> [1,16,32,32].
Graph narrow_wide_narrow() {
  LayerBuilder b("waist", Padding::kSymmetric);
  const TensorId x = b.input("x", {1, 16, 64, 64});
  const TensorId wide = b.conv(x, {.channels = 32, .kernel = 3, .bias = false});
  b.output(b.conv(wide, {.channels = 16, .kernel = 3, .stride = 2, .bias = false}));
  return std::move(b).finish();
}

ChipSpec with_kib(const std::string& kib) {
  return chip_of("ethos-u55-128", {{"memories.sram.kib", kib}});
}

std::string error_of(const Graph& graph, const ChipSpec& chip) {
  try {
    run(graph, chip);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("layers run one by one where their maps fit the memory") {
  // 64 KiB in, 128 KiB between, 16 KiB out: at most 192 at once.
  const RunResult r = run(narrow_wide_narrow(), with_kib("192"));
  CHECK(r.compiled.network.groups.size() == 2);
}

TEST_CASE("a map that does not fit its memory becomes a ring of rows") {
  const Graph graph = narrow_wide_narrow();
  const RunResult r = run(graph, with_kib("100"));
  const FusedNetwork& network = r.compiled.network;
  REQUIRE(network.groups.size() == 1);
  const FusionGroup& group = network.groups[0];
  CHECK(group.is_cascade());
  CHECK(group.members.size() == 2);
  CHECK(r.macs == macs_of(graph));
  const int inner = network.views[static_cast<std::size_t>(group.stages[0].output)].storage;
  const Storage& ring = network.storages[static_cast<std::size_t>(inner)];
  CHECK(ring.ring_rows == chain_ring_rows(group, group.stripe_rows)[0]);
  CHECK(ring.bytes() == ring.ring_rows * 2 * 64 * 16);
  // 64 + 16 KiB and a ring of at most 10 rows of 2 KiB.
  CHECK(ring.ring_rows <= 10);
}

TEST_CASE("a cascade writes every row once and reads halos again, within its ring") {
  const Graph graph = narrow_wide_narrow();
  const CompiledNetwork c = run(graph, with_kib("100")).compiled;
  const int inner =
      c.network.views[static_cast<std::size_t>(c.network.groups[0].stages[0].output)].storage;
  const auto s = static_cast<std::size_t>(inner);
  const std::int64_t begin = c.plan.memory_address[s], end = begin + c.network.storages[s].bytes();
  std::int64_t stored = 0, loaded = 0;
  for (const Command& command : c.program.commands) {
    const auto* store = std::get_if<Store>(&command.work);
    const auto* load = std::get_if<Load>(&command.work);
    const Transfer* t = store != nullptr ? &store->transfer : load ? &load->transfer : nullptr;
    if (t == nullptr || t->traffic != Traffic::kSpill) continue;
    CHECK(t->memory_address >= begin);
    CHECK(t->memory_address < end);
    (store != nullptr ? stored : loaded) += t->bytes();
  }
  CHECK(stored == 64 * 64 * 32);
  CHECK(loaded > 64 * 64 * 32);
}

TEST_CASE("a smaller memory takes narrower stripes, and loads the weights more often") {
  const Graph graph = narrow_wide_narrow();
  const CompiledNetwork wide = run(graph, with_kib("120")).compiled;
  const CompiledNetwork narrow = run(graph, with_kib("88")).compiled;
  CHECK(narrow.network.groups[0].stripe_rows < wide.network.groups[0].stripe_rows);
  CHECK(moved(narrow.program, false, Traffic::kWeights) >
        moved(wide.program, false, Traffic::kWeights));
}

TEST_CASE("what no cascade makes fit is an error with the memory that would do") {
  const std::string text = error_of(narrow_wide_narrow(), with_kib("70"));
  CHECK(text.find("memory 'sram' of 70 KiB") != std::string::npos);
  // 64 + 16 KiB and three rows of 2 KiB, not the 192 KiB of whole maps.
  CHECK(text.find("memories.sram.kib of at least 86 or") != std::string::npos);
}

TEST_CASE("what somebody else reads, too, is not inside of a cascade") {
  LayerBuilder b("skip", Padding::kSymmetric);
  const TensorId x = b.input("x", {1, 16, 64, 64});
  const TensorId wide = b.conv(x, {.channels = 32, .kernel = 3, .bias = false});
  const TensorId same = b.conv(wide, {.channels = 32, .kernel = 3, .bias = false});
  b.output(b.conv(b.add(wide, same), {.channels = 16, .kernel = 3, .stride = 2, .bias = false}));
  const std::string text = error_of(std::move(b).finish(), with_kib("100"));
  CHECK(text.find("would do") != std::string::npos);
}

TEST_CASE("MobileNetV2 at 224 runs in 384 KiB, as on the real chip") {
  for (const char* chip : {"ethos-u55-128", "ethos-u55-256"}) {
    const RunResult r = run(load_network("mobilenet_v2", {}), chip_of(chip));
    CHECK(r.macs.value > 0);
    CHECK(r.latency.value > 0);
  }
}

}  // namespace
}  // namespace presil::testing
