#pragma once
// The commands of one group alone, as the tiler's replay (sim/replay.h) needs them: what the walk
// of a mapping transfers and computes, each step after those whose buffer slots it needs. Lighter
// than a lowered Program: no SRAM addresses, no hazards between bytes.

#include <optional>
#include <vector>

#include "hw/program.h"
#include "hw/timing.h"
#include "sim/mapping.h"

namespace presil {

struct Step {
  enum class Kind : std::uint8_t { kLoad, kStore, kMatrix, kVector };
  Kind kind = Kind::kLoad;
  int core = 0;
  int work = 0;    ///< index in transfers, in matrices, or a vector's cycles
  int before = 0;  ///< its dependencies end there in Schedule::before, and begin where the
                   ///< last step's end
};

struct Schedule {
  /// Equal Matrix commands are kept once.
  struct TimedMatrix {
    Matrix matrix;
    MatrixTiming timing;
  };
  std::vector<Step> steps;
  std::vector<int> before;  ///< steps, each less than the one that waits for it
  std::vector<Transfer> transfers;
  std::vector<TimedMatrix> matrices;
  double bytes = 0;  ///< over the ports
};

/// Of a group of Mac and Vector stages that is no chain. Its maps lie in the memories one behind
/// another, weights behind them. Empty when there are more than `limit` steps.
std::optional<Schedule> schedule_of(const Surroundings& around, const FusionGroup& group,
                                    const Mapping& mapping, std::size_t limit);

}  // namespace presil
