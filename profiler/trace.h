#pragma once
// A run as a trace for ui.perfetto.dev or chrome://tracing (the trace-event format): who did what,
// when, and what each engine waited for.
//
// - Process "run": the fusion groups, each over its window (hw/group_windows.h); counters of SRAM
//   in use and of each memory's rate, averaged over at most kTraceBins equal parts of the run.
// - A process a core, a thread an engine and DMA channel: a slice a command. Cycles of a command
//   that were not useful work are slices inside it, named by the reason (hw/stalls.h). Beside each
//   engine a thread of its waits: the reason, and what was finally waited for.
// - An arrow leads to a command from the one on another engine that it was waiting for, where its
//   engine stood still for at least 1/kTraceArrows of the run: at most kTraceArrows an engine.
// Times are microseconds in whole nanoseconds, each rounded by itself, so that what lies inside
// another slice still does; `args` have the cycles. Slices of a thread come in the order of time.

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/timeline.h"
#include "profiler/memory_profile.h"
#include "profiler/report.h"

namespace presil {

inline constexpr std::int64_t kTraceBins = 2000;
inline constexpr std::int64_t kTraceArrows = 20'000;

/// What a trace tells of.
struct TraceSource {
  const ChipSpec& chip;
  const Program& program;
  const Timeline& timeline;
  std::string title;                     ///< "mobilenet_v2 on ne-base"
  std::vector<std::string> group_names;  ///< as people should see them; as many as the Program has
  std::vector<SramLevel> sram;           ///< ascending; may be empty
};

/// Writes the trace as it goes: beyond the source it needs some 12 bytes a command (to put the
/// commands of each engine in order). What fails is for the owner of `out` to see.
void write_trace(std::ostream& out, const TraceSource& source);
/// A whole run: groups by their short names, those of later inferences with their number; SRAM of
/// core 0 in the first inference.
void write_trace(std::ostream& out, const Report& report);

}  // namespace presil
