#pragma once
// How well one Matrix command fills the array while the array is fed, by dimension.

#include "hw/chip_spec.h"
#include "hw/program.h"

namespace presil {

/// Multiply-accumulate slots of one core's array in the cycles in which it is fed
/// (MatrixTiming::active x its peak rate in the command's mode), by what became of them. All >= 0;
/// they add up to `offered`.
struct LaneFill {
  double offered = 0;
  double useful = 0;     ///< Matrix::useful_macs()
  double depthwise = 0;  ///< multipliers that a depthwise product has no use for
  double positions = 0;  ///< output positions: pixels of a step, ends of stripes, whole steps
  double channels = 0;   ///< the dot product: input channels (and packed taps) short of a block
  double taps = 0;       ///< of a depthwise product, short of a step
  double outputs = 0;    ///< output channels short of the parallelism factor

  double lost() const { return depthwise + positions + channels + taps + outputs; }
};

/// Each dimension's loss is taken from what those before it left, in the order depthwise,
/// positions, channels, taps, outputs; so the factors (1 - loss / what was left) multiply to useful
/// / offered. The blocks are those of matrix_timing(): outputs in blocks of parallelism_factor
/// (input stationary: positions), the reduction in blocks of dot_length (output stationary:
/// positions; its reduction in whole steps), a depthwise product in depthwise_channels x
/// depthwise_taps.
LaneFill lane_fill(const ChipSpec& chip, const Matrix& matrix);

}  // namespace presil
