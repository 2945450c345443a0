#pragma once
// The MAC array and the vector unit of one core.

#include "hw/output_stage.h"
#include "hw/sc/engine.h"
#include "hw/sc/sram.h"

namespace presil::sc {

/// Runs Matrix commands one after another: one wait a command, and one more whenever banks that it
/// shares become free. The output stage works behind the array.
class MacArray final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(MacArray);
  MacArray(const sc_core::sc_module_name& name, const Surroundings& around, SramBanks& sram);
  CommandQueue queue;
  std::int64_t waits() const { return waits_; }

 private:
  void run();

  Surroundings around_;
  SramBanks& sram_;
  OutputStage output_;
  std::int64_t waits_ = 0;
};

/// Runs Vector commands one after another: one wait a command.
class VectorUnit final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(VectorUnit);
  VectorUnit(const sc_core::sc_module_name& name, const Surroundings& around, SramBanks& sram);
  CommandQueue queue;
  std::int64_t waits() const { return waits_; }

 private:
  void run();
  Surroundings around_;
  SramBanks& sram_;
  std::int64_t waits_ = 0;
};

}  // namespace presil::sc
