#include "profiler/advice.h"

#include <doctest/doctest.h>

#include "profiler/profile.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

std::vector<Advice> advice_for(const Simulated& simulated) {
  return profile(simulated.graph, simulated.chip, simulated.result).advice;
}

Graph one_conv(std::int64_t inputs, std::int64_t outputs) {
  GraphBuilder builder("one");
  const TensorId in = builder.add_input("x", DataType::kInt8, {1, inputs, 64, 64});
  const TensorId w = builder.add_constant(
      {.name = "w", .type = DataType::kInt8, .shape = {outputs, inputs, 3, 3}});
  builder.mark_output(builder.add_op(
      OpKind::kConv, ConvAttrs{.window = {.kernel_h = 3, .kernel_w = 3}}, {in, w}, "conv"));
  return std::move(builder).finish();
}

Advice first_advice(const Graph& graph) {
  const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
  const RunResult result = run(graph, chip);
  return profile(graph, chip, result).advice.front();
}

TEST_CASE("advice names the channels that do not fill the lanes, and what costs the same") {
  const Advice advice = first_advice(one_conv(64, 40));
  CHECK(advice.bound == Bound::kCompute);
  CHECK(advice.limit == "40 output channels need 2 blocks of 32 lanes, the last with 8.");
  CHECK(advice.change == "64 cost the same, 32 a block less.");
  const Advice narrow = first_advice(one_conv(64, 24));
  CHECK(narrow.limit == "24 output channels fill 24 of 32 lanes.");
  CHECK(narrow.change == "32 cost the same.");
}

TEST_CASE("what the advice says costs the same does cost the same") {
  const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
  const Cycles at_40 = run(one_conv(64, 40), chip).groups[0].latency;
  const Cycles at_64 = run(one_conv(64, 64), chip).groups[0].latency;
  const Cycles at_32 = run(one_conv(64, 32), chip).groups[0].latency;
  // Within the transfers that differ.
  CHECK(static_cast<double>(at_64.value) < 1.05 * static_cast<double>(at_40.value));
  CHECK(static_cast<double>(at_32.value) < 0.6 * static_cast<double>(at_40.value));
}

TEST_CASE("advice is for the five longest groups, longest first, and says something of each") {
  for (const char* chip : {"ne-nano", "ne-max", "edge-tpu", "nvdla-full", "systolic-32-os"})
    for (const char* model : {"mobilenet_v2", "resnet18", "lstm_asr"}) {
      CAPTURE(chip);
      CAPTURE(model);
      const Simulated simulated(model, chip);
      const std::vector<Advice> advice = advice_for(simulated);
      CHECK(advice.size() == std::min<std::size_t>(5, simulated.result.groups.size()));
      for (std::size_t i = 0; i < advice.size(); ++i) {
        CHECK_FALSE(advice[i].limit.empty());
        CHECK_FALSE(advice[i].change.empty());
        CHECK(advice[i].limit.back() == '.');
        CHECK(advice[i].change.back() == '.');
        if (i > 0) CHECK(advice[i].share <= advice[i - 1].share);
        if (advice[i].gain) {
          CHECK(advice[i].gain->value >= 0);
          CHECK(advice[i].gain->value <= simulated.result.latency.value);
        }
      }
    }
}

TEST_CASE("a fully connected layer on ne-base is said to wait for its weights") {
  const Simulated simulated("mobilenet_v2", "ne-base");
  for (const Advice& advice : advice_for(simulated)) {
    if (simulated.result.groups[advice.group].name != "classifier/fc") continue;
    CHECK(advice.bound == Bound::kMemory);
    CHECK(advice.limit.starts_with("1.22 MiB of weights cross dram in 100,"));
    CHECK(advice.change.starts_with("Weights of half the width halve the transfer"));
    return;
  }
  FAIL("classifier/fc is not among the five longest groups");
}

}  // namespace
}  // namespace presil
