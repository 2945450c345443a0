#pragma once
// Simulated time is kept in millicycles of the core clock, so that nothing drifts and rates keep
// fractions (ChipSpec already gives every memory parameter in core cycles). Rounding up to cycles
// happens once, when a command is done.

#include <cmath>
#include <cstdint>

namespace presil {

using Ticks = std::int64_t;  ///< millicycles
inline constexpr Ticks kTicksPerCycle = 1000;

inline Ticks to_ticks(double cycles) {
  return static_cast<Ticks>(std::llround(cycles * kTicksPerCycle));
}
inline std::int64_t to_cycles_up(Ticks ticks) {
  return (ticks + kTicksPerCycle - 1) / kTicksPerCycle;
}
inline Ticks round_up_to_cycle(Ticks ticks) { return to_cycles_up(ticks) * kTicksPerCycle; }

}  // namespace presil
