#include "hw/sc/memory.h"

#include <algorithm>

namespace presil::sc {

Memory::Port::Port(const MemorySpec& spec)
    : banks(static_cast<std::size_t>(std::max<std::int64_t>(1, spec.banks))),
      in_flight(static_cast<std::size_t>(std::max<std::int64_t>(0, spec.outstanding)), 0) {}

Memory::Memory(const sc_core::sc_module_name& name, const MemorySpec& spec,
               const SimulateOptions& options)
    : sc_module(name), socket("socket"), spec_(spec), options_(options) {
  socket.register_b_transport(this, &Memory::b_transport);
}

Memory::Port& Memory::port_of(int initiator) {
  const std::size_t index = options_.no_contention ? static_cast<std::size_t>(initiator) : 0;
  while (ports_.size() <= index) ports_.emplace_back(spec_);
  return ports_[index];
}

void Memory::b_transport(int initiator, tlm::tlm_generic_payload& payload,
                         sc_core::sc_time& delay) {
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  ++bursts_;
  if (options_.ideal_memory) return;
  const bool write = payload.is_write();
  Port& port = port_of(initiator);
  Ticks request = now() + static_cast<Ticks>(delay.value());
  request = std::max(request, port.request_free);
  if (!port.in_flight.empty() && !write) request = std::max(request, port.in_flight[port.oldest]);
  port.request_free = request + to_ticks(spec_.request_every_cycles);
  const Ticks transfer =
      to_ticks(static_cast<double>(payload.get_data_length()) / spec_.bytes_per_cycle);
  Ticks slot = bus_slot(port, request, write);
  if (spec_.kind == MemoryKind::kBanked)
    slot += open_row(port, static_cast<std::int64_t>(payload.get_address()), slot);
  port.bus_free[spec_.duplex && write ? 1 : 0] = slot + transfer;
  const double latency = write ? spec_.write_latency_cycles : spec_.latency_cycles;
  const Ticks done = slot + transfer + to_ticks(latency);
  if (!port.in_flight.empty() && !write) {
    port.in_flight[port.oldest] = done;
    port.oldest = (port.oldest + 1) % port.in_flight.size();
  }
  delay = sc_ticks(done - now());
}

Ticks Memory::bus_slot(Port& port, Ticks request, bool write) const {
  Ticks slot = std::max(request, port.bus_free[spec_.duplex && write ? 1 : 0]);
  if (!spec_.duplex && write != port.last_write) slot += to_ticks(spec_.turnaround_cycles);
  port.last_write = write;
  return after_refresh(slot);
}

Ticks Memory::open_row(Port& port, std::int64_t address, Ticks slot) {
  const std::int64_t row_index = address / spec_.row_bytes;
  Bank& bank = port.banks[static_cast<std::size_t>(row_index % spec_.banks)];
  const std::int64_t row = row_index / spec_.banks;
  if (bank.open_row == row) return 0;
  ++row_misses_;
  bank.open_row = row;
  // A bank that has been idle could have opened the row since its last access ended: the controller
  // sees requests `latency` ahead of their data, and hides that much of the miss.
  const Ticks begin = std::max(bank.ready, slot - to_ticks(spec_.latency_cycles));
  const Ticks ready = begin + to_ticks(spec_.row_miss_cycles);
  bank.ready = std::max(ready, slot);
  return std::max<Ticks>(0, ready - slot);
}

Ticks Memory::after_refresh(Ticks slot) const {
  if (spec_.refresh_interval_cycles <= 0) return slot;
  const Ticks interval = to_ticks(spec_.refresh_interval_cycles);
  const Ticks length = to_ticks(spec_.refresh_cycles);
  const Ticks phase = slot % interval;
  // The first refresh ends one interval after the start.
  return slot >= interval && phase < length ? slot - phase + length : slot;
}

}  // namespace presil::sc
