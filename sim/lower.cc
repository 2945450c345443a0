#include "sim/lower.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <variant>

#include "core/error.h"
#include "hw/hazards.h"
#include "sim/addresses.h"
#include "sim/commands.h"
#include "sim/transfers.h"

namespace presil {

namespace {

class Lowering {
 public:
  Lowering(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
           const MemoryPlan& plan, const PrecisionPlan& precision)
      : chip_(chip),
        graph_(graph),
        network_(network),
        plan_(plan),
        at_(chip, graph, network, plan, precision) {
    transfers_.resize(network.storages.size());
    host_touched_.resize(network.storages.size());
    for (const FusionGroup& group : network.groups)
      for (const Stage& stage : group.stages) uses_host_ |= stage.kind == StageKind::kHost;
    cut_sum_.assign(static_cast<std::size_t>(chip.cores), -1);
  }

  Program run(const LowerOptions& options) && {
    for (std::int64_t i = 0; i < options.inferences; ++i)
      for (std::size_t g = 0; g < network_.groups.size(); ++g) lower_group(g);
    return std::move(program_);
  }

  // ---- the sink of the walk ----

  void load(const Tile& tile) { transfer_rows(tile, false); }
  void store(const Tile& tile) { transfer_rows(tile, true); }

  void load_weights(const WeightTile& tile) {
    Transfer t{.memory = chip_.memory_index(chip_.placement.weights)};
    t.memory_address = at_.weights_in_memory(tile);
    t.sram_address = at_.buffer_base(tile.buffer, tile.slot);
    t.run_bytes = tile.bytes;
    t.traffic = Traffic::kWeights;
    t.stored_ratio = chip_.weight_compression;
    t.beat_cycles = chip_.dma.weight_beat_cycles;
    emit_pieces(t, false);
  }

  void compute(const ComputeTile& tile) {
    Region constants;
    if (tile.constants >= 0)
      constants = {at_.buffer_base(tile.constants, 0), tile.stage->constant_bytes};
    if (is_matrix(tile)) {
      emit_matrix(tile, constants);
    } else {
      emit_vectors(tile, constants);
    }
  }

  void host(const Stage& stage) {
    const HostSpec& host = chip_.host;
    const double us = host.per_op_us + stage.host_operations / host.gops * 1e-3;
    Command command{.work = Host{Cycles(std::llround(std::ceil(us * chip_.clock_mhz)))}};
    // The host works in the memories: it waits for every transfer of what it reads and of the
    // bytes that it writes over, and later transfers of these wait for it.
    std::vector<std::size_t> used, touched;
    const auto use = [&](TensorId id) {
      if (id != kNoTensor && at_.view_of(id).storage >= 0) used.push_back(at_.storage_of(id));
    };
    for (const TensorId in : graph_.op(stage.op).inputs) use(in);
    for (const TensorId out : graph_.op(stage.op).outputs) use(out);
    for (const std::size_t mine : used)
      for (std::size_t s = 0; s < transfers_.size(); ++s) {
        if (!at_.share_memory(mine, s)) continue;
        for (std::vector<CommandId>* before : {&transfers_[s], &host_touched_[s]}) {
          command.dependencies.insert(command.dependencies.end(), before->begin(), before->end());
          before->clear();
        }
        touched.push_back(s);
      }
    const CommandId id = emit(std::move(command));
    for (const std::size_t s : touched) host_touched_[s] = {id};
  }

 private:
  void lower_group(std::size_t g) {
    const FusionGroup& group = network_.groups[g];
    const Surroundings around = plan_.around(chip_, network_, g);
    at_.enter(g);
    program_group_ = static_cast<int>(program_.group_names.size());
    program_.group_names.push_back(group.name);
    const std::vector<CommandId> before = std::exchange(last_of_group_, {});
    waits_for_ = chip_.control.layer_overlap ? std::vector<CommandId>{} : before;
    const std::int64_t cores = plan_.mappings[g].split == CoreSplit::kNone ? 1 : chip_.cores;
    for (std::int64_t core = 0; core < cores; ++core) {
      core_ = static_cast<int>(core);
      Walker<Lowering>(around, group, plan_.mappings[g], at_.buffers(), *this)
          .walk(static_cast<std::size_t>(core));
      for (CommandId& id : last_of_engine_)
        if (id >= 0) last_of_group_.push_back(std::exchange(id, -1));
    }
  }

  Traffic traffic_of(TensorId tensor, bool store) const {
    const Storage& storage = network_.storages[at_.storage_of(tensor)];
    if (storage.is_constant) return Traffic::kWeights;
    if (storage.is_input && !store) return Traffic::kInput;
    return storage.is_output && store ? Traffic::kOutput : Traffic::kSpill;
  }

