#include "hw/sc/memory.h"

#include <algorithm>

namespace presil::sc {

Memory::Port::Port(const MemorySpec& spec)
    : banks(static_cast<std::size_t>(std::max<std::int64_t>(1, spec.banks))),
      in_flight(static_cast<std::size_t>(std::max<std::int64_t>(0, spec.outstanding)), 0) {}

Memory::Memory(const sc_core::sc_module_name& name, const MemorySpec& spec,
               const SimulateOptions& options)
    : sc_module(name),
      socket("socket"),
      spec_(spec),
      options_(options),
      request_every_(to_ticks(spec.request_every_cycles)),
      latency_(to_ticks(spec.latency_cycles)),
      write_latency_(to_ticks(spec.write_latency_cycles)),
      row_miss_(to_ticks(spec.row_miss_cycles)),
      turnaround_(to_ticks(spec.turnaround_cycles)),
      refresh_interval_(to_ticks(spec.refresh_interval_cycles)),
      refresh_(to_ticks(spec.refresh_cycles)) {
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
  const Ticks called = now();
  const auto address = static_cast<std::int64_t>(payload.get_address());
  const std::int64_t bytes = payload.get_data_length(), beats = spec_.beats(address, bytes);
  const Ticks request =
      send_requests(port, called + static_cast<Ticks>(delay.value()), beats, write);
  if (Grant* grant = payload.get_extension<Grant>())
    grant->at = port.request_free[port_side(write)];
  const Ticks transfer = transfer_time(spec_.beat_bytes > 0 ? beats * spec_.beat_bytes : bytes);
  Ticks slot = bus_slot(port, request, write);
  if (spec_.kind == MemoryKind::kBanked) slot += open_row(port, address, slot);
  port.bus_free[port_side(write)] = slot + transfer;
  const Ticks latency = write ? write_latency_ : latency_;
  if (!port.in_flight.empty() && !write)
    for (std::int64_t beat = 1; beat <= beats; ++beat) {
      port.in_flight[port.oldest] = slot + transfer * beat / beats + latency;
      port.oldest = (port.oldest + 1) % port.in_flight.size();
    }
  delay = sc_ticks(slot + transfer + latency - called);
}

Ticks Memory::send_requests(Port& port, Ticks request, std::int64_t beats, bool write) const {
  Ticks& line = port.request_free[port_side(write)];
  request = std::max(request, line);
  const std::size_t limit = write ? 0 : port.in_flight.size();
  const auto room_for = [&](std::int64_t beat) {
    const auto ahead = static_cast<std::size_t>(beat);
    return ahead < limit ? port.in_flight[(port.oldest + ahead) % limit] : Ticks{0};
  };
  request = std::max(request, room_for(0));
  Ticks last = request;
  for (std::int64_t beat = 1; beat < beats; ++beat)
    last = std::max(last + request_every_, room_for(beat));
  line = last + request_every_;
  return request;
}

Ticks Memory::transfer_time(std::int64_t bytes) {
  if (bytes != last_bytes_) {
    last_bytes_ = bytes;
    last_transfer_ = to_ticks(static_cast<double>(bytes) / spec_.bytes_per_cycle);
  }
  return last_transfer_;
}

Ticks Memory::bus_slot(Port& port, Ticks request, bool write) const {
  Ticks slot = std::max(request, port.bus_free[port_side(write)]);
  if (!spec_.duplex && write != port.last_write) slot += turnaround_;
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
  const Ticks begin = std::max(bank.ready, slot - latency_);
  const Ticks ready = begin + row_miss_;
  bank.ready = std::max(ready, slot);
  return std::max<Ticks>(0, ready - slot);
}

Ticks Memory::after_refresh(Ticks slot) const {
  if (slot < refresh_interval_ || refresh_interval_ <= 0) return slot;
  const Ticks phase = slot % refresh_interval_;
  return phase < refresh_ ? slot - phase + refresh_ : slot;
}

}  // namespace presil::sc
