#include "hw/sc/compute.h"

#include <algorithm>

#include "hw/sram_demand.h"
#include "hw/timing.h"

namespace presil::sc {

namespace {

std::int64_t& stalled(Span& span, Stall reason) {
  return span.stalled[static_cast<std::size_t>(reason)];
}

/// When a command starts, and when it would end and be done if it had the SRAM for itself.
struct Course {
  Ticks start, end, done;
};

/// Waits for the command's end and reports it done. Gives the ticks that sharing the SRAM cost.
Ticks run_course(const Course& course, CommandId id, std::size_t slot, SramBanks& sram,
                 const Surroundings& around, std::int64_t& waits) {
  Span& span = around.timeline.spans[static_cast<std::size_t>(id)];
  span.start = Cycles(to_cycles_up(course.start));
  Ticks lost = 0;
  if (!sram.contended()) {
    around.sequencer.complete_at(id, course.done);
    ++waits;
    wait(sc_ticks(course.end - now()));
  } else {
    const Command& command = around.program.commands[static_cast<std::size_t>(id)];
    lost = sram.run(slot, sram_demand(around.chip, command), course.end - course.start, waits);
    around.sequencer.complete_at(id, course.done + lost);
    // What becomes ready now may come before what has been waiting.
    ++waits;
    wait(sc_core::SC_ZERO_TIME);
  }
  span.end = Cycles(to_cycles_up(course.end + lost));
  span.done = Cycles(to_cycles_up(course.done + lost));
  stalled(span, Stall::kBankConflict) = to_cycles_up(lost);
  return lost;
}

}  // namespace

MacArray::MacArray(const sc_core::sc_module_name& name, const Surroundings& around, SramBanks& sram)
    : sc_module(name), around_(around), sram_(sram), output_(around.chip) {
  SC_THREAD(run);
}

void MacArray::run() {
  while (queue.wait_for_command()) {
    const CommandId id = queue.pop();
    const auto index = static_cast<std::size_t>(id);
    const Matrix& matrix = std::get<Matrix>(around_.program.commands[index].work);
    const MatrixTiming timing = matrix_timing(around_.chip, matrix);
    const Ticks start = round_up_to_cycle(now());
    const auto [end, done] = output_.course(start, matrix, timing);
    Span& span = around_.timeline.spans[index];
    span.engine = Engine::kMac;
    stalled(span, Stall::kFillDrain) = timing.fill_drain.value + timing.min_slot.value;
    stalled(span, Stall::kWeightLoad) = timing.weight_load.value;
    stalled(span, Stall::kOutputLimit) = to_cycles_up(end - start) - timing.compute.value;
    output_.delay(run_course({start, end, done}, id, SramBanks::kMac, sram_, around_, waits_));
  }
}

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const Surroundings& around,
                       SramBanks& sram)
    : sc_module(name), around_(around), sram_(sram) {
  SC_THREAD(run);
}

void VectorUnit::run() {
  while (queue.wait_for_command()) {
    const CommandId id = queue.pop();
    const auto index = static_cast<std::size_t>(id);
    const Vector& vector = std::get<Vector>(around_.program.commands[index].work);
    const Ticks start = round_up_to_cycle(now());
    const Ticks end = start + vector_timing(around_.chip, vector).value * kTicksPerCycle;
    Span& span = around_.timeline.spans[index];
    span.engine = Engine::kVector;
    stalled(span, Stall::kFillDrain) = around_.chip.vector_unit.startup_cycles;
    run_course({start, end, end}, id, SramBanks::kVector, sram_, around_, waits_);
  }
}

}  // namespace presil::sc
