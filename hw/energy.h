#pragma once
// Energy of a run: counts of what commands do times the chip's energy_pj, and idle power over time.
//
// Picojoules, by part:
// - mac: useful multiply-accumulates x energy_pj.mac of the mode's wider operand. Assumption: lanes
//   without work are gated; what they leak is idle.
// - sram: bytes in and out of the scratchpad (hw/sram_demand.h: sram_bytes) x sram_byte.
// - memories: bytes over each memory's port, as stored, x its memory_byte.
// - vector: elements x cycles_per_element x vector_op, and the same for fused epilogues.
// - control: commands x control_command.
// - idle: idle_mw x time; cycles / clock_mhz are microseconds, and mW x us are 1000 pJ.
//
// The host's own energy is not counted (no parameter). Partial sums stay in the accumulators, whose
// energy is part of mac.

#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/timeline.h"

namespace presil {

struct EnergyParts {
  Picojoules mac, sram, vector, control, idle;
  std::vector<Picojoules> memories;  ///< in the order of ChipSpec::memories

  Picojoules total() const;
};

struct Energy {
  EnergyParts total;
  /// By fusion group: what its commands do, and idle power over its window (hw/group_windows.h).
  /// They add up to `total`, up to rounding of doubles.
  std::vector<EnergyParts> groups;
};

/// Of one multiply-accumulate in a precision mode: its wider operand's; 0 if the chip names none.
Picojoules mac_energy(const ChipSpec& chip, const PrecisionMode& mode);

/// Pure. `timeline` is what simulate() gave for this chip and program.
Energy energy_of(const ChipSpec& chip, const Program& program, const Timeline& timeline);

}  // namespace presil
