#pragma once
// The machine, from outside: a Program in, a Timeline out.

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/timeline.h"

namespace presil {

struct SimulateOptions {
  bool ideal_memory = false;  ///< ablation: every byte arrives the cycle it is asked for
  /// Ablation: every DMA channel has each memory, and every engine the SRAM, for itself.
  bool no_contention = false;
};

/// Runs `program` on `chip` in a fresh SystemC context. Deterministic. Not reentrant and not
/// thread-safe (libsystemc is global state): parallelise with processes. Checks the Program first;
/// throws InternalError if it breaks a rule, or if the machine deadlocks (naming the commands that
/// wait and for what). Every engine's cycles are accounted for and checked to add up
/// (Timeline::engines, hw/stalls.h). With a `state`, the commands also do their work on it, in the
/// same run and at the same times (hw/data_path.h).
Timeline simulate(const ChipSpec& chip, const Program& program, const SimulateOptions& options = {},
                  MachineState* state = nullptr);

}  // namespace presil
