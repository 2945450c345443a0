#include "hw/sc/host.h"

namespace presil::sc {

HostCpu::HostCpu(const sc_core::sc_module_name& name, const Surroundings& around)
    : sc_module(name), around_(around) {
  SC_THREAD(run);
}

void HostCpu::run() {
  while (queue.wait_for_command()) {
    const CommandId id = queue.pop();
    const auto index = static_cast<std::size_t>(id);
    const Host& host = std::get<Host>(around_.program.commands[index].work);
    around_.begin(id);
    const Ticks start = round_up_to_cycle(now());
    const Ticks end = start + host.duration.value * kTicksPerCycle;
    Span& span = around_.timeline.spans[index];
    span.engine = Engine::kHost;
    span.start = Cycles(to_cycles_up(start));
    span.end = span.done = Cycles(to_cycles_up(end));
    around_.sequencer.complete_at(id, end);
    ++waits_;
    wait(sc_ticks(end - now()));
  }
}

}  // namespace presil::sc
