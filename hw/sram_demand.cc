#include "hw/sram_demand.h"

#include <algorithm>
#include <limits>
#include <map>

#include "hw/access.h"
#include "hw/precision.h"
#include "hw/timing.h"

namespace presil {

namespace {

constexpr double kTolerance = 1 + 1e-9;

/// Adds a region's share of the bytes to the banks that hold it.
class BankSpread {
 public:
  explicit BankSpread(const ChipSpec& chip)
      : interleaved_(chip.sram.interleave_bytes > 0 || chip.sram.banks == 1),
        bank_bytes_(chip.sram_bytes() / chip.sram.banks) {}

  void add(const Strided& region, double rate) {
    if (region.empty() || rate <= 0) return;
    if (interleaved_) return add(0, rate);
    const std::int64_t begin = region.begin, end = region.end();
    const double each = rate / static_cast<double>(end - begin);
    for (std::int64_t bank = begin / bank_bytes_; bank * bank_bytes_ < end; ++bank) {
      const std::int64_t from = std::max(begin, bank * bank_bytes_);
      const std::int64_t to = std::min(end, (bank + 1) * bank_bytes_);
      add(static_cast<int>(bank), each * static_cast<double>(to - from));
    }
  }

  std::vector<BankDemand> take() && {
    std::sort(demand_.begin(), demand_.end(),
              [](const BankDemand& a, const BankDemand& b) { return a.bank < b.bank; });
    return std::move(demand_);
  }

 private:
  void add(int bank, double rate) {
    for (BankDemand& known : demand_)
      if (known.bank == bank) {
        known.bytes_per_cycle += rate;
        return;
      }
    demand_.push_back({bank, rate});
  }

