#pragma once
// The host CPU, for operators that the chip does not run.

#include "hw/sc/engine.h"

namespace presil::sc {

/// Runs Host commands of all cores one after another: one wait a command.
class HostCpu final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(HostCpu);
  HostCpu(const sc_core::sc_module_name& name, const Surroundings& around);
  CommandQueue queue;
  std::int64_t waits() const { return waits_; }

 private:
  void run();
  Surroundings around_;
  std::int64_t waits_ = 0;
};

}  // namespace presil::sc
