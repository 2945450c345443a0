#include "estimator/group_terms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "hw/sram_demand.h"
#include "hw/timing.h"
#include "sim/chain.h"
#include "sim/commands.h"
#include "sim/port.h"
#include "sim/run.h"
#include "sim/stage_estimate.h"
#include "sim/tile_candidates.h"
#include "sim/tiles.h"

namespace presil {

namespace {

/// Parts into which weights of one block of outputs are cut at most, to begin with the first
/// (assumption).
constexpr std::int64_t kMostCuts = 4;

/// Of the room, what weights or input take that wait for the other (assumption).
constexpr double kHeldShare = 0.8;

/// Adds one group's stages up.
class Terms {
 public:
  Terms(const Surroundings& around, const FusionGroup& group, int weight_memory)
      : chip_(around.chip),
        around_(around),
        group_(group),
        inner_(group_.is_cascade() || is_chain(group_)),
        issue_(
            static_cast<double>(chip_.control.issue_cycles + chip_.control.issue_latency_cycles)),
        ports_(chip_.memories.size()),
        weight_memory_(weight_memory) {}

  GroupTerms sum() && {
    for (std::size_t i = 0; i < group_.stages.size(); ++i) add(group_.stages[i], i);
    for (const Port& port : ports_) {
      const double both =
          port.duplex ? std::max(port.reads, port.writes) : port.reads + port.writes;
      if (both < t_.port) continue;
      t_.port = both;
      t_.reads = port.reads;
      t_.writes = port.writes;
      t_.turnaround = port.turnaround;
    }
    t_.banks = t_.sram_traffic / (static_cast<double>(chip_.sram.banks * t_.cores_used) *
                                  chip_.sram.bank_bytes_per_cycle);
    t_.smallest = static_cast<double>(smallest_footprint(around_, group_));
    return t_;
  }

 private:
  struct Port {
    double reads = 0, writes = 0, read_bursts = 0, write_bursts = 0, turnaround = 0;
    bool duplex = false;
  };
  /// How often all cores together load something.
  struct Copies {
    double weights = 1, input = 1;
  };

  void add(const Stage& stage, std::size_t number) {
    const bool first = number == 0, last = number + 1 == group_.stages.size();
    if (stage.kind == StageKind::kHost) {
      t_.host += stage.host_operations / (chip_.host.gops * 1e3) * chip_.clock_mhz +
                 chip_.host.per_op_us * chip_.clock_mhz;
      return;
    }
    compute(stage);
    t_.least_tiles = std::max(t_.least_tiles, static_cast<double>(stage.out.batch));
    if (stage.kind == StageKind::kMac && (last || inner_))
      t_.drain += static_cast<double>(chip_.mac_array.output_latency_cycles);
    if (!last && inner_) t_.drain += issue_;
    if (first || !inner_) map_in(stage.input, stage.in, stage, t_.input_port, t_.input_bytes);
    if (stage.weights_are_activations)
      map_in(stage.weights, stage.weight_map, stage, t_.weight_port, t_.weight_bytes);
    else
      weights(stage);
    for (const Operand& operand : stage.operands)
      map_in(operand.tensor, operand.map, stage, t_.operand_port, t_.operand_bytes);
    if (last || !inner_) map_out(stage);
    if (group_.stages.size() == 1 && stage.kind == StageKind::kMac && !stage.channelwise)
      what_comes_again(stage);
  }

  /// Where neither weights nor input fit: the input comes again for each part of the weights that
  /// is held, or the weights for each part of the input; what is less.
  void what_comes_again(const Stage& stage) {
    const double held = kHeldShare * static_cast<double>(around_.room);
    if (held <= 0 || t_.input_port <= 0 || t_.weight_port <= 0 || t_.weight_bytes <= held) return;
    const double inputs = (std::ceil(t_.weight_bytes / held) - 1) * t_.input_port;
    const double weights = (std::ceil(t_.input_bytes / held) - 1) * t_.weight_port;
    const bool input_again = inputs <= weights;
    (input_again ? t_.input_port : t_.weight_port) += std::min(inputs, weights);
    const int memory = input_again ? around_.memory_of(stage.input) : weight_memory_;
    ports_[static_cast<std::size_t>(memory)].reads += std::min(inputs, weights);
  }

