#include "hw/timing.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/hw/test_chips.h"

namespace presil {
namespace {

TEST_CASE("stripes are full ones and a last that takes what is left up to its limit") {
  struct Row {
    std::int64_t positions, full, last;
  };
  // As NVDLA cuts them: 16 long, the last up to 32.
  for (const Row row : {Row{1, 0, 1}, Row{32, 0, 32}, Row{33, 1, 17}, Row{196, 11, 20}}) {
    const Stripes stripes = cut_stripes(row.positions, 16, 32);
    CHECK(stripes.full == row.full);
    CHECK(stripes.last == row.last);
    CHECK(stripes.full * stripes.length + stripes.last == row.positions);
  }
}

TEST_CASE("a weight stationary tile costs outputs blocks x channel blocks x taps x positions") {
  const ChipSpec chip = test::small_chip();
  // ceil(9/4) = 3 blocks of outputs, ceil(17/8) = 3 of channels, 9 taps, 32 positions.
  const MatrixTiming timing =
      matrix_timing(chip, {.outputs = 9, .positions = 32, .channels = 17, .taps = 9});
  CHECK(timing.compute == Cycles(3 * 3 * 9 * 32));
  CHECK(timing.active == timing.compute);
}

TEST_CASE("one channel above a multiple of the parallelism factor costs a whole extra step") {
  const ChipSpec chip = test::small_chip();
  const auto cycles = [&](std::int64_t outputs) {
    return matrix_timing(chip, {.outputs = outputs, .positions = 16, .channels = 8}).compute;
  };
  CHECK(cycles(5) == cycles(8));
  CHECK(cycles(8) == Cycles(2 * 16));
  CHECK(cycles(9) == Cycles(3 * 16));
}

TEST_CASE("a stripe shorter than the minimum slot pays the minimum") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.stripe_min = 10;
  const MatrixTiming timing = matrix_timing(chip, {.outputs = 4, .positions = 3, .channels = 8});
  CHECK(timing.compute == Cycles(10));
  CHECK(timing.active == Cycles(3));
  CHECK(timing.min_slot == Cycles(7));
}

TEST_CASE("weights load behind a pass with shadow registers and before it without") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.modes[0].weight_load_cycles_per_output = 5;  // 4 outputs: 20 cycles a block
  const Matrix matrix{.outputs = 4, .positions = 16, .channels = 16};  // two channel blocks
  CHECK(matrix_timing(chip, matrix).compute == Cycles(2 * 20));
  CHECK(matrix_timing(chip, matrix).weight_load == Cycles(2 * (20 - 16)));
  chip.mac_array.shadow_weights = false;
  CHECK(matrix_timing(chip, matrix).compute == Cycles(2 * (20 + 16)));
}

TEST_CASE("a systolic array fills and drains around every pass") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.style = ArrayStyle::kSystolic;
  // 4 + 8 - 2 = 10 cycles a slot beside the 16 positions.
  const MatrixTiming timing = matrix_timing(chip, {.outputs = 4, .positions = 16, .channels = 8});
  CHECK(timing.compute == Cycles(16 + 10));
  CHECK(timing.fill_drain == Cycles(10));
}

TEST_CASE("an output stationary array streams the whole reduction by each block") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.dataflow = Dataflow::kOutputStationary;
  // ceil(5/4) x ceil(17/8) = 2 x 3 blocks; 10 channels x 9 taps stream by each.
  CHECK(matrix_timing(chip, {.outputs = 5, .positions = 17, .channels = 10, .taps = 9}).compute ==
        Cycles(2 * 3 * 90));
}

TEST_CASE("a depthwise layer uses the channels and taps that the array has for it") {
  ChipSpec chip = test::small_chip();
  const Matrix matrix{
      .op = MacOp::kDepthwise, .outputs = 8, .positions = 16, .channels = 1, .taps = 9};
  CHECK(matrix_timing(chip, matrix).compute ==
        Cycles(8 * 9 * 16));  // no hardware: channel by channel
  chip.mac_array.depthwise_channels = 4;
  CHECK(matrix_timing(chip, matrix).compute == Cycles(2 * 9 * 16));
  chip.mac_array.depthwise_taps = 3;
  CHECK(matrix_timing(chip, matrix).compute == Cycles(2 * 3 * 16));
}

TEST_CASE("taps share a dot product only where the chip packs them") {
  ChipSpec chip = test::small_chip();
  const Matrix matrix{.outputs = 4, .positions = 16, .channels = 3, .taps = 9};
  CHECK(matrix_timing(chip, matrix).compute == Cycles(9 * 16));
  chip.mac_array.dot_packing = DotPacking::kTaps;
  CHECK(matrix_timing(chip, matrix).compute == Cycles(4 * 16));  // ceil(27/8)
}

TEST_CASE("a part kernel trades channels of a dot product for taps where that takes fewer steps") {
  ChipSpec chip = test::small_chip();  // dot products of 8
  chip.mac_array.part_kernel_channels = 2;
  const auto steps = [&](std::int64_t channels, std::int64_t taps) {
    const Matrix matrix{.outputs = 4, .positions = 16, .channels = channels, .taps = taps};
    return matrix_timing(chip, matrix).compute.value / 16;
  };
  CHECK(steps(3, 9) == 2 * 3);   // 2 channels x 4 taps: ceil(3/2) x ceil(9/4), not 1 x 9
  CHECK(steps(16, 9) == 2 * 9);  // 8 channels x 1 tap, not 8 x 3
  CHECK(steps(8, 1) == 1);
}

TEST_CASE("a vector command costs its elements over the lanes, fewer for wider elements") {
  ChipSpec chip = test::small_chip();
  chip.vector_unit.startup_cycles = 3;
  CHECK(vector_timing(chip, {.elements = 17}) == Cycles(3 + 3));
  CHECK(vector_timing(chip, {.elements = 16, .element_bits = 16}) == Cycles(3 + 4));
  CHECK(vector_timing(chip, {.elements = 16, .cycles_per_element = 2.5}) == Cycles(3 + 5));
}

TEST_CASE("fused operators make each result take the longer of the output rate and their work") {
  ChipSpec chip = test::small_chip();  // 4 results a cycle leave; 8 lanes
  Matrix matrix{.outputs = 4, .positions = 40, .channels = 8, .drained_per_position = 4};
  CHECK(output_cycles_per_element(chip, matrix) == doctest::Approx(0.25));
  CHECK(matrix_timing(chip, matrix).output == Cycles(160 / 4));
  matrix.epilogue_cycles_per_element = 1;  // 1/8 cycle a result hides behind the rate
  CHECK(matrix_timing(chip, matrix).output == Cycles(160 / 4));
  matrix.epilogue_cycles_per_element = 6;  // 6/8 does not
  CHECK(matrix_timing(chip, matrix).output == Cycles(160 * 6 / 8));
  // Stripes of 16, 16 and 8: the last drains 8 x 4 results.
  CHECK(matrix_timing(chip, matrix).last_drain == Cycles(8 * 4 * 6 / 8));
  matrix.output_bits = 16;  // half the lanes
  CHECK(matrix_timing(chip, matrix).output == Cycles(160 * 6 / 4));
  chip.vector_unit.lanes_scale_with_width = false;
  CHECK(matrix_timing(chip, matrix).output == Cycles(160 * 6 / 8));
}

TEST_CASE("a precision mode that does not exist is a broken promise") {
  CHECK_THROWS_AS(matrix_timing(test::small_chip(), {.mode = 7}), InternalError);
}

}  // namespace
}  // namespace presil
