#include "sim/schedule.h"

#include <algorithm>

#include "sim/commands.h"
#include "sim/transfers.h"
#include "sim/walk.h"

namespace presil {

namespace {

/// Where the maps and weights of a group alone begin in their memories.
class Bases {
 public:
  Bases(const Surroundings& around, const FusionGroup& group)
      : around_(around), storage_(around.network.storages.size(), -1) {
    for (const Stage& stage : group.stages) {
      touch(stage.input);
      touch(stage.output);
      if (stage.weights_are_activations) touch(stage.weights);
      for (const Operand& operand : stage.operands) touch(operand.tensor);
    }
    std::vector<std::int64_t> end(around.chip.memories.size(), 0);
    const std::int64_t burst = around.chip.dma.burst_bytes;
    for (std::size_t s = 0; s < storage_.size(); ++s) {
      if (storage_[s] < 0) continue;
      std::int64_t& at = end[static_cast<std::size_t>(around.memory[s])];
      storage_[s] = at;
      at += round_up(around.network.storages[s].map.bytes(), burst);
    }
    std::int64_t at =
        end[static_cast<std::size_t>(around.chip.memory_index(around.chip.placement.weights))];
    for (const Stage& stage : group.stages) {
      weights_.push_back(at);
      if (stage.kind == StageKind::kMac && !stage.weights_are_activations)
        at += round_up(stage.weight_bytes(stage.out.channels, stage.reduction), burst);
      at += round_up(stage.constant_bytes, burst);
    }
    first_ = group.stages.data();
  }

  std::int64_t of(TensorId id) const { return storage_[index(id)]; }
  std::int64_t weights_of(const Stage* stage) const {
    return weights_[static_cast<std::size_t>(stage - first_)];
  }

 private:
  std::size_t index(TensorId id) const {
    return static_cast<std::size_t>(around_.network.views[static_cast<std::size_t>(id)].storage);
  }
  void touch(TensorId id) {
    if (!around_.is_resident(id)) storage_[index(id)] = 0;
  }

  const Surroundings& around_;
  std::vector<std::int64_t> storage_;  ///< -1: not touched
  std::vector<std::int64_t> weights_;  ///< of each stage
  const Stage* first_ = nullptr;
};

/// The sink of the walk.
class Scheduler {
 public:
  Scheduler(const Surroundings& around, const FusionGroup& group,
            const std::vector<Buffer>& buffers, std::size_t limit)
      : around_(around), bases_(around, group), buffers_(buffers), limit_(limit) {}

  /// What follows is core `core`'s, whose SRAM is its own.
  void enter(int core) {
    core_ = core;
    slots_.clear();
    for (const Buffer& buffer : buffers_)
      slots_.emplace_back(static_cast<std::size_t>(buffer.slots));
    open_sum_ = -1;
  }
  bool over() const { return schedule_.steps.size() > limit_; }
  Schedule take() && { return std::move(schedule_); }

  void load(const Tile& tile) {
    if (over()) return;
    Slot& to = slot(tile.buffer, tile.slot);
    // Further rows and channels of a held input go where nobody has read yet.
    const bool held = tile.frame.rows.count() > tile.content.rows.count() ||
                      tile.frame.channels.count() > tile.content.channels.count();
    if (!held) to.pieces.clear();
    const Transfer t = feature(tile, false);
    const std::int64_t row_bytes = t.dims[0].memory_stride;
    to.ready = transfer(t, Step::Kind::kLoad, held ? -1 : to.reader, [&](const Transfer& piece) {
      const std::int64_t bytes =
          piece.memory_address - t.memory_address +
          (t.dims[0].count > 1 ? piece.dims[0].count * row_bytes : piece.run_bytes);
      to.pieces.push_back({tile.content.channels.begin, tile.content.rows.begin + bytes / row_bytes,
                           static_cast<int>(schedule_.steps.size())});
    });
    to.pieces.back().row_end = tile.content.rows.end;
  }

  void load_weights(const WeightTile& tile) {
    if (over() || around_.weights_stay) return;
    const ChipSpec& chip = around_.chip;
    Slot& to = slot(tile.buffer, tile.slot);
    Transfer t{.memory = chip.memory_index(chip.placement.weights)};
    t.memory_address =
        bases_.weights_of(tile.stage) +
        static_cast<std::int64_t>(static_cast<double>(tile.offset) * chip.weight_compression);
    t.run_bytes = tile.bytes;
    t.traffic = Traffic::kWeights;
    t.stored_ratio = chip.weight_compression;
    t.beat_cycles = chip.dma.weight_beat_cycles;
    to.ready = transfer(t, Step::Kind::kLoad, to.reader);
  }