  // ---- Engines ----

  void compute(const Stage& stage) {
    if (stage.macs > 0)
      t_.array_ideal += static_cast<double>(stage.macs) / peak_macs_per_cycle(chip_, stage.mode);
    copies_ = {};
    if (stage.kind == StageKind::kRecurrent) return recurrent(stage);
    std::int64_t used = 1;
    double cycles = part_cycles(stage, CoreSplit::kNone, used);
    if (chip_.cores > 1) cycles = share_out(stage, cycles, used);
    t_.cores_used = std::max(t_.cores_used, used);
    (stage.kind == StageKind::kMac ? t_.array : t_.vector) += cycles;
    traffic(stage);
  }

  double part_cycles(const Stage& stage, CoreSplit split, std::int64_t& used) const {
    const std::vector<Part> parts = parts_of(chip_, stage, split);
    used = static_cast<std::int64_t>(parts.size());
    Part part = parts.front();
    if (inner_ && split == CoreSplit::kRows) part.rows = rows_in_chain(stage, used);
    const double whole =
        compute_cycles(around_, stage, whole_stage(stage), part.rows, part.outputs);
    return stage.kind == StageKind::kMac ? std::min(whole, long_stripe_cycles(stage, part)) : whole;
  }

  /// Rows that a core in the middle computes of one stage of a chain: its share of the last one's
  /// and what windows reach beyond.
  Rows rows_in_chain(const Stage& stage, std::int64_t& cores) const {
    const std::int64_t rows = group_.stages.back().out.rows;
    const std::int64_t each = ceil_div(rows, std::min(chip_.cores, rows));
    cores = ceil_div(rows, each);
    const std::int64_t begin = cores / 2 * each;
    const std::vector<Rows> all = chain_rows(group_, {begin, std::min(rows, begin + each)});
    return all[static_cast<std::size_t>(&stage - group_.stages.data())];
  }

  /// In tiles of the longest stripe, where the array would otherwise wait for its weights: the last
  /// stripe of a tile may be longer than the others.
  double long_stripe_cycles(const Stage& stage, const Part& part) const {
    double least = std::numeric_limits<double>::infinity();
    const MacArraySpec& array = chip_.mac_array;
    const PrecisionMode& mode = array.modes[static_cast<std::size_t>(stage.mode)];
    const std::int64_t width = stage.mac == MacOp::kDepthwise
                                   ? std::max<std::int64_t>(1, array.depthwise_channels)
                                   : mode.parallelism_factor;
    const double load =
        mode.weight_load_cycles_per_output *
        static_cast<double>(std::min({width, part.outputs.count(), stage.group_outputs()}));
    if (load * static_cast<double>(array.pixels) <= static_cast<double>(array.stripe_length))
      return least;
    StageMapping m = whole_stage(stage);
    for (std::int64_t columns = array.stripe_last_max; columns >= 4; columns /= 2) {
      m.columns = std::min(columns, stage.out.columns);
      m.rows = std::clamp<std::int64_t>(array.stripe_last_max / m.columns, 1, part.rows.count());
      least = std::min(least, compute_cycles(around_, stage, m, part.rows, part.outputs));
    }
    return least;
  }

