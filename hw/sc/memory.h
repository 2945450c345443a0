#pragma once
// The memories beyond the scratchpad: TLM-2.0 targets that answer when a burst is through.

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <tlm>
#include <vector>

#include "hw/chip_spec.h"
#include "hw/sc/clock.h"
#include "hw/simulate.h"

namespace presil::sc {

/// When a burst's last request was accepted; a channel puts one on its payload.
struct Grant : tlm::tlm_extension<Grant> {
  Ticks at = 0;
  tlm::tlm_extension_base* clone() const override { return new Grant(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    at = static_cast<const Grant&>(other).at;
  }
};

/// One port, first come first served. b_transport() is called at the time of the request and adds
/// to `delay` the time until the last byte (read) or the response (write); it never waits, so
/// several bursts may be in flight. A read's place on the bus is kept in request time, so that its
/// latency does not block writes meanwhile. A Grant on the payload is told when the burst's
/// requests were out: a channel that waits for it before it asks again takes turns with the others.
class Memory final : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<Memory> socket;

  Memory(const sc_core::sc_module_name& name, const MemorySpec& spec,
         const SimulateOptions& options);

  std::int64_t bursts() const { return bursts_; }
  std::int64_t row_misses() const { return row_misses_; }

 private:
  struct Bank {
    std::int64_t open_row = -1;
    Ticks ready = 0;
  };
  /// What bursts meet at: the request line, the bus, the requests in flight and the banks.
  struct Port {
    explicit Port(const MemorySpec& spec);
    Ticks request_free[2] = {0, 0};  ///< [0]: reads, or everything when not duplex; [1]: writes
    Ticks bus_free[2] = {0, 0};      ///< likewise
    bool last_write = false;
    std::vector<Bank> banks;
    std::vector<Ticks>
        in_flight;  ///< ring of completion times, when requests in flight are limited
    std::size_t oldest = 0;
  };

  void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  std::size_t port_side(bool write) const { return spec_.duplex && write ? 1 : 0; }
  /// The one port, or without contention the initiator's own.
  Port& port_of(int initiator);
  Ticks bus_slot(Port& port, Ticks request, bool write) const;
  /// Time a burst waits for its row, and keeps the bank busy for it.
  Ticks open_row(Port& port, std::int64_t address, Ticks slot);
  /// Moves a slot out of a refresh that is under way. The first begins one interval after the
  /// start.
  Ticks after_refresh(Ticks slot) const;

  /// Of so many bytes on the bus. Mostly asked for the same number again.
  Ticks transfer_time(std::int64_t bytes);
  /// Sends a burst's requests one after another; gives the time of the first.
  Ticks send_requests(Port& port, Ticks request, std::int64_t beats, bool write) const;

  const MemorySpec spec_;
  const SimulateOptions options_;
  const Ticks request_every_, latency_, write_latency_, row_miss_, turnaround_, refresh_interval_,
      refresh_;
  std::int64_t last_bytes_ = 0;
  Ticks last_transfer_ = 0;
  std::vector<Port> ports_;
  std::int64_t bursts_ = 0, row_misses_ = 0;
};

}  // namespace presil::sc