  void compute(const ComputeTile& tile) {
    if (over()) return;
    const bool matrix = is_matrix(tile);
    const bool writes = tile.last_of_sum || !matrix;
    wait_for_rows(tile.input);
    wait_for_slot(tile.weights.buffer, tile.weights.slot);
    if (tile.weight_map.map != nullptr) wait_for_slot(tile.weight_map.buffer, tile.weight_map.slot);
    wait_for_slot(tile.constants, 0);
    if (writes)
      for (const Tile& operand : tile.operands) wait_for_slot(operand.buffer, operand.slot);
    Slot* out = tile.output.buffer >= 0 ? &slot(tile.output.buffer, tile.output.slot) : nullptr;
    if (out != nullptr && writes) {
      wait_for(out->stored);
      if (!matrix) wait_for(out->ready);  // partial results
    }
    int id;
    if (matrix) {
      wait_for(open_sum_);
      id = add(Step::Kind::kMatrix, matrix_index(tile));
      open_sum_ = tile.last_of_sum ? -1 : id;
    } else {
      const auto cycles = static_cast<int>(vector_timing(around_.chip, vector_of(tile)).value);
      id = add(Step::Kind::kVector, cycles);
      for (std::size_t pass = 1; pass < tile.operands.size(); ++pass) {
        wait_for(id);
        id = add(Step::Kind::kVector, cycles);
      }
    }
    if (out != nullptr && writes) out->ready = id, out->stored = -1;
    read_by(tile.input.buffer, tile.input.slot, id);
    read_by(tile.weights.buffer, tile.weights.slot, id);
    if (tile.weight_map.map != nullptr) read_by(tile.weight_map.buffer, tile.weight_map.slot, id);
    for (const Tile& operand : tile.operands) read_by(operand.buffer, operand.slot, id);
  }

  void store(const Tile& tile) {
    if (over()) return;
    Slot& from = slot(tile.buffer, tile.slot);
    from.stored = transfer(feature(tile, true), Step::Kind::kStore, from.ready);
  }

  void host(const Stage&) {}

 private:
  /// Part of a tile that came by one step, with all rows before its end.
  struct Piece {
    std::int64_t channel_begin, row_end;
    int step;
  };
  /// The steps that touched it last; -1: none.
  struct Slot {
    int ready = -1, reader = -1, stored = -1;
    std::vector<Piece> pieces;  ///< of what was loaded
  };

  Slot& slot(int buffer, int index) {
    return slots_[static_cast<std::size_t>(buffer)][static_cast<std::size_t>(index)];
  }
  void wait_for(int step) {
    if (step >= 0) schedule_.before.push_back(step);
  }
  void wait_for_slot(int buffer, int index) {
    if (buffer >= 0) wait_for(slot(buffer, index).ready);
  }
  /// For the last of the rows that are read, not for those that come behind them.
  void wait_for_rows(const Tile& tile) {
    if (tile.buffer < 0) return;
    for (const Piece& piece : slot(tile.buffer, tile.slot).pieces)
      if (piece.channel_begin == tile.content.channels.begin &&
          piece.row_end >= tile.content.rows.end)
        return wait_for(piece.step);
    wait_for(slot(tile.buffer, tile.slot).ready);
  }
  void read_by(int buffer, int index, int step) {
    if (buffer >= 0) slot(buffer, index).reader = step;
  }

  int add(Step::Kind kind, int work) {
    schedule_.steps.push_back({kind, core_, work, static_cast<int>(schedule_.before.size())});
    return static_cast<int>(schedule_.steps.size()) - 1;
  }

  Transfer feature(const Tile& tile, bool store) const {
    const Strides far = stored_strides(around_.network, tile);
    Transfer t = feature_transfer(around_.chip, tile, far, Addresses::frame_strides(tile), store);
    t.memory = around_.memory_of(tile.tensor);
    t.memory_address = bases_.of(tile.tensor) + stored_offset(around_.network, tile, far);
    t.traffic = store ? Traffic::kOutput : Traffic::kInput;
    return t;
  }

  /// Gives the last of its pieces.
  int transfer(const Transfer& t, Step::Kind kind, int after) {
    return transfer(t, kind, after, [](const Transfer&) {});
  }
  /// Calls tell(piece) before each.
  template <typename Tell>
  int transfer(const Transfer& t, Step::Kind kind, int after, Tell&& tell) {
    int id = -1;
    for_each_piece(around_.chip, t, [&](const Transfer& piece) {
      tell(piece);
      wait_for(after);
      schedule_.bytes += static_cast<double>(piece.stored_bytes());
      schedule_.transfers.push_back(piece);
      id = add(kind, static_cast<int>(schedule_.transfers.size()) - 1);
    });
    return id;
  }

  int matrix_index(const ComputeTile& tile) {
    const Key key{tile.stage,
                  {tile.outputs.count(), tile.positions, tile.channels.count(), tile.last_of_sum}};
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    if (found != keys_.end()) return static_cast<int>(found - keys_.begin());
    keys_.push_back(key);
    const Matrix matrix = matrix_of(around_.chip, tile);
    schedule_.matrices.push_back({matrix, matrix_timing(around_.chip, matrix)});
    return static_cast<int>(keys_.size()) - 1;
  }

  using Key = std::pair<const Stage*, std::array<std::int64_t, 4>>;

  const Surroundings& around_;
  Bases bases_;
  const std::vector<Buffer>& buffers_;
  std::size_t limit_;
  Schedule schedule_;
  std::vector<std::vector<Slot>> slots_;
  std::vector<Key> keys_;  ///< of each of the schedule's matrices
  int core_ = 0, open_sum_ = -1;
};

}  // namespace

std::optional<Schedule> schedule_of(const Surroundings& around, const FusionGroup& group,
                                    const Mapping& mapping, std::size_t limit) {
  const std::vector<Buffer> buffers = buffers_of(around, group, mapping);
  Scheduler scheduler(around, group, buffers, limit);
  const std::int64_t cores = mapping.split == CoreSplit::kNone ? 1 : around.chip.cores;
  for (std::int64_t core = 0; core < cores; ++core) {
    scheduler.enter(static_cast<int>(core));
    Walker<Scheduler>(around, group, mapping, buffers, scheduler)
        .walk(static_cast<std::size_t>(core));
  }
  if (scheduler.over()) return {};
  return std::move(scheduler).take();
}

}  // namespace presil