  /// Over the cores, by rows or by output channels, or not. Gives the computation of one.
  double share_out(const Stage& stage, double alone, std::int64_t& used) {
    const double weights =
        around_.weights_stay ? 0 : static_cast<double>(weight_total_of(stage)) * stage.stored_ratio;
    const bool reads = !around_.is_resident(stage.input);
    const auto input = static_cast<double>(reads ? stage.in.bytes() : 0);
    double least = std::numeric_limits<double>::infinity(), cycles = alone;
    for (const CoreSplit split : {CoreSplit::kNone, CoreSplit::kRows, CoreSplit::kOutputs}) {
      if (split != CoreSplit::kRows && inner_) continue;  // chains are cut by rows
      std::int64_t parts = 1;
      const double compute = split == CoreSplit::kNone ? alone : part_cycles(stage, split, parts);
      if (split != CoreSplit::kNone && parts == 1) continue;
      const auto times = static_cast<double>(parts);
      const bool all_inputs =
          split == CoreSplit::kRows ? stage.reach == Reach::kWhole : !stage.channelwise;
      const Copies copies{.weights = split == CoreSplit::kRows ? times : 1,
                          .input = all_inputs                  ? times
                                   : split == CoreSplit::kRows ? halo(stage, parts)
                                                               : 1};
      double port = weights * copies.weights / rate_of(weight_memory_, times);
      if (reads) port += input * copies.input / rate_of(around_.memory_of(stage.input), times);
      const double cost = std::max(compute, port);
      if (cost >= least) continue;
      least = cost;
      cycles = compute;
      used = parts;
      copies_ = copies;
    }
    return cycles;
  }

  /// Rows that so many cores read together, over those that there are.
  static double halo(const Stage& stage, std::int64_t parts) {
    const std::int64_t each = ceil_div(stage.out.rows, parts), begin = parts / 2 * each;
    const Rows middle = input_rows(stage, {begin, std::min(stage.out.rows, begin + each)});
    return std::max(1.0, static_cast<double>(parts * middle.count()) /
                             static_cast<double>(std::max<std::int64_t>(1, stage.in.rows)));
  }

  /// Bytes a cycle that so many cores' channels get from a memory.
  double rate_of(int memory, double cores) const {
    const MemorySpec& spec = chip_.memories[static_cast<std::size_t>(memory)];
    const auto burst = static_cast<double>(chip_.dma.burst_bytes);
    const double window = static_cast<double>(chip_.dma.outstanding) * burst /
                          (spec.latency_cycles + burst / spec.bytes_per_cycle);
    return std::min(spec.bytes_per_cycle, cores * window);
  }

  /// The command that would compute a whole stage.
  void traffic(const Stage& stage) {
    ComputeTile tile{
        .stage = &stage, .outputs = {0, stage.out.channels}, .channels = {0, stage.reduction}};
    tile.positions = stage.out.rows * stage.out.columns;
    const auto images = static_cast<double>(stage.out.batch);
    if (stage.kind == StageKind::kMac) {
      Matrix matrix = matrix_of(chip_, tile);
      // It has them all.
      matrix.input.run_bytes = matrix.weights.run_bytes = matrix.output.run_bytes = 1;
      t_.sram_traffic += images * matrix_sram_bytes(chip_, matrix).total();
      t_.output_stage += images * static_cast<double>(matrix_timing(chip_, matrix).output.value) /
                         static_cast<double>(t_.cores_used);
      t_.vector_work +=
          images * static_cast<double>(tile.positions * stage.out.channels) * stage.epilogue;
    } else {
      const double elements =
          images *
          static_cast<double>(stage.work_on_input
                                  ? stage.in.rows * stage.in.columns * stage.in.channels
                                  : tile.positions * stage.out.channels * stage.work_multiple);
      t_.vector_work +=
          elements * stage.vector_cost +
          images * static_cast<double>(tile.positions * stage.out.channels) * stage.epilogue;
      t_.sram_traffic += static_cast<double>(stage.in.bytes() + stage.out.bytes());
      for (const Operand& operand : stage.operands)
        t_.sram_traffic += static_cast<double>(operand.map.bytes());
    }
  }

