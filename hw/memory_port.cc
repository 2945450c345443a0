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

BurstTimes MemoryPort::burst(Ticks request, bool write, std::int64_t address, std::int64_t bytes) {
  const std::int64_t beats = spec_->beats(address, bytes);
  request = send_requests(request, beats, write);
  const Ticks transfer = transfer_time(spec_->beat_bytes > 0 ? beats * spec_->beat_bytes : bytes);
  Ticks slot = bus_slot(request, write);
  if (spec_->kind == MemoryKind::kBanked) slot += open_row(address, slot);
  bus_free_[side(write)] = slot + transfer;
  const Ticks latency = write ? write_latency_ : latency_;
  if (!in_flight_.empty() && !write)
    for (std::int64_t beat = 1; beat <= beats; ++beat) {
      in_flight_[oldest_] = slot + transfer * beat / beats + latency;
      oldest_ = (oldest_ + 1) % in_flight_.size();
    }
  return {slot + transfer + latency, request_free_[side(write)]};
}

Ticks MemoryPort::send_requests(Ticks request, std::int64_t beats, bool write) {
  Ticks& line = request_free_[side(write)];
  request = std::max(request, line);
  const std::size_t limit = write ? 0 : in_flight_.size();
  const auto room_for = [&](std::int64_t beat) {
    const auto ahead = static_cast<std::size_t>(beat);
    return ahead < limit ? in_flight_[(oldest_ + ahead) % limit] : Ticks{0};
  };
  request = std::max(request, room_for(0));
  Ticks last = request;
  for (std::int64_t beat = 1; beat < beats; ++beat)
    last = std::max(last + request_every_, room_for(beat));
  line = last + request_every_;
  return request;
}

Ticks MemoryPort::transfer_time(std::int64_t bytes) {
  if (bytes != last_bytes_) {
    last_bytes_ = bytes;
    last_transfer_ = to_ticks(static_cast<double>(bytes) / spec_->bytes_per_cycle);
  }
  return last_transfer_;
}

Ticks MemoryPort::bus_slot(Ticks request, bool write) {
  Ticks slot = std::max(request, bus_free_[side(write)]);
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
