#pragma once
// The one order in which a group's work is done: every transfer and computation of a mapping, told
// to a sink. The lowering's sink emits commands, the tiler's adds up time; there is no second
// walk.
//
// A sink has:
//   void load(const Tile&)                 bytes of a feature map come into a buffer
//   void load_weights(const WeightTile&)   likewise weights (or constants: outputs empty)
//   void compute(const ComputeTile&)       a Matrix or Vector command
//   void store(const Tile&)                bytes of a buffer leave
//   void host(const Stage&)                an operator on the host

#include <map>
#include <utility>
#include <vector>

#include "sim/tiles.h"

namespace presil {

/// Rows, columns and channels of one image's map.
struct Frame {
  Rows rows, columns, channels;
  friend bool operator==(const Frame&, const Frame&) = default;
};

/// Part of a feature map in SRAM. `content` is what is meant, `frame` what the slot (or, for
/// buffer -1, the resident storage) lays out; a ring of rows has a frame of its capacity in rows,
/// and row r lies at r modulo it.
struct Tile {
  const FeatureMap* map = nullptr;
  TensorId tensor = kNoTensor;
  int buffer = -1, slot = 0;
  std::int64_t image = 0;
  Frame content, frame;
  bool ring = false;
  /// Of a part within its stored tensor, and that tensor's rows of an image (0: as the map's).
  std::int64_t channel_shift = 0, row_shift = 0, column_shift = 0, image_rows = 0;
  bool column_part = false;  ///< some columns of the stored tensor

  std::int64_t bytes() const {
    return tile_bytes(*map, content.rows.count(), content.columns.count(),
                      content.channels.count());
  }
};

struct WeightTile {
  const Stage* stage = nullptr;
  TensorId tensor = kNoTensor;
  int buffer = -1, slot = 0;
  std::int64_t image = 0;
  Rows outputs, channels;
  std::int64_t bytes = 0;
  std::int64_t offset = 0;  ///< of the first byte in the stored tensor
};

struct ComputeTile {
  const Stage* stage = nullptr;
  Rows outputs, channels;
  std::int64_t positions = 0;
  bool last_of_sum = true;     ///< results leave the accumulators
  bool step = false;           ///< a recurrent step's vector part
  std::int64_t direction = 0;  ///< of a recurrent stage, and the steps, in their own order
  Rows steps;
  Tile input, output;
  WeightTile weights;  ///< bytes 0: none
  Tile weight_map;     ///< weights that are an activation (map != nullptr)
  int constants = -1;  ///< buffer
  std::vector<Tile> operands;
};

/// Finds which buffer plays which part.
class BufferIndex {
 public:
  explicit BufferIndex(const std::vector<Buffer>& buffers) : buffers_(buffers) {}
  /// -1 when there is none.
  int find(Buffer::Use use, int stage, int operand = 0) const {
    for (std::size_t i = 0; i < buffers_.size(); ++i)
      if (buffers_[i].use == use && buffers_[i].stage == stage && buffers_[i].operand == operand)
        return static_cast<int>(i);
    return -1;
  }
  const Buffer& at(int buffer) const { return buffers_[static_cast<std::size_t>(buffer)]; }
  int slots(int buffer) const { return buffers_[static_cast<std::size_t>(buffer)].slots; }

 private:
  const std::vector<Buffer>& buffers_;
};

/// Which tile each slot of a buffer holds; slots are taken in turn.
class SlotRing {
 public:
  using Key = std::array<std::int64_t, 3>;
  explicit SlotRing(int slots) : held_(static_cast<std::size_t>(slots), Key{-1, -1, -1}) {}
  /// The slot of `key`, and whether it was there already.
  std::pair<int, bool> take(const Key& key) {
    const int there = find(key);
    if (there >= 0) return {there, true};
    const std::size_t slot = next_;
    if (many()) {
      where_.erase(held_[slot]);
      where_[key] = static_cast<int>(slot);
    }
    held_[slot] = key;
    next_ = (next_ + 1) % held_.size();
    return {static_cast<int>(slot), false};
  }

 private:
  /// Few slots are looked through, many are looked up.
  bool many() const { return held_.size() > 8; }
  int find(const Key& key) const {
    if (many()) {
      const auto at = where_.find(key);
      return at == where_.end() ? -1 : at->second;
    }
    for (std::size_t i = 0; i < held_.size(); ++i)
      if (held_[i] == key) return static_cast<int>(i);
    return -1;
  }

  std::vector<Key> held_;
  std::map<Key, int> where_;
  std::size_t next_ = 0;
};

/// Walks one core's share of a group.
template <typename Sink>
class Walker {
 public:
  Walker(const Surroundings& around, const FusionGroup& group, const Mapping& mapping,
         const std::vector<Buffer>& buffers, Sink& sink)
      : around_(around), group_(group), mapping_(mapping), index_(buffers), sink_(sink) {}

  void walk(std::size_t core);

 private:
  using Use = Buffer::Use;

  void walk_stage(const Stage& stage, int number, const StageMapping& m, const Part& part);
  void walk_cascade();
  void walk_chain(const Part& part);
  void walk_stripe(std::int64_t image, Rows stripe, std::vector<Rows>& done);
  void walk_recurrent(const Stage& stage, const StageMapping& m);
  void input_product(const Stage& stage, const StageMapping& m, std::int64_t direction, Rows steps);
  void recurrent_step(const Stage& stage, const StageMapping& m, std::int64_t direction,
                      std::int64_t step, const Tile& out);
  void chain_stage(const Stage& stage, int number, std::int64_t image, Rows rows);
  void load_constants(const Stage& stage, int number, ComputeTile& tile);
  void load_operands(const Stage& stage, int number, ComputeTile& tile, const PositionTile& at,
                     Rows outputs);
  Tile external_input(const Stage& stage, int number, const Part& part, std::int64_t image,
                      const Frame& content, std::array<std::int64_t, 2> key);
  Tile held_input(const Stage& stage, int buffer, const Part& part, Tile tile);
  Tile output_tile(const Stage& stage, int number, std::int64_t image, const Frame& content);
  WeightTile weight_tile(const Stage& stage, int number, std::int64_t image, Rows outputs,
                         Rows channels);
  Tile weight_map(const Stage& stage, int number, std::int64_t image, Rows outputs, Rows channels);
  SlotRing& ring(int buffer) {
    auto [at, fresh] = rings_.try_emplace(buffer, index_.slots(buffer));
    return at->second;
  }

  const Surroundings& around_;
  const FusionGroup& group_;
  const Mapping& mapping_;
  BufferIndex index_;
  Sink& sink_;
  std::map<int, SlotRing> rings_;
  /// Rows of a held input that are loaded, by buffer, image and first channel.
  std::map<std::array<std::int64_t, 3>, Rows> loaded_;
  std::map<int, int> next_output_;
  std::map<int, bool> constants_loaded_;
  std::map<std::array<std::int64_t, 2>, bool> broadcast_loaded_;
  std::vector<std::int64_t> ring_rows_;  ///< capacity of each inner ring
};

/// The rows of each stage's output that a stripe of the last one needs.
std::vector<Rows> chain_rows(const FusionGroup& group, Rows stripe);

/// Rows that each inner tensor of a chain keeps: the most that a stripe needs, for any stripe.
std::vector<std::int64_t> chain_ring_rows(const FusionGroup& group, std::int64_t stripe_rows);

}  // namespace presil

#include "sim/walk_impl.h"
