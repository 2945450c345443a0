#pragma once
// One DMA channel of a core: cuts transfers into bursts and keeps several in flight.

#include <tlm_utils/simple_initiator_socket.h>

#include <memory>
#include <tlm>
#include <vector>

#include "hw/sc/engine.h"
#include "hw/sc/memory.h"
#include "hw/sc/sram.h"

namespace presil::sc {

/// Runs Load and Store commands from a queue that channels may share. The next transfer starts when
/// the last request of this one is out: its bytes may still be on their way.
class DmaChannel final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(DmaChannel);
  /// `sram`: null where transfers take no time.
  DmaChannel(const sc_core::sc_module_name& name, const Surroundings& around, CommandQueue& queue,
             int lane, SramBanks* sram);
  /// One socket a memory, in the order of ChipSpec::memories.
  std::vector<std::unique_ptr<tlm_utils::simple_initiator_socket<DmaChannel>>> sockets;
  std::int64_t waits() const { return waits_; }

 private:
  void run();
  /// Sends every burst of a transfer; gives the time when the last is through.
  Ticks move(const Transfer& transfer, bool write);
  /// Sends one burst as soon as the one before has been granted and the window allows.
  void send(const Transfer& transfer, std::int64_t address, std::int64_t bytes, bool write);
  void count(const Transfer& transfer, std::int64_t address, std::int64_t bytes, bool write);
  /// The banks are busy with this burst's bytes; gives how much longer than when not shared.
  Ticks occupy_sram(const Transfer& transfer, std::int64_t bytes);
  /// Until there is a command (false: there will be none). Meanwhile the last bytes arrive and the
  /// banks are free of them.
  bool wait_for_command();

  Surroundings around_;
  CommandQueue& queue_;
  const int lane_;
  Grant* grant_ = new Grant;  ///< the payload's
  tlm::tlm_generic_payload payload_;
  std::vector<Ticks> window_;  ///< ring of completion times of bursts in flight
  std::size_t oldest_ = 0;
  Ticks next_request_ = 0, last_done_ = 0;
  Ticks beat_every_ = 0;   ///< of this transfer, at the SRAM's side
  Ticks accepted_ = 0;     ///< the SRAM's side has taken all that arrived
  SramBanks* sram_;        ///< null: its banks are never short
  double sram_rate_ = 0;   ///< bytes a cycle that this transfer asks of them
  Ticks sram_until_ = -1;  ///< the last transfer's bytes pass until then; -1: they have
  Ticks sram_free_ = 0;    ///< they can take the next burst
  Ticks sram_extra_ = 0;   ///< time that sharing them added to the last burst
  Ticks lost_ = 0;         ///< waiting for them, in this transfer
  std::int64_t waits_ = 0;
};

}  // namespace presil::sc
