#include "sim/transfers.h"

namespace presil {

Transfer feature_transfer(const ChipSpec& chip, const Tile& tile, const Strides& far,
                          const Strides& near, bool store) {
  Transfer t{.run_bytes = tile.content.columns.count() * near.pixel};
  std::int64_t rows = tile.content.rows.count(), blocks = Addresses::blocks_of(tile);
  t.beat_cycles = store         ? chip.dma.store_beat_cycles
                           : blocks == 1 ? chip.dma.feature_beat_cycles
                                         : chip.dma.paired_beat_cycles;
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
  return t;
}

}  // namespace presil
