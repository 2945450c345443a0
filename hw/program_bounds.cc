#include "hw/program_bounds.h"

#include <algorithm>
#include <cmath>

#include "hw/sram_demand.h"
#include "hw/timing.h"

namespace presil {

namespace {

/// Simulated time counts in thousandths of a cycle.
constexpr double kTick = 0.001;

/// What a multiple of `cycles` may lose when it becomes simulated time.
double rounding(double cycles) {
  const double ticks = cycles / kTick;
  return std::abs(ticks - std::round(ticks)) < 1e-9 ? 0 : kTick / 2;
}

struct CoreTotals {
  double compute = 0, output = 0, vector = 0, commands = 0;
};
struct PortTotals {
  double read = 0, written = 0, least_bursts = 0, most_bursts = 0;
};

class Bounds {
 public:
  Bounds(const ChipSpec& chip, const Program& program)
      : chip_(chip),
        program_(program),
        cores_(static_cast<std::size_t>(chip.cores)),
        ports_(chip.memories.size()),
        capacity_(bank_capacity(chip)) {
    for (const Command& command : program.commands) add(command);
  }

  ProgramBounds result() const {
    if (program_.commands.empty()) return {};
    const Cycles completion(chip_.control.completion_cycles);
    return {.lower = Cycles(static_cast<std::int64_t>(std::floor(lower()))) + completion,
            .upper = Cycles(static_cast<std::int64_t>(std::ceil(upper()))) + completion};
  }

 private:
  void add(const Command& command) {
    CoreTotals& core = cores_[static_cast<std::size_t>(command.core)];
    core.commands += 1;
    const double alone = slowdown_alone(command);
    struct Visitor {
      Bounds& bounds;
      CoreTotals& core;
      double alone;
      void operator()(const Load& load) const { bounds.add_transfer(load.transfer, false, alone); }
      void operator()(const Store& store) const {
        bounds.add_transfer(store.transfer, true, alone);
      }
      void operator()(const Matrix& m) const {
        const MatrixTiming timing = matrix_timing(bounds.chip_, m);
        core.compute += value(timing.compute);
        core.output += value(timing.output);
        const double busy =
            value(timing.compute) + value(std::max(timing.output, timing.last_drain));
        bounds.serial_ +=
            busy * alone + 2 + static_cast<double>(bounds.chip_.mac_array.output_latency_cycles);
      }
      void operator()(const Vector& v) const {
        const double busy = value(vector_timing(bounds.chip_, v));
        core.vector += busy;
        bounds.serial_ += busy * alone + 1;
      }
      void operator()(const Host& host) const {
        bounds.host_ += value(host.duration);
        bounds.serial_ += value(host.duration);
      }
      static double value(Cycles cycles) { return static_cast<double>(cycles.value); }
    };
    std::visit(Visitor{*this, core, alone}, command.work);
  }

  /// >= 1: what the banks cannot feed even when nobody else uses them.
  double slowdown_alone(const Command& command) const {
    double slowdown = 1;
    for (const BankDemand& demand : sram_demand(chip_, command))
      slowdown = std::max(slowdown, demand.bytes_per_cycle / capacity_);
    return slowdown;
  }

  void add_transfer(const Transfer& transfer, bool write, double alone) {
    const auto index = static_cast<std::size_t>(transfer.memory);
    const MemorySpec& memory = chip_.memories[index];
    PortTotals& port = ports_[index];
    const auto bytes = static_cast<double>(transfer.stored_bytes());
    (write ? port.written : port.read) += bytes;
    const std::int64_t least = ceil_div(transfer.stored_run_bytes(), chip_.dma.burst_bytes);
    const double bursts = static_cast<double>((least + 1) * transfer.runs());
    port.least_bursts += static_cast<double>(least * transfer.runs());
    port.most_bursts += bursts;
    // Requests: beats, a part of one at each end of a run; or bursts.
    const double requests =
        memory.beat_bytes == 0
            ? bursts
            : static_cast<double>((ceil_div(transfer.stored_run_bytes(), memory.beat_bytes) + 1) *
                                  transfer.runs());
    const double most_bytes =
        memory.beat_bytes == 0 ? bytes : requests * static_cast<double>(memory.beat_bytes);
    const double pace = transfer.beat_cycles + memory.request_every_cycles;
    const double latency = write ? memory.write_latency_cycles : memory.latency_cycles;
    const double row = memory.kind == MemoryKind::kBanked ? memory.row_miss_cycles : 0;
    const double each = row + memory.turnaround_cycles + latency + 4 * kTick;
    serial_ += static_cast<double>(chip_.dma.setup_cycles) + 2 + bursts * each +
               requests * (pace + 2 * kTick) + most_bytes / memory.bytes_per_cycle;
    if (alone > 1) {  // what the banks add to each burst's time at the transfer's own rate
      const double rate = std::max(most_bytes / memory.bytes_per_cycle, requests * pace);
      serial_ += rate * alone;
    }
  }

  double lower() const {
    double most = host_;
    const ControlSpec& control = chip_.control;
    for (const CoreTotals& core : cores_) {
      most = std::max({most, core.compute, core.output, core.vector});
      if (core.commands == 0) continue;
      double issue = core.commands * static_cast<double>(control.issue_cycles) +
                     static_cast<double>(control.issue_latency_cycles);
      if (chip_.cores == 1) issue += setups();
      most = std::max(most, issue);
    }
    for (std::size_t m = 0; m < ports_.size(); ++m) {
      const PortTotals& port = ports_[m];
      const MemorySpec& memory = chip_.memories[m];
      const double bytes =
          memory.duplex ? std::max(port.read, port.written) : port.read + port.written;
      most = std::max(most, bytes / memory.bytes_per_cycle -
                                port.most_bursts * rounding(1 / memory.bytes_per_cycle));
      most = std::max(most, (port.least_bursts - 1) * (memory.request_every_cycles -
                                                       rounding(memory.request_every_cycles)));
    }
    return most;
  }

  double upper() const {
    const ControlSpec& control = chip_.control;
    double time = serial_ + setups() +
                  static_cast<double>(program_.commands.size()) *
                      static_cast<double>(control.issue_cycles + control.issue_latency_cycles);
    double refreshes = 0, share = 0;
    for (const MemorySpec& memory : chip_.memories) {
      if (memory.refresh_interval_cycles <= 0) continue;
      refreshes += memory.refresh_cycles;
      share += memory.refresh_cycles / memory.refresh_interval_cycles;
    }
    if (share < 0.9) return (time + refreshes) / (1 - share);
    // Too many memories refresh: each burst may meet one.
    for (std::size_t m = 0; m < ports_.size(); ++m)
      time += ports_[m].most_bursts * chip_.memories[m].refresh_cycles;
    return time;
  }

  /// Layer setups of the groups that have commands.
  double setups() const {
    std::vector<char> seen(program_.group_names.size(), 0);
    for (const Command& command : program_.commands)
      seen[static_cast<std::size_t>(command.group)] = 1;
    return static_cast<double>(std::count(seen.begin(), seen.end(), 1)) *
           static_cast<double>(chip_.control.layer_setup_cycles);
  }

  const ChipSpec& chip_;
  const Program& program_;
  std::vector<CoreTotals> cores_;
  std::vector<PortTotals> ports_;
  const double capacity_;
  double host_ = 0, serial_ = 0;
};

}  // namespace

ProgramBounds program_bounds(const ChipSpec& chip, const Program& program) {
  return Bounds(chip, program).result();
}

}  // namespace presil
