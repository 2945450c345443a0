#include "hw/output_stage.h"

#include <algorithm>

namespace presil {

OutputStage::Course OutputStage::course(Ticks start, const Matrix& matrix,
                                        const MatrixTiming& timing) {
  Ticks end = start + timing.compute.value * kTicksPerCycle;
  if (matrix.drained_per_position == 0) return {end, end};
  const Ticks first = start + timing.first_stripe.value * kTicksPerCycle;
  free_ = std::max({std::max(free_, first) + timing.output.value * kTicksPerCycle,
                    end + timing.last_drain.value * kTicksPerCycle});
  end = round_up_to_cycle(std::max(end, free_ - waiting_sums(matrix)));
  return {end, free_ + chip_->mac_array.output_latency_cycles * kTicksPerCycle};
}

Ticks OutputStage::waiting_sums(const Matrix& matrix) {
  const MacArraySpec& array = chip_->mac_array;
  const auto room =
      static_cast<double>(accumulator_positions(*chip_, matrix.mode) *
                          array.modes[static_cast<std::size_t>(matrix.mode)].parallelism_factor);
  leaving_.push_back({static_cast<double>(matrix.positions * matrix.drained_per_position),
                      output_cycles_per_element(*chip_, matrix)});
  double sums = 0, cycles = 0;
  std::size_t used = 0;
  for (auto latest = leaving_.rbegin(); latest != leaving_.rend() && sums < room; ++latest) {
    const double these = std::min(latest->sums, room - sums);
    sums += these;
    cycles += these * latest->each;
    ++used;
  }
  while (leaving_.size() > used) leaving_.pop_front();
  // With fewer than there is room for, nothing ever stops the array.
  return sums < room ? free_ : to_ticks(cycles);
}

}  // namespace presil
