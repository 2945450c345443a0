#include "hw/sc/memory.h"

#include <algorithm>

namespace presil::sc {

Memory::Memory(const sc_core::sc_module_name& name, const MemorySpec& spec,
               const SimulateOptions& options)
    : sc_module(name),
      socket("socket"),
      spec_(spec),
      options_(options),
      banks_(static_cast<std::size_t>(std::max<std::int64_t>(1, spec.banks))),
      in_flight_(static_cast<std::size_t>(std::max<std::int64_t>(0, spec.outstanding)), 0) {
  socket.register_b_transport(this, &Memory::b_transport);
}

void Memory::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  ++bursts_;
  if (options_.ideal_memory) return;
  const bool write = payload.is_write();
  Ticks request = now() + static_cast<Ticks>(delay.value());
  request = std::max(request, request_free_);
  if (!in_flight_.empty() && !write) request = std::max(request, in_flight_[oldest_]);
  request_free_ = request + to_ticks(spec_.request_every_cycles);
  const Ticks transfer =
      to_ticks(static_cast<double>(payload.get_data_length()) / spec_.bytes_per_cycle);
  Ticks slot = bus_slot(request, write, transfer);
  if (spec_.kind == MemoryKind::kBanked)
    slot += open_row(static_cast<std::int64_t>(payload.get_address()), slot);
  if (!options_.no_contention) bus_free_[spec_.duplex && write ? 1 : 0] = slot + transfer;
  const double latency = write ? spec_.write_latency_cycles : spec_.latency_cycles;
  const Ticks done = slot + transfer + to_ticks(latency);
  if (!in_flight_.empty() && !write) {
    in_flight_[oldest_] = done;
    oldest_ = (oldest_ + 1) % in_flight_.size();
  }
  delay = sc_ticks(done - now());
}

Ticks Memory::bus_slot(Ticks request, bool write, Ticks) {
  Ticks slot = std::max(request, bus_free_[spec_.duplex && write ? 1 : 0]);
  if (!spec_.duplex && write != last_write_) slot += to_ticks(spec_.turnaround_cycles);
  last_write_ = write;
  return after_refresh(slot);
}

Ticks Memory::open_row(std::int64_t address, Ticks slot) {
  const std::int64_t row_index = address / spec_.row_bytes;
  Bank& bank = banks_[static_cast<std::size_t>(row_index % spec_.banks)];
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
