#include "sim/lower.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <set>
#include <utility>
#include <variant>

#include "core/error.h"
#include "hw/hazards.h"
#include "sim/addresses.h"
#include "sim/commands.h"
#include "sim/cut_sums.h"
#include "sim/transfers.h"

namespace presil {

namespace {

class Lowering {
 public:
  Lowering(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
           const MemoryPlan& plan)
      : chip_(chip), graph_(graph), network_(network), plan_(plan), at_(chip, network, plan) {
    transfers_.resize(network.storages.size());
    host_touched_.resize(network.storages.size());
    for (const FusionGroup& group : network.groups)
      for (const Stage& stage : group.stages) uses_host_ |= stage.kind == StageKind::kHost;
    cut_sums_.assign(static_cast<std::size_t>(chip.cores), CutSums(chip));
    computed_.resize(static_cast<std::size_t>(chip.cores));
    computes_wait_for_ = computed_;
  }

  Program run(const LowerOptions& options) && {
    functional_ = options.functional;
    for (std::int64_t i = 0; i < options.inferences; ++i)
      for (std::size_t g = 0; g < network_.groups.size(); ++g) lower_group(g);
    if (functional_ != nullptr) program_.functions = functional_->take_functions();
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
    t.stored_ratio = tile.stage->stored_ratio;
    t.beat_cycles = chip_.dma.weight_beat_cycles;
    if (functional_ != nullptr && t.stored_ratio != 1) t.expanded = at_.expanded_weights(tile);
    if (functional_ != nullptr)
      note(tile, t.stored_ratio != 1 ? PackedTile::Place::kExpanded : PackedTile::Place::kMemory,
           t.stored_ratio != 1 ? t.expanded : t.memory_address);
    emit_pieces(t, false);
  }

  void compute(const ComputeTile& tile) {
    const Region constants = at_.constants_region(tile);
    if (functional_ != nullptr) note_kept(tile);
    if (is_matrix(tile)) {
      emit_matrix(tile, constants);
    } else {
      emit_vectors(tile, constants);
    }
  }

