#include "hw/sc/compute.h"

#include <algorithm>

#include "hw/timing.h"

namespace presil::sc {

namespace {

std::int64_t& stalled(Span& span, Stall reason) {
  return span.stalled[static_cast<std::size_t>(reason)];
}

}  // namespace

MacArray::MacArray(const sc_core::sc_module_name& name, const Surroundings& around)
    : sc_module(name), around_(around) {
  SC_THREAD(run);
}

void MacArray::run() {
  while (true) {
    while (queue.empty()) wait(queue.event());
    const CommandId id = queue.pop();
    const auto index = static_cast<std::size_t>(id);
    const Matrix& matrix = std::get<Matrix>(around_.program.commands[index].work);
    const MatrixTiming timing = matrix_timing(around_.chip, matrix);
    const Ticks start = round_up_to_cycle(now());
    Ticks end = start + timing.compute.value * kTicksPerCycle;
    Ticks done = end;
    if (matrix.drained_per_position > 0) {
      const Ticks first = start + timing.first_stripe.value * kTicksPerCycle;
      output_free_ = std::max({std::max(output_free_, first) + timing.output.value * kTicksPerCycle,
                               end + timing.last_drain.value * kTicksPerCycle});
      // Sums that may still wait in the accumulators when the array has made the last one.
      const double waiting =
          static_cast<double>(accumulator_positions(around_.chip, matrix.mode) *
                              around_.chip.mac_array.modes[static_cast<std::size_t>(matrix.mode)]
                                  .parallelism_factor) *
          output_cycles_per_element(around_.chip, matrix);
      end = round_up_to_cycle(std::max(end, output_free_ - to_ticks(waiting)));
      done = output_free_ + around_.chip.mac_array.output_latency_cycles * kTicksPerCycle;
    }
    Span& span = around_.timeline.spans[index];
    span.engine = Engine::kMac;
    span.start = Cycles(to_cycles_up(start));
    span.end = Cycles(to_cycles_up(end));
    span.done = Cycles(to_cycles_up(done));
    stalled(span, Stall::kFillDrain) = timing.fill_drain.value + timing.min_slot.value;
    stalled(span, Stall::kWeightLoad) = timing.weight_load.value;
    stalled(span, Stall::kOutputLimit) = (span.end - span.start).value - timing.compute.value;
    around_.sequencer.complete_at(id, done);
    ++waits_;
    wait(sc_ticks(end - now()));
  }
}

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const Surroundings& around)
    : sc_module(name), around_(around) {
  SC_THREAD(run);
}

void VectorUnit::run() {
  while (true) {
    while (queue.empty()) wait(queue.event());
    const CommandId id = queue.pop();
    const auto index = static_cast<std::size_t>(id);
    const Vector& vector = std::get<Vector>(around_.program.commands[index].work);
    const Ticks start = round_up_to_cycle(now());
    const Ticks end = start + vector_timing(around_.chip, vector).value * kTicksPerCycle;
    Span& span = around_.timeline.spans[index];
    span.engine = Engine::kVector;
    span.start = Cycles(to_cycles_up(start));
    span.end = span.done = Cycles(to_cycles_up(end));
    stalled(span, Stall::kFillDrain) = around_.chip.vector_unit.startup_cycles;
    around_.sequencer.complete_at(id, end);
    ++waits_;
    wait(sc_ticks(end - now()));
  }
}

}  // namespace presil::sc