  const bool interleaved_;
  const std::int64_t bank_bytes_;
  std::vector<BankDemand> demand_;
};

double region_bytes(const Region& region) {
  return static_cast<double>(region.run_bytes * region.runs);
}

/// Cycles of one run of a transfer when nothing is in its way.
double run_cycles(const ChipSpec& chip, const Transfer& transfer) {
  const MemorySpec& memory = chip.memories[static_cast<std::size_t>(transfer.memory)];
  const std::int64_t run = transfer.stored_run_bytes();
  const double bursts = static_cast<double>(ceil_div(run, chip.dma.burst_bytes));
  const double requests =
      memory.beat_bytes == 0 ? bursts : static_cast<double>(ceil_div(run, memory.beat_bytes));
  const double pace = std::max(transfer.beat_cycles, memory.request_every_cycles);
  // So many bursts in flight, each for its latency and its time on the bus.
  const double burst = static_cast<double>(std::min(run, chip.dma.burst_bytes));
  const double in_flight = (burst / memory.bytes_per_cycle + memory.latency_cycles) /
                           static_cast<double>(chip.dma.outstanding);
  return std::max(static_cast<double>(run) / memory.bytes_per_cycle,
                  std::max(requests * pace, bursts * in_flight));
}

/// SRAM bytes a cycle of such a run.
double transfer_rate(const ChipSpec& chip, const Transfer& transfer) {
  return static_cast<double>(transfer.run_bytes) / run_cycles(chip, transfer);
}

/// The engines of a core that demand is added up over: array, vector unit, each DMA stream's lanes.
std::size_t engine_of(const Work& work) {
  struct Visitor {
    std::size_t operator()(const Matrix&) const { return 0; }
    std::size_t operator()(const Vector&) const { return 1; }
    std::size_t operator()(const Load&) const { return 2; }
    std::size_t operator()(const Store&) const { return 2; }
    std::size_t operator()(const Host&) const { return 3; }
  };
  return std::visit(Visitor{}, work);
}

}  // namespace

SramBytes matrix_sram_bytes(const ChipSpec& chip, const Matrix& m) {
  const MacArraySpec& array = chip.mac_array;
  const PrecisionMode& mode = array.modes[static_cast<std::size_t>(m.mode)];
  const double activation = bits_of(mode.activations) / 8.0, weight = bits_of(mode.weights) / 8.0;
  const auto stripes = [&](std::int64_t extent) {
    return static_cast<double>(
        cut_stripes(extent, array.stripe_length, array.stripe_last_max).count());
  };
  const auto blocks = [](std::int64_t extent, std::int64_t block) {
    return static_cast<double>(ceil_div(extent, block));
  };
  const double inputs = static_cast<double>(m.positions * m.channels * m.taps) * activation;
  const double weights = static_cast<double>(m.outputs * m.channels * m.taps) * weight;
  SramBytes bytes;
  if (m.op == MacOp::kDepthwise) {
    bytes.input = static_cast<double>(m.outputs * m.positions * m.taps) * activation;
    bytes.weights = static_cast<double>(m.outputs * m.taps) * weight * stripes(m.positions);
  } else {
    switch (array.dataflow) {
      case Dataflow::kWeightStationary:
        bytes.input = inputs * blocks(m.outputs, mode.parallelism_factor);
        bytes.weights = weights * stripes(m.positions);
        break;
      case Dataflow::kOutputStationary:
        bytes.input = inputs * blocks(m.outputs, mode.parallelism_factor);
        bytes.weights = weights * blocks(m.positions, mode.dot_length);
        break;
      case Dataflow::kInputStationary:
        bytes.input = inputs * stripes(m.outputs);
        bytes.weights = weights * blocks(m.positions, mode.parallelism_factor);
        break;
    }
  }
  // Products of groups follow one another, each with inputs and weights of its own.
  bytes.input *= static_cast<double>(m.groups);
  bytes.weights *= static_cast<double>(m.groups);
  bytes.operand = region_bytes(m.operand);
  bytes.output = static_cast<double>(m.positions * m.drained_per_position) * m.output_bits / 8.0;
  if (m.input.run_bytes == 0) bytes.input = 0;
  if (m.weights.run_bytes == 0) bytes.weights = 0;
  if (m.output.run_bytes == 0) bytes.output = 0;
  return bytes;
}

SramBytes vector_sram_bytes(const Vector& v) {
  return {.input = region_bytes(v.input),
          .operand = region_bytes(v.operand),
          .output = region_bytes(v.output)};
}

SramBytes sram_bytes(const ChipSpec& chip, const Command& command) {
  struct Visitor {
    const ChipSpec& chip;
    SramBytes operator()(const Load& load) const {
      return {.output = static_cast<double>(load.transfer.bytes())};
    }
    SramBytes operator()(const Store& store) const {
      return {.input = static_cast<double>(store.transfer.bytes())};
    }
    SramBytes operator()(const Matrix& m) const { return matrix_sram_bytes(chip, m); }
    SramBytes operator()(const Vector& v) const { return vector_sram_bytes(v); }
    SramBytes operator()(const Host&) const { return {}; }
  };
  return std::visit(Visitor{chip}, command.work);
}

double bank_capacity(const ChipSpec& chip) {
  return chip.sram.interleave_bytes > 0
             ? static_cast<double>(chip.sram.banks) * chip.sram.bank_bytes_per_cycle
             : chip.sram.bank_bytes_per_cycle;
}

std::vector<BankDemand> sram_demand(const ChipSpec& chip, const Command& command) {
  struct Visitor {
    const ChipSpec& chip;
    BankSpread spread;
    void add(const Region& region, double bytes, Cycles duration) {
      spread.add(bytes_of(region), bytes / static_cast<double>(duration.value));
    }
    void operator()(const Load& load) {
      spread.add(sram_bytes_of(load.transfer), transfer_rate(chip, load.transfer));
    }
    void operator()(const Store& store) {
      spread.add(sram_bytes_of(store.transfer), transfer_rate(chip, store.transfer));
    }
    void operator()(const Matrix& m) {
      if (chip.sram.array_port == ArrayPort::kDedicated) return;
      const MatrixTiming timing = matrix_timing(chip, m);
      const SramBytes bytes = matrix_sram_bytes(chip, m);
      const Cycles duration = std::max(timing.compute, timing.output);
      add(m.input, bytes.input, duration);
      add(m.weights, bytes.weights, duration);
      add(m.operand, bytes.operand, duration);
      add(m.output, bytes.output, duration);
    }
    void operator()(const Vector& v) {
      const SramBytes bytes = vector_sram_bytes(v);
      const Cycles duration = vector_timing(chip, v);
      add(v.input, bytes.input, duration);
      add(v.operand, bytes.operand, duration);
      add(v.output, bytes.output, duration);
    }
    void operator()(const Host&) {}
  };
  Visitor visitor{chip, BankSpread(chip)};
  std::visit(visitor, command.work);
  return std::move(visitor.spread).take();
}

double port_share(const ChipSpec& chip, const Transfer& transfer) {
  const MemorySpec& memory = chip.memories[static_cast<std::size_t>(transfer.memory)];
  return static_cast<double>(transfer.stored_run_bytes()) / memory.bytes_per_cycle /
         run_cycles(chip, transfer);
}

bool may_oversubscribe_sram(const ChipSpec& chip, const Program& program) {
  // Largest demand of each engine on each bank; a core's DMA channels may all run the same kind.
  std::map<std::pair<int, int>, std::array<double, 4>> largest;
  for (const Command& command : program.commands) {
    const std::size_t engine = engine_of(command.work);
    for (const BankDemand& demand : sram_demand(chip, command)) {
      double& known = largest[{command.core, demand.bank}][engine];
      known = std::max(known, demand.bytes_per_cycle);
    }
  }
  const auto channels = static_cast<double>(chip.dma.channels);
  for (const auto& [place, rates] : largest)
    if (rates[0] + rates[1] + channels * rates[2] > bank_capacity(chip) * kTolerance) return true;
  return false;
}

std::vector<double> share_banks(const std::vector<const std::vector<BankDemand>*>& streams,
                                double capacity) {
  std::vector<double> fractions(streams.size(), 1);
  std::map<int, double> wanted;
  for (const auto* stream : streams)
    if (stream != nullptr)
      for (const BankDemand& demand : *stream) wanted[demand.bank] += demand.bytes_per_cycle;
  std::erase_if(wanted, [&](const auto& bank) { return bank.second <= capacity * kTolerance; });
  if (wanted.empty()) return fractions;

  // What is left of each oversubscribed bank for the streams that have no fraction yet.
  std::map<int, double> left;
  for (const auto& [bank, rate] : wanted) left[bank] = capacity;
  std::vector<char> fixed(streams.size(), 0);
  for (std::size_t s = 0; s < streams.size(); ++s)
    if (streams[s] == nullptr || streams[s]->empty()) fixed[s] = 1;
  std::vector<double> rates;
  while (true) {
    // The level up to which a bank can serve everyone: those below it get what they want.
    std::map<int, double> level;
    for (const auto& [bank, rest] : left) {
      rates.clear();
      for (std::size_t s = 0; s < streams.size(); ++s)
        if (!fixed[s])
          for (const BankDemand& demand : *streams[s])
            if (demand.bank == bank) rates.push_back(demand.bytes_per_cycle);
      std::sort(rates.begin(), rates.end());
      double rest_of_bank = rest;
      level[bank] = std::numeric_limits<double>::infinity();
      for (std::size_t r = 0; r < rates.size(); ++r) {
        const double fair = rest_of_bank / static_cast<double>(rates.size() - r);
        if (rates[r] > fair * kTolerance) {
          level[bank] = fair;
          break;
        }
        rest_of_bank -= rates[r];
      }
    }
    std::size_t tightest = streams.size();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t s = 0; s < streams.size(); ++s) {
      if (fixed[s]) continue;
      double fraction = 1;
      for (const BankDemand& demand : *streams[s])
        if (const auto found = level.find(demand.bank); found != level.end())
          fraction = std::min(fraction, found->second / demand.bytes_per_cycle);
      if (fraction < least) {
        least = fraction;
        tightest = s;
      }
    }
    if (tightest == streams.size()) return fractions;
    fixed[tightest] = 1;
    fractions[tightest] = least;
    for (const BankDemand& demand : *streams[tightest])
      if (const auto found = left.find(demand.bank); found != left.end())
        found->second = std::max(0.0, found->second - least * demand.bytes_per_cycle);
  }
}

}  // namespace presil
