#pragma once
// Where the cycles of each fusion group went: every engine's work and waits, and every
// multiply-accumulate slot of the array. Everything adds up.

#include <array>
#include <vector>

#include "hw/group_windows.h"
#include "hw/lane_fill.h"
#include "hw/stalls.h"
#include "sim/run.h"

namespace presil {

/// What became of the multiply-accumulate slots of all arrays in a stretch of time. A slot is what
/// one multiplier could do: cycles x peak rate (peak_macs_per_cycle) in the mode of the command
/// that runs, or else of the stretch's group. All >= 0 but `overlap`.
struct MacSlots {
  double peak = 0;       ///< the sum of all below but `overlap`
  double done = 0;       ///< useful multiply-accumulates, of any group
  double recompute = 0;  ///< rows that are computed again (halo)
  LaneFill lanes;        ///< of these `lost()`; offered = done + recompute + lost
  std::array<double, kStallCount> stalled{};  ///< the array not fed, by reason
  /// Of a group: its useful multiply-accumulates outside its window, less those of others in it.
  /// Its own are done + overlap.
  double overlap = 0;

  double memory() const { return stalled[static_cast<std::size_t>(Stall::kDma)]; }
  double idle() const { return stalled[static_cast<std::size_t>(Stall::kIdle)]; }
  /// fill_drain, weight_load, output_limit, bank_conflict, issue and dependency.
  double pipeline() const;
};

/// done = peak x the product of these; each in [0, 1], 1 when there is nothing to lose.
struct UtilisationFactors {
  double memory = 1;     ///< not waiting for bytes
  double idle = 1;       ///< something left to do, of the rest
  double pipeline = 1;   ///< fed, of the rest
  double lanes = 1;      ///< slots with work, of those fed
  double recompute = 1;  ///< useful, of the work
};
UtilisationFactors factors_of(const MacSlots& slots);

/// One group's window.
struct GroupAttribution {
  GroupWindow window;
  /// Of all engines of a kind together, in the order of Engine: each engine's cycles in the window
  /// add up to its length.
  std::array<EngineUse, kEngineCount> engines;
  MacSlots slots;
};

struct Attribution {
  std::vector<GroupAttribution> groups;  ///< of the first inference, without the host link
  MacSlots slots;                        ///< their sum
};

/// Pure; `run` is what run() gave for this chip. Checks every sum.
Attribution attribute(const ChipSpec& chip, const RunResult& run);

}  // namespace presil
