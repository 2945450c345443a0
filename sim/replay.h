#pragma once
// A group alone on the machine's own parts (hw/memory_port.h, hw/output_stage.h), burst by burst,
// but without SystemC and without contention for SRAM banks: what the tiler's finalists are judged
// by where feature maps cross a memory's port and the clock (sim/clock.h) is blind for reads and
// writes that take turns.

#include "sim/clock.h"

namespace presil {

struct Replayed {
  Price price;
  std::int64_t bursts = 0;
};

/// Cycles of a group of Mac and Vector stages that is no chain; its maps lie in the memories one
/// behind another. Empty when there are more than `limit` commands.
std::optional<Replayed> replay(const Surroundings& around, const FusionGroup& group,
                               const Mapping& mapping, std::int64_t limit);

}  // namespace presil
