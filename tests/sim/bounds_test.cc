#include "sim/bounds.h"

#include <doctest/doctest.h>

#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

Graph fully_connected(std::int64_t inputs, std::int64_t outputs) {
  LayerBuilder b("fc", Padding::kSame);
  b.output(b.fc(b.input("x", {1, inputs}), outputs));
  return std::move(b).finish();
}

TEST_CASE("a compute-bound layer comes within 3 % of the lower bound on ne-base") {
  const RunResult r = run(pointwise(512, 512, 56, 56, 3), chip_of("ne-base"));
  CHECK(r.bound == Bound::kCompute);
  CHECK(r.lower_bound <= r.timeline.total);
  CHECK(static_cast<double>(r.timeline.total.value) <
        1.03 * static_cast<double>(r.lower_bound.value));
  // The lower bound is the array's: 16 x 8 blocks, 9 taps, 56 x 56 positions, and the completion.
  CHECK(r.lower_bound == Cycles(16 * 8 * 9 * 56 * 56 + 100));
}

TEST_CASE("a memory-bound layer comes within 3 % of the lower bound on edge-tpu") {
  const RunResult r = run(fully_connected(4096, 4096), chip_of("edge-tpu"));
  CHECK(r.bound == Bound::kMemory);
  CHECK(r.lower_bound <= r.timeline.total);
  CHECK(static_cast<double>(r.timeline.total.value) <
        1.03 * static_cast<double>(r.lower_bound.value));
  // 4096 x 4096 weights, 4096 biases of 32 bits, input and output at 0.32 GB/s and 480 MHz.
  const double bytes = 4096.0 * 4096 + 4 * 4096 + 2 * 4096;
  CHECK(static_cast<double>(r.lower_bound.value) ==
        doctest::Approx(bytes * 480e6 / 0.4e9).epsilon(0.001));
}

TEST_CASE("the roofline is the larger of the MACs at peak and the bytes at the port's rate") {
  const ChipSpec chip = chip_of("ne-base");
  const RunResult conv = run(pointwise(512, 512, 56, 56, 3), chip);
  CHECK(conv.roofline == Cycles(512LL * 512 * 9 * 56 * 56 / (32 * 64)));
  const RunResult fc = run(fully_connected(2048, 1024), chip);
  // 12.8 GB/s at 1 GHz; weights and the output, as stored in the network (no bias).
  CHECK(fc.roofline == Cycles(static_cast<std::int64_t>((2048.0 * 1024 + 1024) / 12.8)));
}

TEST_CASE("the roofline of a steady run has no weights that stay") {
  RunOptions steady;
  steady.compile.steady = true;
  const ChipSpec chip = chip_of("edge-tpu");
  const RunResult r = run(fully_connected(1024, 1024), chip, steady);
  CHECK(r.roofline < run(fully_connected(1024, 1024), chip).roofline);
  CHECK(r.roofline <= r.latency);
}

TEST_CASE("ideal memory and no contention are not slower, and stay above the array's time") {
  for (const char* name : {"ne-base", "ne-nano", "nvdla-small", "systolic-32-ws"}) {
    CAPTURE(std::string(name));
    const ChipSpec chip = chip_of(name);
    const Graph graph = pointwise(48, 80, 30, 30, 3);
    const RunResult built = run(graph, chip);
    RunOptions ideal, free;
    ideal.simulate.ideal_memory = true;
    free.simulate.no_contention = true;
    CHECK(run(graph, chip, ideal).timeline.total <= built.timeline.total);
    CHECK(run(graph, chip, free).timeline.total <= built.timeline.total);
    CHECK(run(graph, chip, ideal).timeline.total >= built.roofline - Cycles(1000));
  }
}

}  // namespace
}  // namespace presil::testing
