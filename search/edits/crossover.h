#pragma once
// Up to how many input channels a fused inverted bottleneck is faster, in closed form.

#include "hw/chip_spec.h"
#include "models/op.h"

namespace presil {

/// Cin* = k^2 / (k^2 - s^2) x T_conv / T_dw: the expansion works at s^2 times the positions of the
/// depthwise convolution, s = 1 gives k^2 / (k^2 - 1). T are useful multiply-accumulates a cycle.
/// Infinite where the stride leaves the fused block less to do whatever its channels.
double crossover_channels(const Window& window, double conv_rate, double depthwise_rate);

/// With all lanes at work.
double peak_conv_rate(const ChipSpec& chip, const PrecisionMode& mode);
double peak_depthwise_rate(const ChipSpec& chip, const PrecisionMode& mode);

}  // namespace presil
