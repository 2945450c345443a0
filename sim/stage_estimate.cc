#include "sim/stage_estimate.h"

#include <algorithm>

#include "hw/timing.h"
#include "sim/commands.h"
#include "sim/port.h"

namespace presil {

namespace {

/// A run cut into equal tiles and a rest.
struct Cut {
  Cut(std::int64_t extent, std::int64_t length)
      : size(length), full(extent / length), rest(extent % length) {}
  std::int64_t size, full, rest;
  std::int64_t count() const { return full + (rest > 0 ? 1 : 0); }
  template <typename F>
  void each(F&& f) const {
    if (full > 0) f(size, full);
    if (rest > 0) f(rest, 1);
  }
};

double tile_cycles(const Surroundings& around, const Stage& stage, std::int64_t positions,
                   std::int64_t outputs, std::int64_t channels, bool last) {
  ComputeTile tile{.stage = &stage, .outputs = {0, outputs}, .channels = {0, channels}};
  tile.positions = positions;
  tile.last_of_sum = last;
  if (stage.kind == StageKind::kMac) {
    const MatrixTiming timing = matrix_timing(around.chip, matrix_of(around.chip, tile));
    return static_cast<double>(std::max(timing.compute, timing.output).value);
  }
  tile.output.map = &stage.out;
  tile.output.content = {{0, positions}, {0, 1}, {0, outputs}};
  tile.input.map = &stage.in;
  const double share =
      static_cast<double>(positions) / static_cast<double>(stage.out.rows * stage.out.columns);
  tile.input.content = {
      {0, std::max<std::int64_t>(
              1, static_cast<std::int64_t>(share *
                                           static_cast<double>(stage.in.rows * stage.in.columns)))},
      {0, 1},
      {0, stage.channelwise ? outputs : stage.in.channels}};
  if (stage.sums_rows) tile.input.content = {{0, channels}, {0, stage.in.columns}, {0, outputs}};
  return static_cast<double>(vector_timing(around.chip, vector_of(tile)).value);
}

/// Part of the sequencer's time that is not hidden behind the engines. A choice, so that of equally
/// fast tilings the coarser one is looked at first.
constexpr double kIssueShare = 0.5;

/// Share of the stores' bursts that take turns with loads'. A choice; the clock knows better.
constexpr double kOverlap = 0.3;

/// What crosses one memory's port, and what of it comes first and last.
struct PortSum {
  double reads = 0, writes = 0;  ///< cycles
  double first = 0;              ///< cycles of the first tile of each map and of the weights
  double read_bursts = 0, write_bursts = 0;
};

/// Adds up the transfers of one stage's part under a mapping.
class Estimate {
 public:
  Estimate(const Surroundings& around, const Stage& stage, const StageMapping& m, CoreSplit split)
      : around_(around),
        stage_(stage),
        m_(m),
        parts_(parts_of(around.chip, stage, split)),
        part_(parts_.front()),
        ports_(around.chip.memories.size()),
        once_(around.chip.memories.size(), 0) {
    positions_ = ceil_div(part_.rows.count(), m.rows) * ceil_div(stage.out.columns, m.columns) *
                 stage.out.batch;
    outputs_ = ceil_div(part_.outputs.count(), m.outputs);
    cut_channels_ = stage.cuts_sum();
    sums_ = cut_channels_ ? ceil_div(stage.reduction, m.channels) : 1;
  }

  double compute() const { return compute_cycles(around_, stage_, m_, part_.rows, part_.outputs); }

