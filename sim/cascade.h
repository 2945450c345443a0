#pragma once
// Cascades: runs of layers that work depth-first in stripes because whole feature maps would not
// fit the memory of the activations. Each inner tensor is a ring of rows in that memory (as Arm
// Vela's cascades and TFLite's rolling buffers), not in the scratchpad as a chain's.

#include "hw/chip_spec.h"
#include "sim/fuse.h"

namespace presil {

/// Bytes that the storages of `memory` need at the same time, by a greedy placement.
std::int64_t memory_peak(const ChipSpec& chip, const FusedNetwork& network, int memory);

/// The network itself where everything fits its memory. Otherwise linked single-stage groups are
/// merged into cascades, at most kLongestCascade stages each, so that what lives at the same time
/// fits, with the least weights loaded again; where nothing fits, so that the most is as small as
/// these cuts make it. Only memories of limited size that activations have to stay in count, and
/// only on one core. Deterministic.
FusedNetwork form_cascades(const ChipSpec& chip, const FusedNetwork& network);
inline constexpr std::size_t kLongestCascade = 24;

}  // namespace presil