  /// The input product over all steps, then for each step the recurrent product and its gates.
  void recurrent(const Stage& stage) {
    const std::int64_t outputs = stage.gates * stage.hidden;
    const auto product = [&](std::int64_t positions, std::int64_t channels) {
      return static_cast<double>(matrix_timing(chip_, {.mode = stage.mode,
                                                       .outputs = outputs,
                                                       .positions = positions,
                                                       .channels = channels,
                                                       .drained_per_position = outputs,
                                                       .output_bits = 16})
                                     .compute.value);
    };
    const double gates =
        static_cast<double>(vector_timing(chip_, {.elements = stage.hidden,
                                                  .element_bits = 16,
                                                  .cycles_per_element = stage.gate_cost})
                                .value);
    const auto runs = static_cast<double>(stage.directions),
               steps = static_cast<double>(stage.steps);
    t_.array += runs * (product(stage.steps, stage.reduction) + steps * product(1, stage.hidden));
    // A step waits for the one before: array, output stage and vector unit take turns.
    const auto turn =
        static_cast<double>(2 * (chip_.control.issue_cycles + chip_.control.issue_latency_cycles) +
                            chip_.mac_array.output_latency_cycles);
    t_.vector += runs * steps * (gates + turn);
    t_.vector_work += runs * steps * static_cast<double>(stage.hidden) * stage.gate_cost;
    t_.sram_traffic +=
        runs * steps * static_cast<double>(stage.weight_bytes(outputs, stage.hidden));
    t_.commands += 2 * runs * steps;
  }

  // ---- Ports ----

  double transfer(int memory, PortLoad load, double copies) {
    const MemorySpec& spec = chip_.memories[static_cast<std::size_t>(memory)];
    Port& port = ports_[static_cast<std::size_t>(memory)];
    port.duplex = spec.duplex;
    load.bytes *= copies;
    // One core's channel may wait for its window of requests; the bus serves all cores.
    const double bus = bus_cycles(spec, load, static_cast<double>(chip_.dma.burst_bytes));
    const double cycles =
        std::max(bus, port_cycles(chip_, spec, load) /
                          static_cast<double>(std::max<std::int64_t>(1, t_.cores_used)));
    const double bursts = load.bursts(chip_);
    const auto energy = chip_.energy.memory_byte.find(spec.name);
    if (energy != chip_.energy.memory_byte.end()) t_.memory_energy += load.bytes * energy->second;
    (load.write ? port.writes : port.reads) += cycles;
    (load.write ? port.write_bursts : port.read_bursts) += bursts;
    port.turnaround = turnaround_cycles(spec, std::min(port.read_bursts, port.write_bursts));
    t_.bursts += bursts;
    t_.commands += std::ceil(bursts / static_cast<double>(kTransferBursts));
    t_.memory_bytes += load.bytes;
    t_.sram_traffic += load.bytes;
    const double issue = issue_ + static_cast<double>(chip_.dma.setup_cycles);
    double& latency = load.write ? t_.write_latency : t_.read_latency;
    // A controller opens rows while requests wait out their latency (hw/memory_port.cc).
    const double row = std::max(0.0, spec.row_miss_cycles - spec.latency_cycles);
    latency = std::max(
        latency, issue + row + (load.write ? spec.write_latency_cycles : spec.latency_cycles));
    return cycles;
  }

  PortLoad load_of(const FeatureMap& map, bool write) const {
    return {static_cast<double>(map.bytes()),
            static_cast<double>(
                contiguous_bytes(chip_, map, map.rows, map.columns, map.channels, write)),
            write, beat_cycles(chip_, map, map.channels, write)};
  }

  void map_in(TensorId tensor, const FeatureMap& map, const Stage& stage, double& port,
              double& bytes) {
    bytes += static_cast<double>(map.bytes());
    if (around_.is_resident(tensor)) return;
    t_.map_memory = around_.memory_of(tensor);
    PortLoad load = load_of(map, false);
    if (tensor == stage.input) load.bytes *= rows_read(stage, load);
    t_.maps_crossing += load.bytes;
    const double cycles = transfer(t_.map_memory, load, tensor == stage.input ? copies_.input : 1);
    port += cycles;
    const auto rows = static_cast<double>(map.batch * map.rows);
    const double needed = tensor != stage.input || stage.sums_rows ? 1
                          : stage.reach == Reach::kWhole
                              ? rows
                              : static_cast<double>(input_rows(stage, {0, 1}).count());
    t_.first_row_port =
        std::max(t_.first_row_port, cycles * tile_share(stage, std::min(1.0, needed / rows)));
  }

