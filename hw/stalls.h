#pragma once
// Where every engine's cycles went: what it did, or why it did nothing.
//
// The rules:
// 1. An engine is busy while it runs a command: from `start` to `end` of the span, less the span's
//    own stalls (fill_drain, weight_load, output_limit, bank_conflict), which are put at its ends:
//    fill_drain, weight_load and bank_conflict before the work, output_limit behind it. A DMA
//    channel is busy from its transfer's start until the last byte's response, or until it starts
//    the next transfer behind it.
// 2. A gap before a command belongs to what that command was waiting for at the time, going back:
//    - from its dependencies' end to its arrival at the engine: `issue` (the sequencer was busy,
//      layer setup, issue latency);
//    - before that it waited for the dependency that finished last. While that one ran: `dma` if
//      its engine is a DMA channel, else `dependency` (a compute engine, or the host). While an
//      array's results left behind its last product: `output_limit` for that array itself,
//      `dependency` for others. While it stood in its engine's queue: what the command ahead of it
//      did or waited for, by the same rule. While it was being issued: `issue`;
//    - before that, what the dependency itself waited for, by the same rule.
//    So a store that waits for a matrix that waits for a load is charged `dma` while the load
//    runs, and `dependency` while the matrix runs. The time before an engine's first command is a
//    gap like any other.
// 3. After its last command, or with none at all, an engine is `idle`.
// Busy and stalls of an engine add up to Timeline::total exactly.

#include <functional>
#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/timeline.h"

namespace presil {

/// A part of an engine's time in which one thing was true. [begin, end), begin < end.
struct EngineInterval {
  std::int64_t begin = 0, end = 0;
  bool busy = false;
  Stall reason = Stall::kIdle;  ///< when not busy
  CommandId command = -1;       ///< that runs, or that the engine does next; -1: none
  CommandId root = -1;          ///< in a gap: the command finally waited for, the latest of several

  std::int64_t length() const { return end - begin; }
};

/// One engine's whole run: intervals that follow each other from 0 to Timeline::total.
struct EngineTimeline {
  Engine engine = Engine::kMac;
  int core = 0;  ///< 0 for the host
  int lane = 0;  ///< DMA channel
  std::vector<EngineInterval> intervals;
};

/// Every engine of the chip: of each core the MAC array, the vector unit and the DMA channels; the
/// host last. Pure; `timeline` needs its spans and total.
std::vector<EngineTimeline> engine_timelines(const ChipSpec& chip, const Program& program,
                                             const Timeline& timeline);

/// The same without keeping the intervals: for each engine `start` (nothing counted yet), then its
/// intervals in order. Needs some 12 bytes a command.
void visit_engines(const ChipSpec& chip, const Program& program, const Timeline& timeline,
                   const std::function<void(const EngineUse&)>& start,
                   const std::function<void(const EngineInterval&)>& interval);

/// Busy and stalled cycles of [from, to): sums to their difference for every engine, where both lie
/// in [0, Timeline::total].
EngineUse use_of(const EngineTimeline& engine, std::int64_t from, std::int64_t to);

/// use_of the whole run for every engine, without keeping the intervals. Checks the sums.
std::vector<EngineUse> engine_uses(const ChipSpec& chip, const Program& program,
                                   const Timeline& timeline);

}  // namespace presil
