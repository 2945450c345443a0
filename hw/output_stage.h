#pragma once
// How the array's results leave: behind the array, at the output stage's rate. The array waits only
// when the accumulators are full of sums that have not left.

#include <deque>

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/ticks.h"
#include "hw/timing.h"

namespace presil {

/// Of one core. Matrix commands are given in the order in which the array does them.
class OutputStage {
 public:
  explicit OutputStage(const ChipSpec& chip) : chip_(&chip) {}

  /// When the array ends a command that starts at `start`, and when its results are written.
  struct Course {
    Ticks end, done;
  };
  Course course(Ticks start, const Matrix& matrix, const MatrixTiming& timing);

  /// The last command's results leave so much later.
  void delay(Ticks lost) { free_ += lost; }

 private:
  /// The last results that have been told to leave, each at its own cost.
  struct Leaving {
    double sums, each;
  };
  /// Time in which the sums that may still wait in the accumulators when the array has made this
  /// command's last one will leave.
  Ticks waiting_sums(const Matrix& matrix);

  const ChipSpec* chip_;
  Ticks free_ = 0;
  std::deque<Leaving> leaving_;  ///< as many as the accumulators hold, latest last
};

}  // namespace presil
