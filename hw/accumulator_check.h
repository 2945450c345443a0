#pragma once
// Part of check_program(): sums that wait in the accumulators.

#include "hw/program.h"

namespace presil {

/// On each core, Matrix commands without results and the next one with results are one sum: each
/// must be ordered after the one before, and a sum must not start before those that its place in
/// the accumulators belonged to are done. Throws InternalError naming the commands.
void check_accumulators(const Program& program, const ChipSpec& chip);

}  // namespace presil
