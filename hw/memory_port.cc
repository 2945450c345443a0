#include "hw/memory_port.h"

#include <algorithm>

namespace presil {

MemoryPort::MemoryPort(const MemorySpec& spec)
    : spec_(&spec),
      request_every_(to_ticks(spec.request_every_cycles)),
      latency_(to_ticks(spec.latency_cycles)),
      write_latency_(to_ticks(spec.write_latency_cycles)),
      row_miss_(to_ticks(spec.row_miss_cycles)),
      turnaround_(to_ticks(spec.turnaround_cycles)),
      refresh_interval_(to_ticks(spec.refresh_interval_cycles)),
      refresh_(to_ticks(spec.refresh_cycles)),
      banks_(static_cast<std::size_t>(std::max<std::int64_t>(1, spec.banks))),
      in_flight_(static_cast<std::size_t>(std::max<std::int64_t>(0, spec.outstanding)), 0) {}

Ticks MemoryPort::burst(Ticks request, bool write, std::int64_t address, std::int64_t bytes) {
  request = std::max(request, request_free_);
  if (!in_flight_.empty() && !write) request = std::max(request, in_flight_[oldest_]);
  request_free_ = request + request_every_;
  const Ticks transfer = transfer_time(bytes);
  Ticks slot = bus_slot(request, write);
  if (spec_->kind == MemoryKind::kBanked) slot += open_row(address, slot);
  bus_free_[spec_->duplex && write ? 1 : 0] = slot + transfer;
  const Ticks done = slot + transfer + (write ? write_latency_ : latency_);
  if (!in_flight_.empty() && !write) {
    in_flight_[oldest_] = done;
    oldest_ = (oldest_ + 1) % in_flight_.size();
  }
  return done;
}

Ticks MemoryPort::transfer_time(std::int64_t bytes) {
  if (bytes != last_bytes_) {
    last_bytes_ = bytes;
    last_transfer_ = to_ticks(static_cast<double>(bytes) / spec_->bytes_per_cycle);
  }
  return last_transfer_;
}

Ticks MemoryPort::bus_slot(Ticks request, bool write) {
  Ticks slot = std::max(request, bus_free_[spec_->duplex && write ? 1 : 0]);
  if (!spec_->duplex && write != last_write_) slot += turnaround_;
  last_write_ = write;
  return after_refresh(slot);
}

Ticks MemoryPort::open_row(std::int64_t address, Ticks slot) {
  const std::int64_t row_index = address / spec_->row_bytes;
  Bank& bank = banks_[static_cast<std::size_t>(row_index % spec_->banks)];
  const std::int64_t row = row_index / spec_->banks;
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

Ticks MemoryPort::after_refresh(Ticks slot) const {
  if (slot < refresh_interval_ || refresh_interval_ <= 0) return slot;
  const Ticks phase = slot % refresh_interval_;
  return phase < refresh_ ? slot - phase + refresh_ : slot;
}

}  // namespace presil
