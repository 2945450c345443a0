#include "profiler/attribution.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

double sum_of(const MacSlots& slots) {
  return slots.done + slots.recompute + slots.lanes.lost() + slots.pipeline() + slots.memory() +
         slots.idle();
}

TEST_CASE("slots, engines and windows of every group add up, whatever the chip") {
  for (const char* chip : {"ne-nano", "ne-base", "ne-max", "edge-tpu", "nvdla-full",
                           "systolic-32-os", "ethos-u55-256"})
    for (const char* model : {"ds_cnn", "mobilenet_v2"}) {
      CAPTURE(chip);
      CAPTURE(model);
      const Simulated simulated(model, chip);
      const RunResult& run = simulated.result;
      const Attribution attribution = attribute(simulated.chip, run);
      double done = 0, overlap = 0;
      std::int64_t at = 0;
      for (std::size_t g = 0; g < attribution.groups.size(); ++g) {
        const GroupAttribution& group = attribution.groups[g];
        CHECK(group.window.begin == at);
        at = group.window.end;
        CHECK(sum_of(group.slots) == doctest::Approx(group.slots.peak).epsilon(1e-9));
        CHECK(group.slots.done + group.slots.overlap ==
              doctest::Approx(static_cast<double>(run.groups[g].macs.value)));
        done += group.slots.done;
        overlap += group.slots.overlap;
        // One array and one vector unit a core, several DMA channels.
        const auto engine = [&](Engine e) { return group.engines[static_cast<std::size_t>(e)]; };
        CHECK(engine(Engine::kMac).sum() == simulated.chip.cores * group.window.length());
        CHECK(engine(Engine::kVector).sum() == simulated.chip.cores * group.window.length());
        CHECK(engine(Engine::kDma).sum() ==
              simulated.chip.cores * simulated.chip.dma.channels * group.window.length());
      }
      CHECK(at == run.timeline.total.value);
      // To the multiply-accumulate.
      CHECK(std::llround(done) == run.macs.value);
      CHECK(std::abs(overlap) < 0.5);
      CHECK(attribution.slots.peak ==
            doctest::Approx(static_cast<double>(run.timeline.total.value) *
                            peak_macs_per_cycle(simulated.chip, 0)));
    }
}

TEST_CASE("peak times the factors is what was done") {
  const Simulated simulated("mobilenet_v2", "ne-max");
  const Attribution attribution = attribute(simulated.chip, simulated.result);
  for (const GroupAttribution& group : attribution.groups) {
    const UtilisationFactors f = factors_of(group.slots);
    for (const double factor : {f.memory, f.idle, f.pipeline, f.lanes, f.recompute}) {
      CHECK(factor >= -1e-9);
      CHECK(factor <= 1 + 1e-9);
    }
    CHECK(group.slots.peak * f.memory * f.idle * f.pipeline * f.lanes * f.recompute ==
          doctest::Approx(group.slots.done));
  }
  // Two cores split rows, and compute the halo twice.
  CHECK(attribution.slots.recompute > 0);
}

TEST_CASE("a channel above a multiple of the parallelism factor is lane waste by outputs") {
  const auto outputs_lost = [](int channels) {
    GraphBuilder builder("lanes");
    const TensorId in = builder.add_input("x", DataType::kInt8, {1, 64, 32, 32});
    TensorDesc weights{.name = "w", .type = DataType::kInt8, .shape = {channels, 64, 1, 1}};
    const TensorId w = builder.add_constant(weights);
    builder.mark_output(builder.add_op(OpKind::kConv, ConvAttrs{}, {in, w}, "conv"));
    const Graph graph = std::move(builder).finish();
    const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
    const RunResult run = presil::run(graph, chip);
    const MacSlots slots = attribute(chip, run).slots;
    return slots.lanes.outputs / (slots.done + slots.lanes.lost());
  };
  CHECK(outputs_lost(64) == 0);
  CHECK(outputs_lost(65) == doctest::Approx(31.0 / 96));  // three blocks of 32 for 65
}

TEST_CASE("a group's critical path adds up to its latency and names its bound") {
  for (const char* chip : {"ne-nano", "ne-max", "edge-tpu"}) {
    const Simulated simulated("mobilenet_v2", chip);
    for (const GroupResult& group : simulated.result.groups) {
      CHECK(std::accumulate(group.critical.begin(), group.critical.end(), std::int64_t{0}) ==
            group.latency.value);
      if (group.latency.value > 0 && !group.on_host)
        CHECK(group.critical[static_cast<std::size_t>(group.bound)] ==
              *std::max_element(group.critical.begin(), group.critical.end()));
    }
  }
}

}  // namespace
}  // namespace presil
