#include "sim/lower.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "hw/hazards.h"
#include "sim/commands.h"

namespace presil {

namespace {

/// Where the tiles of one map lie: bytes from one row, block and column to the next.
struct Strides {
  std::int64_t row, block, pixel;
};

class Lowering {
 public:
  Lowering(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
           const MemoryPlan& plan, const PrecisionPlan& precision)
      : chip_(chip), graph_(graph), network_(network), plan_(plan), precision_(precision) {
    place_weights();
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

  void load(const Tile& tile) { transfer(tile, false); }
  void store(const Tile& tile) { transfer(tile, true); }

  void load_weights(const WeightTile& tile) {
    const TensorId tensor = tile.tensor;
    Transfer t{.memory = chip_.memory_index(chip_.placement.weights)};
    t.memory_address =
        tensor == kNoTensor ? constants_base_ : weight_base_[static_cast<std::size_t>(tensor)];
    t.memory_address += stored(tile.offset);
    t.sram_address = buffer_base(tile.buffer, tile.slot);
    t.run_bytes = tile.bytes;
    t.traffic = Traffic::kWeights;
    t.stored_ratio = chip_.weight_compression;
    t.request_every_cycles = chip_.dma.weight_request_cycles;
    emit_pieces(t, false);
  }

  void compute(const ComputeTile& tile) {
    Region constants;
    if (tile.constants >= 0)
      constants = {buffer_base(tile.constants, 0), tile.stage->constant_bytes};
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
      if (id != kNoTensor && view_of(id).storage >= 0) used.push_back(storage_of(id));
    };
    for (const TensorId in : graph_.op(stage.op).inputs) use(in);
    for (const TensorId out : graph_.op(stage.op).outputs) use(out);
    for (const std::size_t mine : used)
      for (std::size_t s = 0; s < transfers_.size(); ++s) {
        if (!share_memory(mine, s)) continue;
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
  void place_weights() {
    weight_base_.assign(graph_.tensors().size(), 0);
    // Behind the feature maps that the same memory holds.
    std::int64_t at = 0;
    const int memory = chip_.memory_index(chip_.placement.weights);
    for (std::size_t s = 0; s < network_.storages.size(); ++s)
      if (plan_.memory[s] == memory && plan_.memory_address[s] >= 0)
        at = std::max(at, plan_.memory_address[s] + network_.storages[s].map.bytes());
    const std::int64_t burst = chip_.dma.burst_bytes;
    for (std::size_t t = 0; t < graph_.tensors().size(); ++t) {
      const TensorDesc& tensor = graph_.tensors()[t];
      if (!tensor.constant || view_of(static_cast<TensorId>(t)).storage >= 0) continue;
      at = round_up(at, burst);
      weight_base_[t] = at;
      const std::int64_t count = element_count(tensor.shape);
      // Biases and scales travel with the weights: room for 8 bytes an output channel.
      const std::int64_t extra = tensor.shape.empty() ? 0 : 16 * tensor.shape[0];
      at += stored(ceil_div(count * precision_.bits(static_cast<TensorId>(t)), 8) + extra);
    }
    constants_base_ = round_up(at, burst);
  }

  std::int64_t stored(std::int64_t bytes) const {
    return static_cast<std::int64_t>(
        std::ceil(static_cast<double>(bytes) * chip_.weight_compression));
  }

  const TensorView& view_of(TensorId id) const {
    return network_.views[static_cast<std::size_t>(id)];
  }
  std::size_t storage_of(TensorId id) const {
    return static_cast<std::size_t>(view_of(id).storage);
  }

  void lower_group(std::size_t g) {
    const FusionGroup& group = network_.groups[g];
    const Surroundings around = plan_.around(chip_, network_, g);
    buffers_ = buffers_of(around, group, plan_.mappings[g]);
    group_index_ = g;
    program_group_ = static_cast<int>(program_.group_names.size());
    program_.group_names.push_back(group.name);
    kept_offset_.clear();
    std::int64_t kept = plan_.kept_weights[g];
    for (const Stage& stage : group.stages) {
      kept_offset_.push_back(kept);
      if (stage.kind == StageKind::kMac && !stage.weights_are_activations)
        kept += stage.weight_bytes(stage.out.channels, stage.reduction);
    }
    stages_begin_ = group.stages.data();
    const std::int64_t cores = plan_.mappings[g].split == CoreSplit::kNone ? 1 : chip_.cores;
    for (std::int64_t core = 0; core < cores; ++core) {
      core_ = static_cast<int>(core);
      Walker<Lowering>(around, group, plan_.mappings[g], buffers_, *this)
          .walk(static_cast<std::size_t>(core));
    }
  }

  std::int64_t buffer_base(int buffer, int slot) const {
    return plan_.buffer_address[group_index_][static_cast<std::size_t>(buffer)] +
           slot * buffers_[static_cast<std::size_t>(buffer)].slot_bytes;
  }

  /// The layout of a stored tensor as a tile sees it: the whole storage's, unless the tile looks at
  /// the bytes through another shape (a reshape that is a view).
  Strides stored_strides(const Tile& tile) const {
    const FeatureMap& whole = network_.storages[storage_of(tile.tensor)].map;
    const bool same = whole.columns == tile.map->columns && whole.bits == tile.map->bits &&
                      whole.atom == tile.map->atom;
    const FeatureMap& map = same ? whole : *tile.map;
    return {map.row_bytes(), map.block_bytes(), map.pixel_bytes()};
  }

  /// Byte of a storage at which a tile's content begins.
  std::int64_t stored_offset(const Tile& tile, const Strides& s) const {
    const TensorView& view = view_of(tile.tensor);
    const std::int64_t row =
        tile.image * tile.map->rows + tile.content.rows.begin + view.row + tile.row_shift;
    const std::int64_t channel = tile.content.channels.begin + view.channel + tile.channel_shift;
    const std::int64_t at =
        row * s.row + channel / tile.map->atom * s.block + tile.content.columns.begin * s.pixel;
    const FeatureMap& map = network_.storages[storage_of(tile.tensor)].map;
    // A view through another shape may count bytes differently at its end: never beyond it.
    return std::min(at, std::max<std::int64_t>(0, map.bytes() - 1));
  }

  static Strides frame_strides(const Tile& tile) {
    const std::int64_t pixel = tile.map->pixel_bytes();
    const std::int64_t block = tile.frame.columns.count() * pixel;
    return {ceil_div(tile.frame.channels.count(), tile.map->atom) * block, block, pixel};
  }

  static std::int64_t blocks_of(const Tile& tile) {
    const std::int64_t first = tile.content.channels.begin / tile.map->atom;
    return std::max<std::int64_t>(1, ceil_div(tile.content.channels.end, tile.map->atom) - first);
  }

  /// Address in a buffer at which a tile's content begins.
  std::int64_t frame_address(const Tile& tile, const Strides& s) const {
    const std::int64_t rows = tile.frame.rows.count();
    const std::int64_t row = tile.ring ? tile.content.rows.begin % rows
                                       : tile.content.rows.begin - tile.frame.rows.begin;
    const std::int64_t block =
        tile.content.channels.begin / tile.map->atom - tile.frame.channels.begin / tile.map->atom;
    const std::int64_t column = tile.content.columns.begin - tile.frame.columns.begin;
    return buffer_base(tile.buffer, tile.slot) + row * s.row + block * s.block + column * s.pixel;
  }

  /// SRAM bytes of a tile. A tile of some columns of several blocks is widened to whole blocks.
  Region region_of(const Tile& tile) const {
    if (tile.map == nullptr) return {};
    if (tile.buffer >= 0 && tile.frame.rows.count() == 0)  // a recurrent stage's scratch
      return {buffer_base(tile.buffer, 0), buffers_[static_cast<std::size_t>(tile.buffer)].bytes()};
    const bool resident = tile.buffer < 0;
    const Strides s = resident ? stored_strides(tile) : frame_strides(tile);
    const std::int64_t rows = tile.content.rows.count();
    if (tile.ring &&
        tile.content.rows.begin % tile.frame.rows.count() + rows > tile.frame.rows.count())
      return {buffer_base(tile.buffer, tile.slot), tile.frame.rows.count() * s.row};
    std::int64_t address =
        resident ? plan_.sram_address[storage_of(tile.tensor)] + stored_offset(tile, s)
                 : frame_address(tile, s);
    std::int64_t run = (blocks_of(tile) - 1) * s.block + tile.content.columns.count() * s.pixel;
    Region region{address, run, rows, s.row};
    if (rows == 1 || run >= s.row) region = {address, (rows - 1) * s.row + run, 1, 0};
    if (resident) clip(region, tile.tensor);
    return region;
  }

  /// Keeps a view through another shape inside its storage.
  void clip(Region& region, TensorId tensor) const {
    const std::size_t s = storage_of(tensor);
    const std::int64_t end = plan_.sram_address[s] + network_.storages[s].map.bytes();
    if (region.runs == 1)
      region.run_bytes =
          std::max<std::int64_t>(1, std::min(region.run_bytes, end - region.address));
    else if (region.address + (region.runs - 1) * region.stride + region.run_bytes > end)
      region = {region.address, std::max<std::int64_t>(1, end - region.address), 1, 0};
  }

  Traffic traffic_of(TensorId tensor, bool store) const {
    const Storage& storage = network_.storages[storage_of(tensor)];
    if (storage.is_constant) return Traffic::kWeights;
    if (storage.is_input && !store) return Traffic::kInput;
    return storage.is_output && store ? Traffic::kOutput : Traffic::kSpill;
  }

  void transfer(const Tile& tile, bool store) {
    const Strides far = stored_strides(tile), near = frame_strides(tile);
    const std::size_t s = storage_of(tile.tensor);
    Transfer t{.memory = plan_.memory[s]};
    t.memory_address = plan_.memory_address[s] + stored_offset(tile, far);
    t.sram_address = frame_address(tile, near);
    t.run_bytes = tile.content.columns.count() * near.pixel;
    t.traffic = traffic_of(tile.tensor, store);
    std::int64_t rows = tile.content.rows.count(), blocks = blocks_of(tile);
    t.request_every_cycles = store         ? chip_.dma.store_request_cycles
                             : blocks == 1 ? chip_.dma.feature_request_cycles
                                           : chip_.dma.paired_request_cycles;
    if (t.run_bytes == far.block && t.run_bytes == near.block) {
      t.run_bytes *= blocks;
      blocks = 1;
    }
    if (blocks == 1 && t.run_bytes == far.row && t.run_bytes == near.row) {
      t.run_bytes *= rows;
      rows = 1;
    }
    t.dims[0] = {.count = rows, .memory_stride = far.row, .sram_stride = near.row};
    t.dims[1] = {.count = blocks, .memory_stride = far.block, .sram_stride = near.block};
    const auto first = static_cast<CommandId>(program_.commands.size());
    emit_pieces(t, store, host_touched_[s]);
    if (!uses_host_) return;
    for (CommandId id = first; id < static_cast<CommandId>(program_.commands.size()); ++id)
      transfers_[s].push_back(id);
  }

  /// Do two storages lie on common bytes of a memory?
  bool share_memory(std::size_t a, std::size_t b) const {
    const std::int64_t at_a = plan_.memory_address[a], at_b = plan_.memory_address[b];
    return at_a >= 0 && at_b >= 0 && plan_.memory[a] == plan_.memory[b] &&
           at_a < at_b + network_.storages[b].map.bytes() &&
           at_b < at_a + network_.storages[a].map.bytes();
  }

  /// Cuts a transfer into commands of at most kTransferBursts bursts.
  void emit_pieces(Transfer t, bool store, const std::vector<CommandId>& extra = {}) {
    const std::int64_t most = kTransferBursts * chip_.dma.burst_bytes;
    TransferDim& rows = t.dims[0];
    const std::int64_t row_bytes = t.run_bytes * t.dims[1].count;
    if (rows.count > 1 && row_bytes * rows.count > most) {
      const std::int64_t at_once = std::max<std::int64_t>(1, most / row_bytes);
      const std::int64_t all = rows.count;
      for (std::int64_t r = 0; r < all; r += at_once) {
        Transfer piece = t;
        piece.dims[0].count = std::min(at_once, all - r);
        piece.memory_address += r * rows.memory_stride;
        piece.sram_address += r * rows.sram_stride;
        emit_pieces(piece, store, extra);
      }
      return;
    }
    if (rows.count == 1 && t.dims[1].count == 1 && t.run_bytes > most) {
      for (std::int64_t at = 0; at < t.run_bytes; at += most) {
        Transfer piece = t;
        piece.run_bytes = std::min(most, t.run_bytes - at);
        piece.memory_address +=
            static_cast<std::int64_t>(std::floor(static_cast<double>(at) * t.stored_ratio));
        piece.sram_address += at;
        emit_transfer(piece, store, extra);
      }
      return;
    }
    emit_transfer(t, store, extra);
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

  Region weight_region(const ComputeTile& tile) const {
    if (tile.weight_map.map != nullptr) return region_of(tile.weight_map);
    const WeightTile& w = tile.weights;
    if (w.bytes == 0) return {};
    if (w.buffer >= 0) return {buffer_base(w.buffer, w.slot), w.bytes};
    // Behind a recurrent stage's input weights are those of its steps.
    const Stage& stage = *tile.stage;
    const std::int64_t behind =
        stage.kind == StageKind::kRecurrent && w.tensor == stage.recurrent_weights
            ? stage.weight_bytes(stage.gates * stage.hidden, stage.reduction) * stage.directions
            : 0;
    return {kept_offset_[static_cast<std::size_t>(tile.stage - stages_begin_)] + behind + w.offset,
            w.bytes};
  }

  void emit_matrix(const ComputeTile& tile, const Region& constants) {
    Matrix m = matrix_of(chip_, tile);
    m.input = region_of(tile.input);
    m.weights = weight_region(tile);
    if (tile.last_of_sum) m.output = region_of(tile.output);
    if (!tile.operands.empty() && tile.last_of_sum) m.operand = region_of(tile.operands[0]);
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
    v.input = region_of(tile.input);
    v.output = region_of(tile.output);
    v.constants = constants;
    for (std::size_t i = 0; i < std::max<std::size_t>(1, tile.operands.size()); ++i) {
      if (i < tile.operands.size()) v.operand = region_of(tile.operands[i]);
      emit({.work = v});
      v.input = v.output;
    }
  }

  CommandId emit(Command command) {
    command.core = core_;
    command.group = program_group_;
    command.dependencies = tracker_.dependencies_of(command);
    return program_.add(std::move(command));
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  const FusedNetwork& network_;
  const MemoryPlan& plan_;
  const PrecisionPlan& precision_;
  Program program_;
  HazardTracker tracker_;
  std::vector<std::int64_t> weight_base_;
  std::int64_t constants_base_ = 0;
  std::vector<CommandId> cut_sum_;  ///< of each core: the last command of an open sum
  bool uses_host_ = false;
  std::vector<std::vector<CommandId>> transfers_;     ///< of each storage; kept for the host only
  std::vector<std::vector<CommandId>> host_touched_;  ///< host commands on each storage's bytes
  std::vector<Buffer> buffers_;
  std::size_t group_index_ = 0;
  int program_group_ = 0, core_ = 0;
  std::vector<std::int64_t> kept_offset_;
  const Stage* stages_begin_ = nullptr;
};

}  // namespace

Program lower(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
              const MemoryPlan& plan, const PrecisionPlan& precision, const LowerOptions& options) {
  return Lowering(chip, graph, network, plan, precision).run(options);
}

}  // namespace presil
