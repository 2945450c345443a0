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

  /// What the next command, which does its part of the sums of `tile`, waits for: the part before,
  /// or those whose places the sums take.
  const std::vector<int>& before(const ComputeTile& tile) {
    if (in_sum_) return before_;
    before_.clear();
    while (!waiting_.empty() && used_ + sums_of(tile) > room_) {
      before_.push_back(waiting_.front().last);
      used_ -= waiting_.front().sums;
      waiting_.pop_front();
    }
    return before_;
  }
  /// Which sum that command belongs to, counted from 0.
  std::int64_t number() const { return number_; }

  /// Command `id` did its part of the sums of `tile`.
  void took_part(const ComputeTile& tile, int id) {
    before_ = {id};
    in_sum_ = !tile.last_of_sum;
    if (in_sum_) return;
    used_ += sums_of(tile);
    waiting_.push_back({id, sums_of(tile)});
    ++number_;
  }

 private:
  struct Waiting {
    int last;  ///< command of the sum
    double sums;
  };

  static double sums_of(const ComputeTile& tile) {
    return static_cast<double>(tile.positions * tile.outputs.count());
  }

  double room_;                  ///< sums
  std::deque<Waiting> waiting_;  ///< finished ones that may not have left
  double used_ = 0;              ///< by them
  bool in_sum_ = false;
  std::vector<int> before_;
  std::int64_t number_ = 0;
};

}  // namespace presil