  StageEstimate result(double compute) {
    if (!around_.is_resident(stage_.input)) input();
    if (stage_.kind == StageKind::kMac) weights();
    for (const Operand& operand : stage_.operands)
      if (!around_.is_resident(operand.tensor)) this->operand(operand);
    if (!around_.is_resident(stage_.output)) output();
    const auto tiles = static_cast<double>(positions_ * outputs_ * sums_);
    const double issue = tiles * 2 * static_cast<double>(around_.chip.control.issue_cycles);
    // Engines wait for the first tiles and the last one's store; a port for the last computation,
    // or, when it brings weights only, which may come early, is ready for as little as the first.
    double worst = std::max(compute, issue) + head() + tail_;
    const bool maps_stay = around_.is_resident(stage_.input) && around_.is_resident(stage_.output);
    const double end = maps_stay ? head() : compute / tiles * last_share_;
    for (std::size_t i = 0; i < ports_.size(); ++i) worst = std::max(worst, port(i) + end);
    worst = std::max(worst, round_trips(compute));
    double least = std::max(compute, issue / 2);
    for (std::size_t i = 0; i < ports_.size(); ++i)
      least = std::max(least, once_[i] / around_.chip.memories[i].bytes_per_cycle);
    return {worst + kIssueShare * issue, least};
  }

 private:
  /// The first tiles of one port come one after another.
  double head() const {
    double longest = 0;
    for (const PortSum& port : ports_) longest = std::max(longest, port.first);
    return longest;
  }

  /// A tile's slot is free for the next but one (or so many as there are) when its load, its
  /// computation and, of an output, its store are through.
  double round_trips(double compute) const {
    double longest = 0;
    if (loads_ > m_.input_slots && m_.input_slots != kHeld)
      longest =
          (compute + loads_ * (load_cycles_ + latencies(stage_.input, false))) / m_.input_slots;
    const auto stores = static_cast<double>(positions_ * outputs_);
    if (store_cycles_ > 0 && stores > m_.output_slots)
      longest =
          std::max(longest, (compute + store_cycles_ + stores * latencies(stage_.output, true)) /
                                m_.output_slots);
    return longest;
  }

  /// Between a transfer and a computation of one tile, besides the two.
  double latencies(TensorId tensor, bool write) const {
    const ChipSpec& chip = around_.chip;
    const MemorySpec& memory = chip.memories[static_cast<std::size_t>(around_.memory_of(tensor))];
    return static_cast<double>(2 * (chip.control.issue_cycles + chip.control.issue_latency_cycles) +
                               chip.dma.setup_cycles + chip.mac_array.output_latency_cycles) +
           (write ? memory.write_latency_cycles : memory.latency_cycles);
  }

  double port(std::size_t i) const {
    const PortSum& p = ports_[i];
    const MemorySpec& memory = around_.chip.memories[i];
    if (memory.duplex) return std::max(p.reads, p.writes);
    const double together = around_.chip.dma.channels == 1 ? 0 : kOverlap;
    return p.reads + p.writes +
           together * turnaround_cycles(memory, std::min(p.read_bursts, p.write_bursts));
  }

  /// Gives the cycles of one.
  double add(int memory, const PortLoad& once, double times) {
    PortSum& port = ports_[static_cast<std::size_t>(memory)];
    const double cycles = port_share(memory, once);
    (once.write ? port.writes : port.reads) += cycles * times;
    (once.write ? port.write_bursts : port.read_bursts) += once.bursts(around_.chip) * times;
    if (!once.write) port.first += cycles;
    return cycles;
  }

  /// Cycles of a transfer that all cores make at once.
  double port_share(int memory, const PortLoad& load) const {
    return static_cast<double>(parts_.size()) *
           port_cycles(around_.chip, around_.chip.memories[static_cast<std::size_t>(memory)], load);
  }

  /// A duplex port moves reads and writes at once: half of each is certain.
  void count_once(int memory, double bytes) {
    const auto i = static_cast<std::size_t>(memory);
    once_[i] += around_.chip.memories[i].duplex ? bytes / 2 : bytes;
  }

  PortLoad load_of(const FeatureMap& map, std::int64_t rows, std::int64_t columns,
                   std::int64_t channels, bool write) const {
    return {
        static_cast<double>(tile_bytes(map, rows, columns, channels)),
        static_cast<double>(contiguous_bytes(around_.chip, map, rows, columns, channels, write)),
        write, beat_cycles(around_.chip, map, channels, write)};
  }

