#pragma once
// A group alone on the machine's own parts (hw/memory_port.h, hw/output_stage.h), burst by burst,
// but without SystemC and without contention for SRAM banks: what the tiler's finalists are judged
// by where feature maps cross a memory's port and the clock (sim/clock.h) is blind for reads and
// writes that take turns.

#include <optional>

#include "sim/clock.h"

namespace presil {

struct ReplayLimits {
  std::int64_t commands = 10'000'000;
  double cycles = 1e300;  ///< where a replay is given up, as soon as it must take longer
};

struct Replayed {
  std::optional<Price> price;  ///< empty beyond the limits
  std::int64_t work = 0;       ///< commands and bursts that were looked at
};

/// Cycles of a group of Mac and Vector stages that is no chain; its maps lie in the memories one
/// behind another.
Replayed replay(const Surroundings& around, const FusionGroup& group, const Mapping& mapping,
                const ReplayLimits& limits);

}  // namespace presil
