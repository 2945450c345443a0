#include "hw/lane_fill.h"

#include <doctest/doctest.h>

#include "core/random.h"
#include "hw/timing.h"
#include "tests/hw/test_chips.h"

namespace presil {
namespace {

TEST_CASE("24 outputs on 32 lanes lose a quarter, 48 of 64 channels a quarter of the rest") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.modes = {{.parallelism_factor = 32, .dot_length = 64}};
  const Matrix matrix{.outputs = 24, .positions = 16, .channels = 48};
  const LaneFill fill = lane_fill(chip, matrix);
  CHECK(fill.offered == 16 * 32 * 64);
  CHECK(fill.useful == 16 * 24 * 48);
  CHECK(fill.channels == 16 * 32 * 16);  // a quarter of 64, on every lane
  CHECK(fill.outputs == 16 * 8 * 48);    // a quarter of 32, for each channel there is
  CHECK(fill.positions == 0);
  CHECK(fill.depthwise == 0);
}

TEST_CASE("a depthwise product leaves all but a diagonal of the array without work") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.modes = {{.parallelism_factor = 32, .dot_length = 64}};
  chip.mac_array.depthwise_channels = 32;
  chip.mac_array.depthwise_taps = 1;
  const Matrix matrix{.op = MacOp::kDepthwise, .outputs = 48, .positions = 16, .taps = 9};
  const LaneFill fill = lane_fill(chip, matrix);
  // Two blocks of 32 channels x 9 taps x 16 positions.
  CHECK(fill.offered == 2 * 9 * 16 * 32 * 64);
  CHECK(fill.depthwise == 2 * 9 * 16 * 32 * 63);
  CHECK(fill.outputs == 9 * 16 * 16);
  CHECK(fill.useful == 48 * 16 * 9);
}

TEST_CASE("the losses of random products add up on every chip, and none is negative") {
  Random random(1);
  for (const char* name :
       {"unit", "ne-nano", "ne-base", "ne-max", "nvdla-full", "nvdla-small", "ethos-u55-128",
        "ethos-u55-256", "edge-tpu", "systolic-32-ws", "systolic-32-os"}) {
    const ChipSpec chip = load_chip(std::string(PRESIL_SOURCE_DIR "/chips/") + name + ".yaml");
    for (int i = 0; i < 200; ++i) {
      Matrix matrix{.mode = static_cast<int>(random.integer(
                        0, static_cast<std::int64_t>(chip.mac_array.modes.size()) - 1)),
                    .outputs = random.integer(1, 300),
                    .positions = random.integer(1, 500),
                    .channels = random.integer(1, 300),
                    .taps = random.integer(1, 25),
                    .groups = random.integer(1, 3)};
      if (i % 3 == 0) {
        matrix.op = MacOp::kDepthwise;
        matrix.channels = 1;
      }
      const LaneFill fill = lane_fill(chip, matrix);
      CAPTURE(name);
      CAPTURE(i);
      const double tolerance = 1e-9 * fill.offered;
      CHECK(fill.useful == static_cast<double>(matrix.useful_macs().value));
      CHECK(fill.useful + fill.lost() == doctest::Approx(fill.offered));
      for (const double part :
           {fill.depthwise, fill.positions, fill.channels, fill.taps, fill.outputs})
        CHECK(part >= -tolerance);
    }
  }
}

}  // namespace
}  // namespace presil
