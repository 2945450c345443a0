#pragma once
// From tiles of the walk to addresses: where their bytes lie in SRAM and in the memories. The
// lowering (sim/lower.h) makes commands of them.

#include <cstdint>
#include <vector>

#include "hw/program.h"
#include "sim/memory_plan.h"
#include "sim/walk.h"

namespace presil {

/// Where the tiles of one map lie: bytes from one row, block and column to the next.
struct Strides {
  std::int64_t row, block, pixel;
};

/// The layout of a stored tensor as a tile sees it: the whole storage's, unless the tile looks at
/// the bytes through another shape (a reshape that is a view).
Strides stored_strides(const FusedNetwork& network, const Tile& tile);
/// Byte of a storage at which a tile's content begins.
std::int64_t stored_offset(const FusedNetwork& network, const Tile& tile, const Strides& s);

/// Addresses of a planned network; the constructor throws Error when the weights exceed their
/// memory. Those of buffers are of the group that was entered last.
class Addresses {
 public:
  Addresses(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
            const MemoryPlan& plan, const PrecisionPlan& precision);

  void enter(std::size_t group_index);
  /// The entered group's.
  const std::vector<Buffer>& buffers() const { return buffers_; }

  const TensorView& view_of(TensorId id) const {
    return network_.views[static_cast<std::size_t>(id)];
  }
  std::size_t storage_of(TensorId id) const {
    return static_cast<std::size_t>(view_of(id).storage);
  }
  /// Do two storages lie on common bytes of a memory?
  bool share_memory(std::size_t a, std::size_t b) const;

  /// First byte of a buffer's slot.
  std::int64_t buffer_base(int buffer, int slot) const;
  /// The layout of a tile in its buffer.
  static Strides frame_strides(const Tile& tile);
  /// Address in a buffer at which a tile's content begins.
  std::int64_t frame_address(const Tile& tile, const Strides& s) const;
  /// Blocks of channels that a tile's content meets.
  static std::int64_t blocks_of(const Tile& tile);

  /// SRAM bytes of a tile. A tile of some columns of several blocks is widened to whole blocks.
  Region region_of(const Tile& tile) const;
  /// SRAM bytes of a computation's weights: a buffer's, a feature map's, or those that stay.
  Region weight_region(const ComputeTile& tile) const;
  /// Where a tile of weights (or of constants) begins in the memory of the weights.
  std::int64_t weights_in_memory(const WeightTile& tile) const;

 private:
  void place_weights(const Graph& graph, const PrecisionPlan& precision);
  /// Bytes of the largest group's constants, as stored.
  std::int64_t most_constants() const;
  /// Bytes of weights as they are stored: compressed.
  std::int64_t stored(std::int64_t bytes) const;
  /// Keeps a view through another shape inside its storage.
  void clip(Region& region, TensorId tensor) const;

  const ChipSpec& chip_;
  const FusedNetwork& network_;
  const MemoryPlan& plan_;
  std::vector<std::int64_t> weight_base_;  ///< of each tensor, in the memory of the weights
  std::int64_t constants_base_ = 0;        ///< behind them
  std::size_t group_index_ = 0;
  std::vector<Buffer> buffers_;
  std::vector<std::int64_t> kept_offset_;  ///< SRAM address of each stage's weights that stay
  const Stage* stages_begin_ = nullptr;
};

}  // namespace presil
