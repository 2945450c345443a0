#pragma once
// The sums of cut reductions in one core's accumulators, and what each command of one waits for:
// shared by the lowering and the tiler's replay, so that both keep the same order.

#include <cstdint>
#include <deque>
#include <vector>

#include "hw/chip_spec.h"
#include "sim/walk.h"

namespace presil {

/// The accumulators hold as many tiles of sums as there is room for: the next tile's take the place
/// of those that have been done longest. Commands of one sum follow each other.
class CutSums {
 public:
  explicit CutSums(const ChipSpec& chip)
      : room_(chip.mac_array.accumulators_kib * 1024 * 8 /
              static_cast<double>(chip.mac_array.accumulator_bits)) {}

  /// Is the tile's computation a part of its sums only?
  static bool cuts_sum(const ComputeTile& tile) {
    return tile.stage->kind == StageKind::kMac && !tile.stage->channelwise &&
           tile.stage->groups == 1 && tile.channels.count() < tile.stage->reduction;
  }

  /// What the next command of a cut sum waits for.
  const std::vector<int>& before_next() const { return open_; }
  /// Which sum that command belongs to, counted from 0.
  std::int64_t number() const { return number_; }

  /// Command `id` did its part of the sums of `tile`.
  void took_part(const ComputeTile& tile, int id) {
    open_ = {id};
    if (tile.last_of_sum) close(tile, id);
  }

 private:
  struct Waiting {
    int last;  ///< command of the sum
    double sums;
  };

  void close(const ComputeTile& tile, int last) {
    const auto each = static_cast<double>(tile.positions * tile.outputs.count());
    used_ += each;
    waiting_.push_back({last, each});
    // What must have left before another sum of this size can start.
    open_.clear();
    while (!waiting_.empty() && used_ + each > room_) {
      open_.push_back(waiting_.front().last);
      used_ -= waiting_.front().sums;
      waiting_.pop_front();
    }
    ++number_;
  }

  double room_;                  ///< sums
  std::deque<Waiting> waiting_;  ///< finished ones that may not have left
  double used_ = 0;              ///< by them
  std::vector<int> open_;
  std::int64_t number_ = 0;
};

}  // namespace presil