  void host(const Stage& stage) {
    if (functional_ != nullptr)
      throw Error(
          "{}: runs on a host, which the machine does not execute: what {} computes is not "
          "defined",
          stage.name, graph_.op(stage.op).as<HostAttrs>().type);
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
  // ---- What the machine executes ----

  /// Where a tile of weights has to be when the machine starts.
  void note(const WeightTile& tile, PackedTile::Place place, std::int64_t address,
            bool table = false) {
    if (!noted_.insert({place, address}).second) return;  // loaded again
    functional_->tiles.push_back(
        {.group = group_,
         .stage = static_cast<std::size_t>(tile.stage - network_.groups[group_].stages.data()),
         .constants = tile.tensor == kNoTensor,
         .tensor = tile.tensor,
         .image = tile.image,
         .outputs = tile.outputs,
         .channels = tile.channels,
         .bytes = tile.bytes,
         .table = table,
         .place = place,
         .address = address});
  }
  /// Weights that nothing loads are in SRAM; tables are read where they lie.
  void note_kept(const ComputeTile& tile) {
    const Stage& stage = *tile.stage;
    if (tile.weights.bytes > 0 && tile.weights.buffer < 0)
      note(tile.weights, PackedTile::Place::kSram, at_.kept_weights(tile.weights));
    if (stage.constant_bytes > 0 && tile.constants < 0)
      note({.stage = &stage, .bytes = stage.constant_bytes}, PackedTile::Place::kSram,
           at_.constants_region(tile).address);
    if (stage.table_bytes > 0)
      note({.stage = &stage, .bytes = stage.table_bytes}, PackedTile::Place::kExpanded,
           at_.expanded_table(stage), true);
  }

  /// The second command of a choice between two streams reads the condition again.
  const Tile& input_of(const ComputeTile& tile, std::size_t pass) const {
    if (pass == 0) return tile.input;
    const TensorId condition = graph_.op(tile.stage->op).inputs[0];
    return condition == tile.stage->input ? tile.input : tile.operands[0];
  }

  Computation computation_of(const ComputeTile& tile, const Region& constants, std::size_t pass) {
    const Stage& stage = *tile.stage;
    Computation c{.function = functional_->function_of(stage, static_cast<int>(pass))};
    c.image = tile.output.image;
    c.input_image = tile.input.image;
    const TensorId read = pass == 0 ? stage.input : graph_.op(stage.op).inputs[0];
    c.input = at_.sram_view(input_of(tile, pass), functional_->element_of(read));
    c.output = at_.sram_view(tile.output, functional_->element_of(stage.output));
    if (pass < tile.operands.size() && tile.last_of_sum)
      c.operand =
          at_.sram_view(tile.operands[pass], functional_->element_of(stage.operands[pass].tensor));
    if (tile.weight_map.map != nullptr)
      c.weight_map = at_.sram_view(tile.weight_map, functional_->element_of(stage.weights));
    else if (tile.weights.bytes > 0)
      c.weights = at_.weight_region(tile).address;
    c.constants = constants.address;
    c.sum_begin = tile.channels.begin;
    c.sum_end = tile.channels.end;
    c.first = tile.channels.begin == 0;
    c.last = tile.last_of_sum;
    c.sum_slot = CutSums::cuts_sum(tile) ? cut_sums_[static_cast<std::size_t>(core_)].number() : -1;
    if (stage.table_bytes > 0) c.table = at_.expanded_table(stage);
    return c;
  }

  /// A command of a recurrent stage; its scratch buffer has no elements that others read.
  Computation recurrent_computation(const ComputeTile& tile) {
    using Phase = RecurrentPart::Phase;
    const Stage& stage = *tile.stage;
    const bool products = !tile.step && tile.input.tensor != kNoTensor;
    Computation c{.function = functional_->function_of(stage)};
    if (products) c.input = at_.sram_view(tile.input, functional_->element_of(stage.input));
    if (tile.step) c.output = at_.sram_view(tile.output, functional_->element_of(stage.output));
    if (tile.weights.bytes > 0) c.weights = at_.weight_region(tile).address;
    c.recurrent = {.phase = products    ? Phase::kInputSums
                            : tile.step ? Phase::kCell
                                        : Phase::kStateSums,
                   .direction = tile.direction,
                   .step = tile.steps.begin,
                   .steps = tile.steps.count(),
                   .first_row = tile.outputs.begin,
                   .rows = tile.outputs.count()};
    return c;
  }

  /// What the command to be emitted next computes.
  void compute_next(const ComputeTile& tile, const Region& constants, std::size_t pass = 0) {
    if (functional_ == nullptr) return;
    program_.computation_of.resize(program_.commands.size(), -1);
    program_.computation_of.push_back(static_cast<std::int32_t>(program_.computations.size()));
    program_.computations.push_back(tile.stage->kind == StageKind::kRecurrent
                                        ? recurrent_computation(tile)
                                        : computation_of(tile, constants, pass));
  }

  void lower_group(std::size_t g) {
    const FusionGroup& group = network_.groups[g];
    group_ = g;
    const Surroundings around = plan_.around(chip_, network_, g);
    at_.enter(g);
    program_group_ = static_cast<int>(program_.group_names.size());
    program_.group_names.push_back(group.name);
    const std::vector<CommandId> before = std::exchange(last_of_group_, {});
    waits_for_ = chip_.control.layer_overlap ? std::vector<CommandId>{} : before;
    const auto ahead = static_cast<std::size_t>(chip_.control.weights_ahead);
    if (ahead > 0) ends_.push_back(before);
    weights_wait_for_ =
        ends_.size() > ahead ? ends_[ends_.size() - 1 - ahead] : std::vector<CommandId>{};
    computes_wait_for_.assign(computed_.size(), {});
    if (all_wait_for_rows(g)) computes_wait_for_ = computed_;
    computed_.assign(computed_.size(), {});
    const std::int64_t cores = plan_.mappings[g].split == CoreSplit::kNone ? 1 : chip_.cores;
    for (std::int64_t core = 0; core < cores; ++core) {
      core_ = static_cast<int>(core);
      Walker<Lowering>(around, group, plan_.mappings[g], at_.buffers(), *this)
          .walk(static_cast<std::size_t>(core));
      const auto here = static_cast<std::size_t>(core);
      for (std::size_t engine = 0; engine < last_of_engine_.size(); ++engine) {
        const CommandId id = std::exchange(last_of_engine_[engine], -1);
        if (id < 0) continue;
        last_of_group_.push_back(id);
        if (is_compute(program_.commands[static_cast<std::size_t>(id)]))
          computed_[here].push_back(id);
      }
    }
  }

  /// Do the cores share out rows of a map that the group before makes otherwise than row by row in
  /// the same bands: all of it on one core, each core some channels of every row, or for a chain,
  /// whose windows reach into other cores' bands?
  bool all_wait_for_rows(std::size_t g) const {
    if (g == 0 || chip_.cores == 1 || plan_.mappings[g].split != CoreSplit::kRows) return false;
    return (plan_.mappings[g - 1].split != CoreSplit::kRows || plan_.mappings[g].chain) &&
           network_.groups[g - 1].stages.back().output == network_.groups[g].stages.front().input;
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
    const TileLayout& layout = at_.layout();
    const std::size_t s = at_.storage_of(tile.tensor);
    const std::int64_t in_memory =
        plan_.memory_address[s] + layout.stored_offset(tile, layout.stored_strides(tile));
    const std::int64_t in_sram = at_.frame_address(tile, layout.frame_strides(tile));
    const auto first = static_cast<CommandId>(program_.commands.size());
    for (Transfer t : feature_transfers(chip_, layout, tile, store)) {
      t.memory = plan_.memory[s];
      t.memory_address += in_memory;
      t.sram_address += in_sram;
      t.traffic = traffic_of(tile.tensor, store);
      emit_pieces(t, store, host_touched_[s]);
    }
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
    compute_next(tile, constants);
    Command command{.work = m};
    if (!CutSums::cuts_sum(tile)) {
      emit(std::move(command));
      return;
    }
    CutSums& sums = cut_sums_[static_cast<std::size_t>(core_)];
    for (const CommandId before : sums.before(tile)) command.dependencies.push_back(before);
    sums.took_part(tile, emit(std::move(command)));
  }

  /// One pass over two operands; a further pass for a further operand.
  void emit_vectors(const ComputeTile& tile, const Region& constants) {
    Vector v = vector_of(tile);
    v.output = at_.region_of(tile.output);
    v.constants = constants;
    for (std::size_t i = 0; i < std::max<std::size_t>(1, tile.operands.size()); ++i) {
      v.input = at_.region_of(input_of(tile, i));
      if (i < tile.operands.size()) v.operand = at_.region_of(tile.operands[i]);
      compute_next(tile, constants, i);
      emit({.work = v});
    }
  }

  static std::array<CommandId, std::variant_size_v<Work>> no_commands() {
    std::array<CommandId, std::variant_size_v<Work>> none;
    none.fill(-1);
    return none;
  }

  static bool is_compute(const Command& command) {
    return std::holds_alternative<Matrix>(command.work) ||
           std::holds_alternative<Vector>(command.work);
  }

  CommandId emit(Command command) {
    command.core = core_;
    command.group = program_group_;
    const bool weights = std::holds_alternative<Load>(command.work) &&
                         std::get<Load>(command.work).transfer.traffic == Traffic::kWeights;
    const std::vector<CommandId>& before = weights ? weights_wait_for_ : waits_for_;
    command.dependencies.insert(command.dependencies.end(), before.begin(), before.end());
    if (is_compute(command)) {
      const auto& computed = computes_wait_for_[static_cast<std::size_t>(core_)];
      command.dependencies.insert(command.dependencies.end(), computed.begin(), computed.end());
    }
    const std::size_t engine = command.work.index();
    command.dependencies = tracker_.dependencies_of(command);
    const CommandId id = program_.add(std::move(command));
    if (functional_ != nullptr) program_.computation_of.resize(program_.commands.size(), -1);
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
  std::vector<CutSums> cut_sums_;  ///< of each core
  bool uses_host_ = false;
  std::vector<std::vector<CommandId>> transfers_;     ///< of each storage; kept for the host only
  std::vector<std::vector<CommandId>> host_touched_;  ///< host commands on each storage's bytes
  int program_group_ = 0, core_ = 0;
  std::size_t group_ = 0;
  FunctionalPlan* functional_ = nullptr;
  std::set<std::pair<PackedTile::Place, std::int64_t>> noted_;  ///< tiles, by place and address
  /// Without layer overlap: what the group's commands but weight loads wait for, the last commands
  /// of each engine in the group before.
  std::vector<CommandId> waits_for_, last_of_group_;
  /// Of each core of several, the last computations of the group before, which this group's wait
  /// for: rows that a core makes early are of use to all, rows of the next group to itself alone.
  std::vector<std::vector<CommandId>> computed_, computes_wait_for_;
  /// With weights_ahead: of each group, the last commands in the one before it; and those that the
  /// group's weight loads wait for.
  std::vector<std::vector<CommandId>> ends_;
  std::vector<CommandId> weights_wait_for_;
  std::array<CommandId, std::variant_size_v<Work>> last_of_engine_ = no_commands();
};

}  // namespace

Program lower(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
              const MemoryPlan& plan, const PrecisionPlan&, const LowerOptions& options) {
  return Lowering(chip, graph, network, plan).run(options);
}

}  // namespace presil
