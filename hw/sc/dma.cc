#include "hw/sc/dma.h"

#include <algorithm>

namespace presil::sc {

DmaChannel::DmaChannel(const sc_core::sc_module_name& name, const Surroundings& around,
                       CommandQueue& queue, int lane, SramBanks* sram)
    : sc_module(name),
      around_(around),
      queue_(queue),
      lane_(lane),
      window_(static_cast<std::size_t>(around.chip.dma.outstanding), 0),
      sram_(sram != nullptr && sram->contended() ? sram : nullptr) {
  for (std::size_t m = 0; m < around.chip.memories.size(); ++m)
    sockets.push_back(std::make_unique<tlm_utils::simple_initiator_socket<DmaChannel>>(
        ("socket" + std::to_string(m)).c_str()));
  payload_.set_extension(grant_);
  SC_THREAD(run);
}

void DmaChannel::run() {
  while (wait_for_command()) {
    const CommandId id = queue_.pop();
    const auto index = static_cast<std::size_t>(id);
    const Work& work = around_.program.commands[index].work;
    const bool write = std::holds_alternative<Store>(work);
    const Transfer& transfer =
        write ? std::get<Store>(work).transfer : std::get<Load>(work).transfer;
    Span& span = around_.timeline.spans[index];
    const Ticks start = now();
    // Setting a transfer up happens while it waits behind another.
    const Ticks issued = span.issued.value * kTicksPerCycle;
    next_request_ =
        std::max({next_request_, now(), issued + around_.chip.dma.setup_cycles * kTicksPerCycle});
    const std::size_t slot = SramBanks::kDma + static_cast<std::size_t>(lane_);
    if (sram_ != nullptr) {
      std::vector<BankDemand> demand = sram_demand(around_.chip, around_.program.commands[index]);
      sram_rate_ = 0;
      sram_free_ = sram_extra_ = lost_ = 0;
      for (const BankDemand& bank : demand) sram_rate_ += bank.bytes_per_cycle;
      // A duplex port is two.
      const MemorySpec& memory = around_.chip.memories[static_cast<std::size_t>(transfer.memory)];
      const int port = 2 * transfer.memory + (memory.duplex && write ? 1 : 0);
      sram_->start(slot, std::move(demand), {port, port_share(around_.chip, transfer)});
    }
    const Ticks done = round_up_to_cycle(move(transfer, write));
    if (sram_ != nullptr) {
      // The bytes follow the requests a latency later; here they are counted that much earlier.
      const MemorySpec& memory = around_.chip.memories[static_cast<std::size_t>(transfer.memory)];
      sram_until_ = std::max<Ticks>(
          0, last_done_ - to_ticks(write ? memory.write_latency_cycles : memory.latency_cycles));
      span.stalled[static_cast<std::size_t>(Stall::kBankConflict)] = to_cycles_up(lost_);
    }
    span.engine = Engine::kDma;
    span.lane = lane_;
    span.start = Cycles(start / kTicksPerCycle);
    span.end = Cycles(to_cycles_up(now()));
    span.done = Cycles(to_cycles_up(done));
    around_.sequencer.complete_at(id, done);
  }
}

bool DmaChannel::wait_for_command() {
  while (queue_.empty()) {
    if (sram_until_ < 0) {
      if (queue_.closed()) return false;
      wait(queue_.event());
      continue;
    }
    if (sram_until_ > now()) {
      ++waits_;
      wait(sc_ticks(sram_until_ - now()), queue_.event());
    }
    if (sram_until_ <= now()) {
      sram_->stop(SramBanks::kDma + static_cast<std::size_t>(lane_));
      sram_until_ = -1;
    }
  }
  return true;
}

Ticks DmaChannel::move(const Transfer& transfer, bool write) {
  last_done_ = now();
  beat_every_ = to_ticks(transfer.beat_cycles);
  const std::int64_t burst = around_.chip.dma.burst_bytes;
  const std::int64_t run_bytes = transfer.stored_run_bytes();
  const auto& dims = transfer.dims;
  for (std::int64_t i = 0; i < dims[0].count; ++i)
    for (std::int64_t j = 0; j < dims[1].count; ++j)
      for (std::int64_t k = 0; k < dims[2].count; ++k) {
        std::int64_t address = transfer.memory_address + i * dims[0].memory_stride +
                               j * dims[1].memory_stride + k * dims[2].memory_stride;
        const std::int64_t end = address + run_bytes;
        while (address < end) {
          const std::int64_t bytes = std::min(burst - address % burst, end - address);
          send(transfer, address, bytes, write);
          address += bytes;
        }
      }
  return last_done_;
}

void DmaChannel::send(const Transfer& transfer, std::int64_t address, std::int64_t bytes,
                      bool write) {
  const Ticks asked = now();
  const Ticks request = std::max({next_request_, window_[oldest_], asked});
  lost_ += std::clamp<Ticks>(sram_free_ - request, 0, sram_extra_);
  const Ticks sent = std::max(request, sram_free_);
  if (sent > asked) {
    ++waits_;
    wait(sc_ticks(sent - asked));
  }
  payload_.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload_.set_address(static_cast<sc_dt::uint64>(address));
  payload_.set_data_length(static_cast<unsigned>(bytes));
  payload_.set_streaming_width(static_cast<unsigned>(bytes));
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  (*sockets[static_cast<std::size_t>(transfer.memory)])->b_transport(payload_, delay);
  count(transfer, address, bytes, write);
  sram_extra_ = occupy_sram(transfer, bytes);
  Ticks done = sent + static_cast<Ticks>(delay.value()) + sram_extra_;
  const MemorySpec& memory = around_.chip.memories[static_cast<std::size_t>(transfer.memory)];
  const Ticks beats = memory.beats(address, bytes) * beat_every_;
  next_request_ = std::max(next_request_, grant_->at);
  if (write)
    next_request_ = std::max(next_request_, sent + beats);
  else if (beat_every_ > 0)
    done = accepted_ = std::max(done, accepted_ + beats);
  window_[oldest_] = done;
  if (++oldest_ == window_.size()) oldest_ = 0;
  last_done_ = std::max(last_done_, done);
}

void DmaChannel::count(const Transfer& transfer, std::int64_t address, std::int64_t bytes,
                       bool write) {
  const auto index = static_cast<std::size_t>(transfer.memory);
  const MemorySpec& memory = around_.chip.memories[index];
  MemoryTraffic& traffic = around_.timeline.memories[index];
  // A write says which bytes of a beat it means; a read gets all of them.
  const std::int64_t crossed =
      write || memory.beat_bytes == 0 ? bytes : memory.beats(address, bytes) * memory.beat_bytes;
  (write ? traffic.written : traffic.read)[static_cast<std::size_t>(transfer.traffic)] += crossed;
}

Ticks DmaChannel::occupy_sram(const Transfer& transfer, std::int64_t bytes) {
  if (sram_ == nullptr) return 0;
  const double fraction = sram_->fraction(SramBanks::kDma + static_cast<std::size_t>(lane_));
  if (fraction >= 1) return 0;
  const double alone = static_cast<double>(bytes) / transfer.stored_ratio / sram_rate_;
  sram_free_ = std::max(sram_free_, now()) + to_ticks(alone / fraction);
  return to_ticks(alone / fraction) - to_ticks(alone);
}

}  // namespace presil::sc
