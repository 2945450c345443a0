#pragma once
// The memories beyond the scratchpad: TLM-2.0 targets that answer when a burst is through.

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <tlm>
#include <vector>

#include "hw/chip_spec.h"
#include "hw/memory_port.h"
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

/// A MemoryPort behind a socket. b_transport() is called at the time of the request and adds to
/// `delay` the time until the last byte (read) or the response (write); it never waits, so several
/// bursts may be in flight. A Grant on the payload is told when the burst's requests were out.
class Memory final : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<Memory> socket;

  Memory(const sc_core::sc_module_name& name, const MemorySpec& spec,
         const SimulateOptions& options);

  std::int64_t bursts() const { return bursts_; }
  std::int64_t row_misses() const;

 private:
  void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  /// The one port, or without contention the initiator's own.
  MemoryPort& port_of(int initiator);

  const MemorySpec spec_;
  const SimulateOptions options_;
  std::vector<MemoryPort> ports_;
  std::int64_t bursts_ = 0;
};

}  // namespace presil::sc