  /// Rows that lie in a ring come in runs up to its end.
  void transfer_rows(const Tile& tile, bool store) {
    const std::int64_t ring = network_.storages[at_.storage_of(tile.tensor)].ring_rows;
    if (ring == 0) return transfer(tile, store);
    Tile piece = tile;
    for (std::int64_t at = tile.content.rows.begin; at < tile.content.rows.end;
         at = piece.content.rows.end) {
      piece.content.rows = {at, std::min(tile.content.rows.end, (at / ring + 1) * ring)};
      transfer(piece, store);
    }
  }

  void transfer(const Tile& tile, bool store) {
    const Strides far = stored_strides(network_, tile), near = Addresses::frame_strides(tile);
    const std::size_t s = at_.storage_of(tile.tensor);
    Transfer t = feature_transfer(chip_, tile, far, near, store);
    t.memory = plan_.memory[s];
    t.memory_address = plan_.memory_address[s] + stored_offset(network_, tile, far);
    t.sram_address = at_.frame_address(tile, near);
    t.traffic = traffic_of(tile.tensor, store);
    const auto first = static_cast<CommandId>(program_.commands.size());
    emit_pieces(t, store, host_touched_[s]);
    if (!uses_host_) return;
    for (CommandId id = first; id < static_cast<CommandId>(program_.commands.size()); ++id)
      transfers_[s].push_back(id);
  }

  void emit_pieces(const Transfer& t, bool store, const std::vector<CommandId>& extra = {}) {
    for_each_piece(chip_, t, [&](const Transfer& piece) { emit_transfer(piece, store, extra); });
  }

  void emit_transfer(const Transfer& t, bool store, const std::vector<CommandId>& extra) {
    Command command;
    if (store)
      command.work = Store{t};
    else
      command.work = Load{t};
    command.dependencies = extra;
    emit(std::move(command));
  }

  void emit_matrix(const ComputeTile& tile, const Region& constants) {
    Matrix m = matrix_of(chip_, tile);
    m.input = at_.region_of(tile.input);
    m.weights = at_.weight_region(tile);
    if (tile.last_of_sum) m.output = at_.region_of(tile.output);
    if (!tile.operands.empty() && tile.last_of_sum) m.operand = at_.region_of(tile.operands[0]);
    m.constants = constants;
    Command command{.work = m};
    // Sums of a cut reduction wait in the accumulators: nothing may come in between.
    CommandId& open = cut_sum_[static_cast<std::size_t>(core_)];
    if (open >= 0) command.dependencies.push_back(open);
    const bool cut_sum = tile.stage->kind == StageKind::kMac && !tile.stage->channelwise &&
                         tile.stage->groups == 1 && tile.channels.count() < tile.stage->reduction;
    const CommandId id = emit(std::move(command));
    // What follows the last one need not wait until its results have left.
    open = cut_sum && !tile.last_of_sum ? id : -1;
  }

  /// One pass over two operands; a further pass for each further operand.
  void emit_vectors(const ComputeTile& tile, const Region& constants) {
    Vector v = vector_of(tile);
    v.input = at_.region_of(tile.input);
    v.output = at_.region_of(tile.output);
    v.constants = constants;
    for (std::size_t i = 0; i < std::max<std::size_t>(1, tile.operands.size()); ++i) {
      if (i < tile.operands.size()) v.operand = at_.region_of(tile.operands[i]);
      emit({.work = v});
      v.input = v.output;
    }
  }

  static std::array<CommandId, std::variant_size_v<Work>> no_commands() {
    std::array<CommandId, std::variant_size_v<Work>> none;
    none.fill(-1);
    return none;
  }

  CommandId emit(Command command) {
    command.core = core_;
    command.group = program_group_;
    const bool weights = std::holds_alternative<Load>(command.work) &&
                         std::get<Load>(command.work).transfer.traffic == Traffic::kWeights;
    if (!weights)
      command.dependencies.insert(command.dependencies.end(), waits_for_.begin(), waits_for_.end());
    const std::size_t engine = command.work.index();
    command.dependencies = tracker_.dependencies_of(command);
    const CommandId id = program_.add(std::move(command));
    if (!weights) last_of_engine_[engine] = id;
    return id;
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  const FusedNetwork& network_;
  const MemoryPlan& plan_;
  Addresses at_;
  Program program_;
  HazardTracker tracker_;
  std::vector<CommandId> cut_sum_;  ///< of each core: the last command of an open sum
  bool uses_host_ = false;
  std::vector<std::vector<CommandId>> transfers_;     ///< of each storage; kept for the host only
  std::vector<std::vector<CommandId>> host_touched_;  ///< host commands on each storage's bytes
  int program_group_ = 0, core_ = 0;
  /// Without layer overlap: what the group's commands but weight loads wait for, the last commands
  /// of each engine in the group before.
  std::vector<CommandId> waits_for_, last_of_group_;
  std::array<CommandId, std::variant_size_v<Work>> last_of_engine_ = no_commands();
};

}  // namespace

Program lower(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
              const MemoryPlan& plan, const PrecisionPlan& precision, const LowerOptions& options) {
  return Lowering(chip, graph, network, plan, precision).run(options);
}

}  // namespace presil
