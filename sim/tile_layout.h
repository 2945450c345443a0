#pragma once
// How a tile's bytes lie in its stored tensor and in its buffer, wherever these begin: shared by
// the lowering (sim/addresses.h) and by the tiler's replay (sim/schedule.h).

#include <cstdint>

#include "sim/walk.h"

namespace presil {

/// Where the tiles of one map lie: bytes from one row, block and column to the next.
struct Strides {
  std::int64_t row, block, pixel;
};

class TileLayout {
 public:
  /// `network` outlives it.
  explicit TileLayout(const FusedNetwork& network) : network_(&network) {}

  /// The layout of a stored tensor as a tile sees it: the whole storage's, unless the tile looks at
  /// the bytes through another shape (a reshape that is a view).
  Strides stored_strides(const Tile& tile) const;
  /// Byte of a storage at which a tile's content begins.
  std::int64_t stored_offset(const Tile& tile, const Strides& s) const;
  /// The layout of a tile in its buffer.
  Strides frame_strides(const Tile& tile) const;
  /// Blocks of channels that a tile's content meets.
  std::int64_t blocks_of(const Tile& tile) const;
  /// Lane of a block at which channel 0 of the tile's map lies: parts of a stored tensor need not
  /// begin at a block, and come and go as they are stored.
  std::int64_t lane_shift(const Tile& tile) const;

 private:
  const TensorView& view_of(const Tile& tile) const {
    return network_->views[static_cast<std::size_t>(tile.tensor)];
  }
  const Storage& storage_of(const Tile& tile) const {
    return network_->storages[static_cast<std::size_t>(view_of(tile).storage)];
  }

  const FusedNetwork* network_;
};

}  // namespace presil
