#include "hw/lane_fill.h"

#include <algorithm>

#include "hw/timing.h"

namespace presil {

namespace {

/// Extent over the same in whole blocks, (0, 1].
double fill_of(std::int64_t extent, std::int64_t block) {
  return static_cast<double>(extent) / static_cast<double>(round_up(extent, block));
}

double dot_fill(const ChipSpec& chip, const PrecisionMode& mode, const Matrix& matrix) {
  return static_cast<double>(matrix.channels * matrix.taps) /
         static_cast<double>(reduction_blocks(chip, matrix) * mode.dot_length);
}

/// Fills of the dimensions that have blocks of their own; positions take what remains.
struct Fills {
  double depthwise = 1, channels = 1, taps = 1, outputs = 1;
};

Fills fills_of(const ChipSpec& chip, const PrecisionMode& mode, const Matrix& matrix) {
  const MacArraySpec& array = chip.mac_array;
  if (matrix.op == MacOp::kDepthwise) {
    const std::int64_t width = std::max<std::int64_t>(1, array.depthwise_channels);
    const std::int64_t taps = array.depthwise_channels > 0 ? array.depthwise_taps : 1;
    const double used = static_cast<double>(width * taps) /
                        static_cast<double>(mode.parallelism_factor * mode.dot_length);
    return {.depthwise = std::min(1.0, used),
            .taps = fill_of(matrix.taps, taps),
            .outputs = fill_of(matrix.outputs, width)};
  }
  switch (array.dataflow) {
    case Dataflow::kWeightStationary:
      return {.channels = dot_fill(chip, mode, matrix),
              .outputs = fill_of(matrix.outputs, mode.parallelism_factor)};
    case Dataflow::kInputStationary:
      return {.channels = dot_fill(chip, mode, matrix)};
    case Dataflow::kOutputStationary:
      return {.outputs = fill_of(matrix.outputs, mode.parallelism_factor)};
  }
  return {};
}

}  // namespace

LaneFill lane_fill(const ChipSpec& chip, const Matrix& matrix) {
  const PrecisionMode& mode = chip.mac_array.modes[static_cast<std::size_t>(matrix.mode)];
  const Fills fills = fills_of(chip, mode, matrix);
  LaneFill fill{.offered = static_cast<double>(matrix_timing(chip, matrix).active.value) *
                           static_cast<double>(mode.parallelism_factor * mode.dot_length *
                                               chip.mac_array.pixels) *
                           mode.steps_per_cycle,
                .useful = static_cast<double>(matrix.useful_macs().value)};
  // Backwards from what is useful: each fill says how many slots its dimension was given.
  double left = fill.useful;
  const auto lost = [&](double of_which_used) {
    const double given = left / of_which_used;
    const double loss = given - left;
    left = given;
    return loss;
  };
  fill.outputs = lost(fills.outputs);
  fill.taps = lost(fills.taps);
  fill.channels = lost(fills.channels);
  fill.positions = std::max(0.0, fill.offered * fills.depthwise - left);
  fill.depthwise = fill.offered - left - fill.positions;
  return fill;
}

}  // namespace presil
