#pragma once
// Part of the key of everything that was simulated and kept.

namespace presil {

/// Rises with every change that may change a number of a run: two results compare only within one.
inline constexpr int kSimulatorVersion = 9;

}  // namespace presil
