#pragma once
// Simulated time (hw/ticks.h) in SystemC: one picosecond is a tick, a thousandth of a core cycle,
// whatever the clock.

#include <systemc>

#include "hw/ticks.h"

namespace presil::sc {

inline sc_core::sc_time sc_ticks(Ticks ticks) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(ticks));
}
inline Ticks now() { return static_cast<Ticks>(sc_core::sc_time_stamp().value()); }

}  // namespace presil::sc
