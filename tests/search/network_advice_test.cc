// Advice: measured, ranked, together, and remembered.

#include "search/network_advice.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "models/layer_builder.h"
#include "search/simulated_cost.h"

namespace presil {
namespace {

ChipSpec ne_base() {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips/ne-base.yaml");
}

Network small_network() {
  LayerBuilder b("small", Padding::kSame);
  TensorId x = b.input("image", {1, 3, 64, 64});
  x = b.conv(x, {.channels = 16, .kernel = 3, .stride = 2, .name = "stem"});
  TensorId y = b.conv(x, {.channels = 72, .activation = Activation::kRelu6, .name = "expand"});
  y = b.depthwise(y, {.kernel = 3, .stride = 2, .activation = Activation::kRelu6, .name = "deep"});
  y = b.conv(y, {.channels = 24, .name = "project"});
  b.output(b.fc(b.flatten(b.global_average_pool(y)), 10));
  return {std::move(b).finish(), {}};
}

AdviceOptions options(const PatternStore* patterns = nullptr, int workers = 1) {
  return {.simulations = 60,
          .workers = workers,
          .run = {},
          .metric = &metric_named("latency_ms", "test"),
          .patterns = patterns};
}

std::filesystem::path scratch(const std::string& name) {
  const auto file = std::filesystem::temp_directory_path() / ("presil_advice_" + name);
  std::filesystem::remove(file);
  return file;
}

std::string message_of(const auto& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("Edits are ranked by what the simulator measures, the same for any number of workers") {
  const Network network = small_network();
  const ChipSpec chip = ne_base();
  const NetworkAdvice advice = advise(network, chip, options());
  const NetworkAdvice again = advise(network, chip, options(nullptr, 2));
  REQUIRE(advice.edits.size() > 5);
  REQUIRE(again.edits.size() == advice.edits.size());
  for (std::size_t i = 0; i < advice.edits.size(); ++i) {
    const MeasuredEdit& edit = advice.edits[i];
    CHECK(again.edits[i].edit.text == edit.edit.text);
    CHECK(again.edits[i].after == edit.after);
    if (i > 0) CHECK(advice.edits[i - 1].verdict <= edit.verdict);
    if (i > 0 && edit.verdict == Verdict::kPays) CHECK(advice.edits[i - 1].gain >= edit.gain);
  }
  const Network best = apply_edit(network, advice.edits[0].edit);
  CHECK(advice.edits[0].after.cost == SimulatedCost(chip).cost(best.graph, best.precision));
}

TEST_CASE("The budget bounds the simulations") {
  AdviceOptions few = options();
  few.simulations = 3;
  const NetworkAdvice advice = advise(small_network(), ne_base(), few);
  CHECK(advice.edits.size() == 3);
  CHECK(advice.proposed > 3);
}

TEST_CASE("Edits together are simulated as one network") {
  const Network network = small_network();
  const NetworkAdvice advice = advise(network, ne_base(), options());
  const Together together = best_together(network, ne_base(), options(), advice);
  REQUIRE(together.any);
  std::vector<const Edit*> edits;
  for (const std::size_t i : together.any->edits) edits.push_back(&advice.edits[i].edit);
  const Network changed = apply_edits(network, edits);
  CHECK(together.any->after.cost ==
        SimulatedCost(ne_base()).cost(changed.graph, changed.precision));
  for (const std::size_t i : together.any->edits)
    CHECK(together.any->gain >= advice.edits[i].gain - kPayingGain);
  if (together.same_capacity) CHECK(together.same_capacity->after.macs >= advice.before.macs);
  CHECK(message_of([&] {
          apply_edits(network, {edits[0], edits[0]});
        }).find("has decided already") != std::string::npos);
}

TEST_CASE("Patterns that won are offered first the next time") {
  const auto file = scratch("patterns.jsonl");
  const Network network = small_network();
  const NetworkAdvice first = advise(network, ne_base(), options());
  // The last edit that pays.
  std::size_t last = 0;
  while (last + 1 < first.edits.size() && first.edits[last + 1].verdict == Verdict::kPays) ++last;
  const MeasuredEdit& won = first.edits[last];
  PatternStore(file).append({{.kind = won.edit.kind,
                              .context = won.edit.context,
                              .chip = "c",
                              .model = "m",
                              .metric = "latency_ms",
                              .gain = won.gain}});
  const PatternStore store(file);
  CHECK(store.size() == 1);
  const NetworkAdvice second = advise(network, ne_base(), options(&store));
  CHECK(second.edits[0].wins.count == 1);
  CHECK(second.edits[0].wins.best == won.gain);
  CHECK(second.edits[0].edit.kind == won.edit.kind);
  CHECK(second.edits[0].edit.context == won.edit.context);
  std::filesystem::remove(file);
}

TEST_CASE("A file of patterns grows, and a damaged one is named with its line") {
  const auto file = scratch("damaged.jsonl");
  const Pattern pattern{.kind = "fuse",
                        .context = "3x3",
                        .chip = "c",
                        .model = "m",
                        .metric = "latency_ms",
                        .gain = 0.1};
  PatternStore store(file);
  store.append({pattern});
  store.append({pattern, pattern});
  const Edit edit{.kind = "fuse", .context = "3x3"};
  CHECK(PatternStore(file).wins(edit, "latency_ms").count == 3);
  CHECK(PatternStore(file).wins(edit, "energy_uj").count == 0);
  std::ofstream(file, std::ios::app) << "{\"kind\": 3}\n";
  CHECK(message_of([&] {
          PatternStore damaged(file);
        }).find("damaged.jsonl:4: no pattern of presil advise") != std::string::npos);
  CHECK(message_of([&] {
          PatternStore folder(std::filesystem::temp_directory_path());
        }).find("cannot be read") != std::string::npos);
  std::filesystem::remove(file);
}

}  // namespace presil
