#pragma once
// A memory's port as bursts see it, without an event kernel: what hw/sc/memory.h wraps, and what
// the compiler replays a schedule on.

#include <vector>

#include "hw/chip_spec.h"
#include "hw/ticks.h"

namespace presil {

/// When a burst's last byte (read) or its response (write) is there, and when its last request was
/// out: who waits for that before asking again takes turns with the others.
struct BurstTimes {
  Ticks done = 0, granted = 0;
};

/// One port, first come first served: the request line, the bus, the requests in flight and the
/// banks with their open rows. A burst asks beat by beat where the port has a width. A read's place
/// on the bus is kept in request time, so that its latency does not block writes meanwhile.
class MemoryPort {
 public:
  /// `spec` outlives it.
  explicit MemoryPort(const MemorySpec& spec);

  /// A burst that is asked for at `request`, not before the one given last.
  BurstTimes burst(Ticks request, bool write, std::int64_t address, std::int64_t bytes);

  std::int64_t row_misses() const { return row_misses_; }

 private:
  struct Bank {
    std::int64_t open_row = -1;
    Ticks ready = 0;
  };

  std::size_t side(bool write) const { return spec_->duplex && write ? 1 : 0; }
  /// Sends a burst's requests one after another; gives the time of the first.
  Ticks send_requests(Ticks request, std::int64_t beats, bool write);
  Ticks bus_slot(Ticks request, bool write);
  /// Time a burst waits for its row, and keeps the bank busy for it.
  Ticks open_row(std::int64_t address, Ticks slot);
  /// Moves a slot out of a refresh that is under way. The first begins one interval after the
  /// start.
  Ticks after_refresh(Ticks slot) const;
  /// Of so many bytes on the bus. Mostly asked for the same number again.
  Ticks transfer_time(std::int64_t bytes);

  const MemorySpec* spec_;
  Ticks request_every_, latency_, write_latency_, row_miss_, turnaround_, refresh_interval_,
      refresh_;
  std::int64_t last_bytes_ = 0;
  Ticks last_transfer_ = 0;
  Ticks request_free_[2] = {0, 0};  ///< [0]: reads, or everything when not duplex; [1]: writes
  Ticks bus_free_[2] = {0, 0};      ///< likewise
  bool last_write_ = false;
  std::vector<Bank> banks_;
  std::vector<Ticks> in_flight_;  ///< ring of completion times, when requests in flight are limited
  std::size_t oldest_ = 0;
  std::int64_t row_misses_ = 0;
};

}  // namespace presil
