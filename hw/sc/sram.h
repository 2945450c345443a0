#pragma once
// The banks of one core's SRAM, shared by the streams of commands that run together.

#include <vector>

#include "hw/sc/clock.h"
#include "hw/sram_demand.h"

namespace presil::sc {

/// Which port a stream's bytes also pass, and how much of it they use when alone.
struct PortUse {
  int port = -1;  ///< -1: none
  double share = 0;
};

/// Rates are shared (hw/sram_demand.h: share_banks) and worked out again whenever a stream starts
/// or ends, and only then. One stream an engine of the core: a slot.
class SramBanks {
 public:
  static constexpr std::size_t kMac = 0, kVector = 1, kDma = 2;  ///< slots; DMA channels from kDma

  /// `contended` false: no stream is ever slowed, and none should be told.
  SramBanks(double capacity, std::size_t slots, bool contended);

  bool contended() const { return contended_; }

  /// Runs a stream that needs `duration` when alone, in the calling SC_THREAD; returns when it is
  /// through, in a whole cycle. Gives the ticks that sharing cost. Counts its waits in `waits`.
  Ticks run(std::size_t slot, std::vector<BankDemand> demand, Ticks duration, std::int64_t& waits);

  /// A stream that keeps its own time, and asks how much of its demand it gets: 1 when the banks
  /// are not short. Streams at one port ask for no more than it gives them.
  void start(std::size_t slot, std::vector<BankDemand> demand, PortUse port = {});
  void stop(std::size_t slot);
  double fraction(std::size_t slot) const { return streams_[slot].fraction; }

 private:
  struct Stream {
    std::vector<BankDemand> demand;
    PortUse port;
    bool active = false;
    double fraction = 1;
    double remaining = 0;  ///< ticks of work when alone, as of `updated`
    Ticks updated = 0;
    sc_core::sc_event faster;  ///< the end is earlier than it was
  };
  void share();
  /// What is left of a stream's demand behind its port, among those that meet there.
  double behind_port(const Stream& stream) const;

  const double capacity_;
  const bool contended_;
  std::vector<Stream> streams_;
};

}  // namespace presil::sc
