#pragma once
// How long a Program must take at least, and can take at most: sums, no simulation. They hold the
// machine from both sides (tests), and tell a profile how far from its limits a run was.

#include "hw/chip_spec.h"
#include "hw/program.h"

namespace presil {

struct ProgramBounds {
  Cycles lower, upper;
};

/// lower: the largest of
///   - each core's array: sum of compute, and sum of output stage time;
///   - each core's vector unit, and the host: sum of durations;
///   - each core's sequencer: issue_cycles a command, plus issue latency (and, on one core, layer
///     setups);
///   - each memory's port: bytes over its rate, of reads and writes together or (duplex) the
///   larger;
///     and its request pace;
/// plus completion cycles.
///
/// upper: everything one after the other. A command's issue, latency and layer setup; a Matrix
/// compute, output stage and latency; a transfer setup and for each burst (one more than needed for
/// each run, as it may straddle) its pace, a row miss, a turnaround, its bytes and the latency; all
/// of it slowed by what the SRAM banks cannot feed even to a command alone; refreshes as often as
/// they come in that time. Holds because at any time some command makes its full uncontended
/// progress, or several share theirs.
///
/// lower <= simulate().total <= upper, without ablations (no_contention may go below).
ProgramBounds program_bounds(const ChipSpec& chip, const Program& program);

}  // namespace presil
