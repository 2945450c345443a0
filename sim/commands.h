#pragma once
// What a tile of the walk is as a command, apart from addresses: shared by the lowering and by the
// tiler's clock, so that both price the same work.

#include "hw/program.h"
#include "sim/walk.h"

namespace presil {

/// The multiply-accumulate work of a tile: extents, fused epilogue, results that leave.
Matrix matrix_of(const ChipSpec& chip, const ComputeTile& tile);

/// The elementwise work of a tile.
Vector vector_of(const ComputeTile& tile);

/// Is the tile's computation a Matrix (else a Vector)?
inline bool is_matrix(const ComputeTile& tile) {
  return tile.stage->kind == StageKind::kMac ||
         (tile.stage->kind == StageKind::kRecurrent && !tile.step);
}

/// A single Load or Store is at most so many bursts long, so that a prefetch never blocks a channel
/// for long. A choice: 64.
inline constexpr std::int64_t kTransferBursts = 64;

}  // namespace presil