  void input() {
    const std::int64_t middle = part_.rows.begin + (part_.rows.count() - 1) / 2;
    const Rows some{middle, std::min(part_.rows.end, middle + m_.rows)};
    const Rows first{part_.rows.begin, std::min(part_.rows.end, part_.rows.begin + m_.rows)};
    const std::int64_t rows = stage_.sums_rows ? m_.channels
                                               : std::max(input_rows(stage_, first).count(),
                                                          input_rows(stage_, some).count());
    const std::int64_t channels =
        input_channels(stage_, {part_.outputs.begin, part_.outputs.begin + m_.outputs},
                       {0, cut_channels_ ? m_.channels : 1})
            .count();
    const int memory = around_.memory_of(stage_.input);
    // A window that strides over rows or columns need not read them all.
    if (stage_.window.stride_h == 1 && stage_.window.stride_w == 1)
      count_once(memory, static_cast<double>(stage_.in.bytes()));
    const PortLoad tile =
        load_of(stage_.in, rows, input_columns(stage_, {0, m_.columns}).count(), channels, false);
    if (m_.input_slots == kHeld) {
      // Row by row as the tiles advance, and of other channels when they are first met.
      const double share =
          static_cast<double>(input_rows(stage_, part_.rows).count()) / static_cast<double>(rows);
      const double runs = static_cast<double>(stage_.in.channels) /
                          static_cast<double>(std::max<std::int64_t>(1, channels));
      add(memory, load_of(stage_.in, rows, stage_.in.columns, channels, false),
          std::max(1.0, share) * runs * static_cast<double>(stage_.in.batch));
      return;
    }
    std::int64_t loads;
    if (stage_.channelwise || stage_.groups > 1)
      loads = positions_ * outputs_ * sums_;
    else if (positions_ * sums_ <= m_.input_slots)
      loads = positions_ * sums_;
    else if (m_.order == LoopOrder::kPositionsOuter)
      loads = positions_ * sums_ * (sums_ <= m_.input_slots ? 1 : outputs_);
    else
      loads = outputs_ * positions_ * sums_;
    loads_ = static_cast<double>(loads);
    load_cycles_ = add(memory, tile, loads_);
  }

  void weights() {
    if (around_.weights_stay && !stage_.weights_are_activations) return;
    if (stage_.weights_are_activations && around_.is_resident(stage_.weights)) return;
    const double ratio = stage_.weights_are_activations ? 1 : stage_.stored_ratio;
    const std::int64_t images = stage_.weight_copies();
    const int memory = stage_.weights_are_activations
                           ? around_.memory_of(stage_.weights)
                           : around_.chip.memory_index(around_.chip.placement.weights);
    count_once(memory, ratio * static_cast<double>(images * stage_.weight_bytes(stage_.out.channels,
                                                                                stage_.reduction)));
    const double tile = static_cast<double>(stage_.weight_bytes(m_.outputs, m_.channels)) * ratio;
    const double once =
        static_cast<double>(stage_.weight_bytes(part_.outputs.count(), stage_.reduction) * images) *
        ratio;
    // With outputs outside, the slots only have to hold one run of outputs' whole reduction.
    const std::int64_t needed = m_.order == LoopOrder::kPositionsOuter ? outputs_ * sums_ : sums_;
    const bool reloaded = m_.weight_slots != kHeld && needed > m_.weight_slots;
    const double times = reloaded ? static_cast<double>(positions_ / images) : 1;
    add(memory, {tile, tile, false, around_.chip.dma.weight_beat_cycles},
        once / tile * std::max(1.0, times));
  }

