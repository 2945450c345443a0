#include "hw/sc/memory.h"

namespace presil::sc {

Memory::Memory(const sc_core::sc_module_name& name, const MemorySpec& spec,
               const SimulateOptions& options)
    : sc_module(name), socket("socket"), spec_(spec), options_(options) {
  socket.register_b_transport(this, &Memory::b_transport);
}

MemoryPort& Memory::port_of(int initiator) {
  const std::size_t index = options_.no_contention ? static_cast<std::size_t>(initiator) : 0;
  while (ports_.size() <= index) ports_.emplace_back(spec_);
  return ports_[index];
}

std::int64_t Memory::row_misses() const {
  std::int64_t total = 0;
  for (const MemoryPort& port : ports_) total += port.row_misses();
  return total;
}

void Memory::b_transport(int initiator, tlm::tlm_generic_payload& payload,
                         sc_core::sc_time& delay) {
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  ++bursts_;
  if (options_.ideal_memory) return;
  const Ticks called = now();
  const BurstTimes times =
      port_of(initiator).burst(called + static_cast<Ticks>(delay.value()), payload.is_write(),
                               static_cast<std::int64_t>(payload.get_address()),
                               static_cast<std::int64_t>(payload.get_data_length()));
  if (Grant* grant = payload.get_extension<Grant>()) grant->at = times.granted;
  delay = sc_ticks(times.done - called);
}

}  // namespace presil::sc
