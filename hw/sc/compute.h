#pragma once
// The MAC array and the vector unit of one core.

#include <deque>
#include <string>

#include "hw/sc/engine.h"
#include "hw/sc/sram.h"

namespace presil::sc {

/// Runs Matrix commands one after another: one wait a command, and one more whenever banks that it
/// shares become free. The output stage works behind the
/// array: results leave at its rate, and the array waits only when the accumulators
/// are full of sums that have not left.
class MacArray final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(MacArray);
  MacArray(const sc_core::sc_module_name& name, const Surroundings& around, SramBanks& sram);
  CommandQueue queue;
  std::int64_t waits() const { return waits_; }

 private:
  /// The last results that have been told to leave, each at its own cost.
  struct Leaving {
    double sums, each;
  };
  void run();
  /// Time in which the sums that may still wait in the accumulators when the array has made this
  /// command's last one will leave.
  Ticks waiting_sums(const Matrix& matrix);

  Surroundings around_;
  SramBanks& sram_;
  Ticks output_free_ = 0;        ///< the output stage
  std::deque<Leaving> leaving_;  ///< as many as the accumulators hold, latest last
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