  void operand(const Operand& operand) {
    const FeatureMap& map = operand.map;
    const bool broadcast = is_broadcast(stage_, operand);
    const PortLoad tile = broadcast ? load_of(map, map.rows, map.columns, map.channels, false)
                                    : load_of(map, m_.rows, m_.columns, m_.outputs, false);
    count_once(around_.memory_of(operand.tensor), static_cast<double>(map.bytes()));
    add(around_.memory_of(operand.tensor), tile,
        static_cast<double>(map.bytes()) / tile.bytes / static_cast<double>(parts_.size()));
  }

  void output() {
    const PortLoad tile = load_of(stage_.out, m_.rows, m_.columns, m_.outputs, true);
    const std::int64_t rows = part_.rows.count(), columns = stage_.out.columns,
                       outputs = part_.outputs.count();
    const auto all =
        static_cast<double>(tile_bytes(stage_.out, rows, columns, outputs) * stage_.out.batch);
    const int memory = around_.memory_of(stage_.output);
    count_once(memory, static_cast<double>(stage_.out.bytes()));
    store_cycles_ = all / tile.bytes * add(memory, tile, all / tile.bytes);
    // The last tile is what the cuts leave.
    const std::int64_t last_rows = last_of(rows, m_.rows),
                       last_columns = last_of(columns, m_.columns),
                       last_outputs = last_of(outputs, m_.outputs);
    tail_ = port_share(memory, load_of(stage_.out, last_rows, last_columns, last_outputs, true));
    last_share_ = static_cast<double>(last_rows * last_columns * last_outputs) /
                  static_cast<double>(rows * columns * outputs * stage_.out.batch) *
                  static_cast<double>(positions_ * outputs_);
  }

  static std::int64_t last_of(std::int64_t extent, std::int64_t size) {
    return (extent - 1) % size + 1;
  }

  const Surroundings& around_;
  const Stage& stage_;
  const StageMapping& m_;
  std::vector<Part> parts_;
  Part part_;
  std::vector<PortSum> ports_;
  std::vector<double> once_;  ///< bytes of all that crosses each port, counted once
  std::int64_t positions_ = 0, outputs_ = 0, sums_ = 1;
  bool cut_channels_ = false;
  double loads_ = 0, load_cycles_ = 0;  ///< of the input: tiles, cycles of one
  double store_cycles_ = 0;             ///< of the whole output
  double tail_ = 0;                     ///< the last store
  double last_share_ = 1;               ///< the last tile's size, of the mean
};

}  // namespace

double compute_cycles(const Surroundings& around, const Stage& stage, const StageMapping& m,
                      const Rows& part_rows, const Rows& part_outputs) {
  const Cut rows(part_rows.count(), m.rows), columns(stage.out.columns, m.columns),
      outputs(part_outputs.count(), m.outputs);
  const bool cut_channels = stage.cuts_sum();
  const Cut channels(cut_channels ? stage.reduction : 1, cut_channels ? m.channels : 1);
  double total = 0;
  rows.each([&](std::int64_t r, std::int64_t nr) {
    columns.each([&](std::int64_t w, std::int64_t nw) {
      outputs.each([&](std::int64_t k, std::int64_t nk) {
        channels.each([&](std::int64_t c, std::int64_t nc) {
          total += static_cast<double>(nr * nw * nk * nc) *
                   tile_cycles(around, stage, r * w, k, cut_channels ? c : stage.reduction,
                               channels.count() == 1);
        });
      });
    });
  });
  return total * static_cast<double>(stage.out.batch);
}

StageEstimate estimate_stage(const Surroundings& around, const Stage& stage,
                             const StageMapping& mapping, CoreSplit split, ComputeMemo* memo) {
  Estimate estimate(around, stage, mapping, split);
  if (memo == nullptr) return estimate.result(estimate.compute());
  const std::array<std::int64_t, 4> tile{mapping.rows, mapping.columns, mapping.outputs,
                                         mapping.channels};
  if (memo->tile != tile) *memo = {tile, estimate.compute()};
  return estimate.result(memo->cycles);
}

}  // namespace presil
