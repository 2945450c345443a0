// Wires the modules of a chip together and runs a Program on them.

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "core/error.h"
#include "hw/sc/compute.h"
#include "hw/sc/context.h"
#include "hw/sc/dma.h"
#include "hw/sc/host.h"
#include "hw/sc/memory.h"
#include "hw/sc/sram.h"
#include "hw/simulate.h"
#include "hw/stalls.h"

namespace presil {

namespace {

using sc::CommandQueue;
using sc::Surroundings;

/// The streams that DMA channels are kept for: with one channel all share it; with two, loads and
/// stores; with three or more, features, weights and stores (the last gets the surplus). 0 for
/// work that is no transfer.
std::size_t stream_of(const ChipSpec& chip, const Work& work) {
  if (chip.dma.channels == 1) return 0;
  const std::size_t store = chip.dma.channels == 2 ? 1 : 2;
  if (std::holds_alternative<Store>(work)) return store;
  const auto* load = std::get_if<Load>(&work);
  const bool weights = load != nullptr && load->transfer.traffic == Traffic::kWeights;
  return chip.dma.channels >= 3 && weights ? 1 : 0;
}

/// One neural core.
struct Core {
  Core(int index, const Surroundings& around, bool contended, bool ideal_memory)
      : sram(bank_capacity(around.chip),
             sc::SramBanks::kDma + static_cast<std::size_t>(around.chip.dma.channels), contended),
        mac(fmt::format("mac{}", index).c_str(), around, sram),
        vector(fmt::format("vector{}", index).c_str(), around, sram) {
    const auto streams =
        static_cast<std::size_t>(std::min<std::int64_t>(3, around.chip.dma.channels));
    for (std::size_t s = 0; s < streams; ++s) queues.push_back(std::make_unique<CommandQueue>());
    for (int lane = 0; lane < around.chip.dma.channels; ++lane) {
      const auto stream = std::min(static_cast<std::size_t>(lane), streams - 1);
      channels.push_back(
          std::make_unique<sc::DmaChannel>(fmt::format("dma{}_{}", index, lane).c_str(), around,
                                           *queues[stream], lane, ideal_memory ? nullptr : &sram));
    }
  }
  sc::SramBanks sram;
  sc::MacArray mac;
  sc::VectorUnit vector;
  std::vector<std::unique_ptr<CommandQueue>> queues;
  std::vector<std::unique_ptr<sc::DmaChannel>> channels;
};

class Machine {
 public:
  Machine(const ChipSpec& chip, const Program& program, const SimulateOptions& options,
          Timeline& timeline, DataPath* data)
      : chip_(chip),
        program_(program),
        timeline_(timeline),
        sequencer_(
            "sequencer", chip, program, timeline, [this](CommandId id) { dispatch(id); },
            data == nullptr ? sc::Sequencer::Dispatch()
                            : [data](CommandId id) { data->finish(id); }) {
    const Surroundings around{chip, program, timeline, sequencer_, data};
    host_ = std::make_unique<sc::HostCpu>("host", around);
    for (const MemorySpec& memory : chip.memories)
      memories_.push_back(
          std::make_unique<sc::Memory>(("memory_" + memory.name).c_str(), memory, options));
    const bool contended = !options.no_contention && may_oversubscribe_sram(chip, program);
    for (int core = 0; core < chip.cores; ++core) {
      cores_.push_back(std::make_unique<Core>(core, around, contended, options.ideal_memory));
      for (auto& channel : cores_.back()->channels)
        for (std::size_t m = 0; m < memories_.size(); ++m)
          channel->sockets[m]->bind(memories_[m]->socket);
    }
  }

  ~Machine() {
    for (const auto& core : cores_) {
      core->mac.queue.close();
      core->vector.queue.close();
      for (const auto& queue : core->queues) queue->close();
    }
    host_->queue.close();
    sc_core::sc_start();
  }

  void run() {
    if (chip_.control.order == IssueOrder::kInOrder)
      for (std::size_t id = 0; id < program_.commands.size(); ++id)
        queue_of(static_cast<CommandId>(id)).expect(static_cast<CommandId>(id));
    sc_core::sc_start();
    const std::vector<CommandId> waiting = sequencer_.waiting();
    PRESIL_CHECK(
        waiting.empty(), "deadlock: {} commands wait, the first is {}, for {}", waiting.size(),
        waiting.front(),
        fmt::join(program_.commands[static_cast<std::size_t>(waiting.front())].dependencies, ", "));
    timeline_.total = Cycles(to_cycles_up(sequencer_.last_done()) +
                             (program_.commands.empty() ? 0 : chip_.control.completion_cycles));
    count();
  }

 private:
  void dispatch(CommandId id) { queue_of(id).push(id); }

  CommandQueue& queue_of(CommandId id) {
    const Command& command = program_.commands[static_cast<std::size_t>(id)];
    Core& core = *cores_[static_cast<std::size_t>(command.core)];
    struct Visitor {
      CommandQueue &mac, &vector, &host, &dma;
      CommandQueue& operator()(const Load&) const { return dma; }
      CommandQueue& operator()(const Store&) const { return dma; }
      CommandQueue& operator()(const Matrix&) const { return mac; }
      CommandQueue& operator()(const Vector&) const { return vector; }
      CommandQueue& operator()(const Host&) const { return host; }
    };
    CommandQueue& dma = *core.queues[stream_of(chip_, command.work)];
    return std::visit(Visitor{core.mac.queue, core.vector.queue, host_->queue, dma}, command.work);
  }

  void count() {
    timeline_.events = sequencer_.activations() + host_->waits();
    for (const auto& core : cores_) {
      timeline_.events += core->mac.waits() + core->vector.waits();
      for (const auto& channel : core->channels) timeline_.events += channel->waits();
    }
    for (std::size_t m = 0; m < memories_.size(); ++m) {
      timeline_.memories[m].bursts = memories_[m]->bursts();
      timeline_.memories[m].row_misses = memories_[m]->row_misses();
    }
  }

  const ChipSpec& chip_;
  const Program& program_;
  Timeline& timeline_;
  sc::Sequencer sequencer_;
  std::vector<std::unique_ptr<sc::Memory>> memories_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::unique_ptr<sc::HostCpu> host_;
};

}  // namespace

Timeline simulate(const ChipSpec& chip, const Program& program, const SimulateOptions& options,
                  MachineState* state) {
  check_program(program, chip);
  Timeline timeline;
  timeline.spans.resize(program.commands.size());
  for (std::size_t id = 0; id < program.commands.size(); ++id)
    timeline.spans[id].command = static_cast<CommandId>(id);
  timeline.memories.resize(chip.memories.size());
  const sc::Context context;
  std::optional<DataPath> data;
  if (state != nullptr) {
    PRESIL_CHECK(program.executable() || program.commands.empty(),
                 "the program was lowered to be timed, not executed");
    data.emplace(program, *state);
  }
  Machine machine(chip, program, options, timeline, data ? &*data : nullptr);
  machine.run();
  if (data) data->check_no_failure();
  timeline.engines = engine_uses(chip, program, timeline);
  return timeline;
}

}  // namespace presil
