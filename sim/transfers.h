#pragma once
// A tile's bytes as transfers between a memory and SRAM: shared by the lowering and by the tiler's
// replay, so that both move the same bursts.

#include <algorithm>
#include <cmath>

#include "hw/program.h"
#include "sim/addresses.h"
#include "sim/commands.h"

namespace presil {

/// The transfer of a tile that lies in the memory as `far` and in SRAM as `near` say, in as few
/// runs as can be; its addresses are the caller's.
Transfer feature_transfer(const ChipSpec& chip, const Tile& tile, const Strides& far,
                          const Strides& near, bool store);

/// Calls f(piece) for the commands of at most kTransferBursts bursts that a transfer is cut into.
template <typename F>
void for_each_piece(const ChipSpec& chip, const Transfer& t, F&& f) {
  const std::int64_t most = kTransferBursts * chip.dma.burst_bytes;
  const TransferDim& rows = t.dims[0];
  const std::int64_t row_bytes = t.run_bytes * t.dims[1].count;
  if (rows.count > 1 && row_bytes * rows.count > most) {
    const std::int64_t at_once = std::max<std::int64_t>(1, most / row_bytes);
    for (std::int64_t r = 0; r < rows.count; r += at_once) {
      Transfer piece = t;
      piece.dims[0].count = std::min(at_once, rows.count - r);
      piece.memory_address += r * rows.memory_stride;
      piece.sram_address += r * rows.sram_stride;
      for_each_piece(chip, piece, f);
    }
  } else if (rows.count == 1 && t.dims[1].count == 1 && t.run_bytes > most) {
    for (std::int64_t at = 0; at < t.run_bytes; at += most) {
      Transfer piece = t;
      piece.run_bytes = std::min(most, t.run_bytes - at);
      piece.memory_address +=
          static_cast<std::int64_t>(std::floor(static_cast<double>(at) * t.stored_ratio));
      piece.sram_address += at;
      f(piece);
    }
  } else {
    f(t);
  }
}

}  // namespace presil