  /// Share of the input's rows that a window touches which strides over some: read row by row, if
  /// that saves more than the way of so many small tiles, two of them at once, costs.
  double rows_read(const Stage& stage, const PortLoad& load) const {
    if (stage.reach != Reach::kWindow) return 1;
    const double share = std::min(1.0, static_cast<double>(stage.window.kernel_h * stage.out.rows) /
                                           static_cast<double>(stage.in.rows));
    const MemorySpec& memory = chip_.memories[static_cast<std::size_t>(t_.map_memory)];
    const double saved = (1 - share) * port_cycles(chip_, memory, load);
    const double ways =
        static_cast<double>(stage.out.batch * stage.out.rows) * memory.latency_cycles / 2;
    return saved > ways ? share : 1;
  }

  /// The share of a map that its first or last tile has at most, if it has many positions.
  static double tile_share(const Stage& stage, double of_rows) {
    return stage.out.rows * stage.out.columns >= 16 ? std::min(of_rows, 0.25) : of_rows;
  }

  void weights(const Stage& stage) {
    const auto total = static_cast<double>(weight_total_of(stage));
    if (total == 0) return;
    t_.weight_bytes += total;
    if (around_.weights_stay) return;
    // Recurrent weights that do not stay for all steps come again in each.
    const double again =
        stage.kind == StageKind::kRecurrent && total > static_cast<double>(around_.room)
            ? static_cast<double>((stage.steps - 1) * stage.hidden) /
                  static_cast<double>(stage.reduction + stage.hidden)
            : 0;
    const double stored = total * stage.stored_ratio * (1 + again);
    const double cycles = transfer(
        weight_memory_, {stored, stored, false, chip_.dma.weight_beat_cycles}, copies_.weights);
    t_.weight_port += cycles;
    if (stage.kind != StageKind::kMac) {
      t_.weight_chunk = cycles;  // a step needs all of them
      return;
    }
    const PrecisionMode& mode = chip_.mac_array.modes[static_cast<std::size_t>(stage.mode)];
    const std::int64_t block = std::min(stage.out.channels, mode.parallelism_factor);
    // Sums may be cut, too, into blocks of dot_length.
    const std::int64_t cuts =
        stage.cuts_sum() ? std::min(kMostCuts, ceil_div(stage.reduction, mode.dot_length)) : 1;
    t_.weight_chunk = std::max(t_.weight_chunk, cycles * static_cast<double>(block) /
                                                    static_cast<double>(stage.out.channels * cuts));
  }

  void map_out(const Stage& stage) {
    t_.output_bytes += static_cast<double>(stage.out.bytes());
    if (around_.is_resident(stage.output)) return;
    t_.map_memory = around_.memory_of(stage.output);
    const double cycles = transfer(t_.map_memory, load_of(stage.out, true), 1);
    t_.output_port += cycles;
    t_.maps_crossing += static_cast<double>(stage.out.bytes());
    t_.last_row_port =
        cycles * tile_share(stage, 1.0 / static_cast<double>(stage.out.batch * stage.out.rows));
  }

  const ChipSpec& chip_;
  const Surroundings& around_;
  const FusionGroup& group_;
  const bool inner_;
  const double issue_;  ///< of one command
  std::vector<Port> ports_;
  int weight_memory_;
  Copies copies_;
  GroupTerms t_;
};

}  // namespace

GroupTerms terms_of(const Surroundings& around, const FusionGroup& group, int weight_memory) {
  return Terms(around, group, weight_memory).sum();
}

}  // namespace presil
