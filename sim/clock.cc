#include "sim/clock.h"

#include <algorithm>

#include "hw/timing.h"
#include "sim/commands.h"

namespace presil {

namespace {

PortLoad load_of(const ChipSpec& chip, const Tile& tile, bool write) {
  const Frame& c = tile.content;
  return {static_cast<double>(tile.bytes()),
          static_cast<double>(
              contiguous_bytes(*tile.map, c.rows.count(), c.columns.count(), c.channels.count())),
          write, beat_cycles(chip, *tile.map, c.channels.count(), write)};
}

}  // namespace

Clock::Clock(const Surroundings& around, const std::vector<Buffer>& buffers, std::int64_t sharing)
    : around_(around) {
  for (const Buffer& buffer : buffers) slots_.emplace_back(static_cast<std::size_t>(buffer.slots));
  const ChipSpec& chip = around.chip;
  for (const MemorySpec& memory : chip.memories) ports_.push_back({&memory});
  sharing_ = static_cast<double>(sharing);
  start_ = static_cast<double>(chip.control.issue_cycles + chip.control.issue_latency_cycles);
  weight_stream_ = chip.dma.channels >= 3 ? 1 : 0;
  store_stream_ = chip.dma.channels == 1 ? 0 : chip.dma.channels == 2 ? 1 : 2;
}

Clock::Slot& Clock::slot(int buffer, int index) {
  return slots_[static_cast<std::size_t>(buffer)][static_cast<std::size_t>(index)];
}

void Clock::run_store(const Pending& store, const Competitor* load) {
  Port& port = ports_[static_cast<std::size_t>(store.memory)];
  double& free = port.free[port.memory->duplex ? 1 : 0];
  double& stream = stream_free_[store_stream_];
  const double begin = std::max(
      {free, stream, store.ready + start_ + static_cast<double>(around_.chip.dma.setup_cycles)});
  double cycles = sharing_ * port_cycles(around_.chip, *port.memory, store.load);
  // A load that wants the port at the same time takes turns with it, burst by burst.
  if (load != nullptr && load->ready < begin + cycles && store_stream_ != 0)
    cycles +=
        turnaround_cycles(*port.memory, std::min(load->bursts, store.load.bursts(around_.chip)));
  const double end = begin + cycles;
  free = stream = end;
  const double done = end + port.memory->write_latency_cycles;
  if (store.slot != nullptr) store.slot->stored = done;
  last_ = std::max(last_, done);
}

/// Stores whose results are there by `until` go before a load that comes later.
void Clock::run_stores(double until, const Competitor& load) {
  while (next_pending_ < pending_.size() && pending_[next_pending_].ready <= until)
    run_store(pending_[next_pending_++], &load);
}

void Clock::transfer_in(int memory, const PortLoad& load, bool weights, double free, Slot& target) {
  commands_ +=
      1 + static_cast<std::int64_t>(load.bytes) / (kTransferBursts * around_.chip.dma.burst_bytes);
  bytes_ += load.bytes;
  Port& port = ports_[static_cast<std::size_t>(memory)];
  double& stream = stream_free_[weights ? weight_stream_ : 0];
  const double ready = free + start_ + static_cast<double>(around_.chip.dma.setup_cycles);
  run_stores(std::max(ready, port.free[0]), {ready, load.bursts(around_.chip)});
  const double begin = std::max({ready, port.free[0], stream});
  const double end = begin + sharing_ * port_cycles(around_.chip, *port.memory, load);
  port.free[0] = stream = end;
  target.ready = std::max(target.ready, end + port.memory->latency_cycles);
  last_ = std::max(last_, target.ready);
}

void Clock::load(const Tile& tile) {
  Slot& target = slot(tile.buffer, tile.slot);
  // Further rows of a held input go where nobody has read yet.
  const bool held = tile.frame.rows.count() > tile.content.rows.count();
  transfer_in(around_.memory_of(tile.tensor), load_of(around_.chip, tile, false), false,
              held ? 0 : target.free, target);
}

void Clock::load_weights(const WeightTile& tile) {
  if (around_.weights_stay) return;
  const ChipSpec& chip = around_.chip;
  const double bytes = static_cast<double>(tile.bytes) * chip.weight_compression;
  transfer_in(chip.memory_index(chip.placement.weights),
              {bytes, bytes, false, chip.dma.weight_beat_cycles}, true,
              slot(tile.buffer, tile.slot).free, slot(tile.buffer, tile.slot));
}

const Clock::Priced& Clock::price(const ComputeTile& tile) {
  const std::array<std::int64_t, 6> key{reinterpret_cast<std::int64_t>(tile.stage),
                                        tile.outputs.count(),
                                        tile.positions,
                                        tile.channels.count(),
                                        tile.last_of_sum,
                                        tile.step};
  const auto found = prices_.find(key);
  if (found != prices_.end()) return found->second;
  const Matrix matrix = matrix_of(around_.chip, tile);
  const MatrixTiming timing = matrix_timing(around_.chip, matrix);
  const PrecisionMode& mode = around_.chip.mac_array.modes[static_cast<std::size_t>(matrix.mode)];
  const double waiting = static_cast<double>(accumulator_positions(around_.chip, matrix.mode) *
                                             mode.parallelism_factor) *
                         output_cycles_per_element(around_.chip, matrix);
  const auto cycles = [](Cycles c) { return static_cast<double>(c.value); };
  return prices_
      .emplace(key, Priced{cycles(timing.compute), cycles(timing.first_stripe),
                           cycles(timing.output), cycles(timing.last_drain), waiting})
      .first->second;
}

void Clock::matrix(const ComputeTile& tile, double ready, Slot* out) {
  const Priced& p = price(tile);
  const double begin = std::max(mac_free_, ready + start_);
  double end = begin + p.compute, done = end;
  if (tile.last_of_sum || tile.stage->kind == StageKind::kRecurrent) {
    output_free_ = std::max(std::max(output_free_, begin + p.first) + p.output, end + p.last_drain);
    end = std::max(end, output_free_ - p.lead);
    done = output_free_ + static_cast<double>(around_.chip.mac_array.output_latency_cycles);
  }
  mac_free_ = end;
  if (out != nullptr)
    out->ready = done;
  else
    resident_ready_ = done;
  last_ = std::max(last_, done);
}

void Clock::compute(const ComputeTile& tile) {
  ++commands_;
  double ready = 0;
  const auto wait_for = [&](int buffer, int index) {
    if (buffer >= 0) ready = std::max(ready, slot(buffer, index).ready);
  };
  wait_for(tile.input.buffer, tile.input.slot);
  wait_for(tile.weights.buffer, tile.weights.slot);
  if (tile.weight_map.map != nullptr) wait_for(tile.weight_map.buffer, tile.weight_map.slot);
  wait_for(tile.constants, 0);
  for (const Tile& operand : tile.operands) wait_for(operand.buffer, operand.slot);
  Slot* out = tile.output.buffer >= 0 ? &slot(tile.output.buffer, tile.output.slot) : nullptr;
  if (out != nullptr) {
    // A buffer whose store has not run yet: run the stores up to it.
    while (next_pending_ < pending_.size() && out->stored < 0)
      run_store(pending_[next_pending_++], nullptr);
    ready = std::max(ready, std::max(out->stored, out->free));
  }
  double end;
  if (is_matrix(tile)) {
    matrix(tile, ready, out);
    end = mac_free_;
  } else {
    const double passes = 1 + std::max(0.0, static_cast<double>(tile.operands.size()) - 1);
    const double begin = std::max(vector_free_, ready + start_);
    end = begin + passes * static_cast<double>(vector_timing(around_.chip, vector_of(tile)).value);
    vector_free_ = end;
    if (out != nullptr) out->ready = end;
    last_ = std::max(last_, end);
  }
  const auto release = [&](int buffer, int index) {
    if (buffer >= 0) slot(buffer, index).free = std::max(slot(buffer, index).free, end);
  };
  release(tile.input.buffer, tile.input.slot);
  release(tile.weights.buffer, tile.weights.slot);
  if (tile.weight_map.map != nullptr) release(tile.weight_map.buffer, tile.weight_map.slot);
  for (const Tile& operand : tile.operands) release(operand.buffer, operand.slot);
}

void Clock::store(const Tile& tile) {
  ++commands_;
  const PortLoad load = load_of(around_.chip, tile, true);
  bytes_ += load.bytes;
  Slot& from = slot(tile.buffer, tile.slot);
  from.stored = -1;  // pending
  pending_.push_back({from.ready, around_.memory_of(tile.tensor), load, &from});
}

void Clock::host(const Stage& stage) {
  const HostSpec& host = around_.chip.host;
  const double us = host.per_op_us + stage.host_operations / host.gops * 1e-3;
  last_ += us * around_.chip.clock_mhz;
}

double Clock::finish() {
  while (next_pending_ < pending_.size()) run_store(pending_[next_pending_++], nullptr);
  // The sequencer hands out one command after another.
  return std::max(last_, static_cast<double>(commands_ * around_.chip.control.issue_cycles));
}

namespace {

/// Stops a walk that gets too long, without unwinding it: later calls do nothing.
struct LimitedClock {
  Clock& clock;
  std::int64_t limit;
  bool over() const { return clock.commands() > limit; }
  void load(const Tile& tile) {
    if (!over()) clock.load(tile);
  }
  void load_weights(const WeightTile& tile) {
    if (!over()) clock.load_weights(tile);
  }
  void compute(const ComputeTile& tile) {
    if (!over()) clock.compute(tile);
  }
  void store(const Tile& tile) {
    if (!over()) clock.store(tile);
  }
  void host(const Stage& stage) { clock.host(stage); }
};

}  // namespace

std::optional<Price> price_of(const Surroundings& around, const FusionGroup& group,
                              const Mapping& mapping, std::int64_t limit) {
  const std::vector<Buffer> buffers = buffers_of(around, group, mapping);
  const std::int64_t sharing =
      mapping.split == CoreSplit::kNone
          ? 1
          : static_cast<std::int64_t>(
                parts_of(around.chip, group.stages.back(), mapping.split).size());
  Clock clock(around, buffers, sharing);
  LimitedClock limited{clock, limit};
  Walker<LimitedClock>(around, group, mapping, buffers, limited).walk(0);
  if (limited.over()) return {};
  return Price{clock.finish(), clock.bytes() * static_cast<double>(sharing), clock.commands()};
}

}  // namespace presil
