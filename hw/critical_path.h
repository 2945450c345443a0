#pragma once
// Why a run took as long as it did: the chain of work and waits, from the first cycle to the last,
// in which each part had to end before the next could begin. Only shortening it makes a run faster.

#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/timeline.h"

namespace presil {

/// A part of the path, [begin, end) in cycles, begin < end.
struct PathStep {
  std::int64_t begin = 0, end = 0;
  /// That works in this time, or is being handed over by the sequencer; -1: the completion cycles.
  CommandId command = -1;
  Engine engine = Engine::kMac;  ///< that does it
  int core = 0;
  bool busy = false;             ///< the engine works on the command
  Stall reason = Stall::kIssue;  ///< when not busy: what the command's time goes into

  std::int64_t length() const { return end - begin; }
};

/// The path, in time order; its steps follow each other from 0 to Timeline::total. Walked backwards
/// from the command that was done last:
/// - a command's own time, [start, end) of its span: as in hw/stalls.h, fill_drain, weight_load and
///   bank_conflict before the work and output_limit behind it. From `end` to `done` (a dependent
///   waited for the results): an array's output stage, `output_limit`, or a transfer's last
///   response, which is the DMA's work;
/// - before it: if it stood in its engine's queue, the command ahead of it, from there on; else the
///   sequencer (`issue`) back to the moment when it was ready, and then the dependency that was
///   done last.
/// Of commands that end together the lowest is taken. Pure; needs spans and total.
std::vector<PathStep> critical_path(const ChipSpec& chip, const Program& program,
                                    const Timeline& timeline);

}  // namespace presil
