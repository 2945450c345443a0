#include "sim/transfers.h"

namespace presil {

namespace {

/// A block's lanes from `lane` on, pixel by pixel.
Transfer lane_transfer(const ChipSpec& chip, const Tile& tile, const Strides& far,
                       const Strides& near, std::int64_t lane) {
  const std::int64_t skipped = lane * tile.map->bits / 8;
  const std::int64_t used = ceil_div((lane + tile.content.channels.count()) * tile.map->bits, 8);
  Transfer t{.memory_address = skipped,
             .sram_address = skipped,
             .run_bytes = std::min(near.pixel, used) - skipped};
  t.beat_cycles = chip.dma.store_beat_cycles;
  t.dims[0] = {
      .count = tile.content.rows.count(), .memory_stride = far.row, .sram_stride = near.row};
  t.dims[1] = {
      .count = tile.content.columns.count(), .memory_stride = far.pixel, .sram_stride = near.pixel};
  return t;
}

Transfer block_transfer(const ChipSpec& chip, const Tile& tile, const Strides& far,
                        const Strides& near, std::int64_t blocks, bool store) {
  Transfer t{.run_bytes = tile.content.columns.count() * near.pixel};
  std::int64_t rows = tile.content.rows.count();
  t.beat_cycles = store         ? chip.dma.store_beat_cycles
                  : blocks == 1 ? chip.dma.feature_beat_cycles
                                : chip.dma.paired_beat_cycles;
  if (!store && read_by_pixel(chip, *tile.map)) {  // few channels: one block
    t.run_bytes = near.pixel;
    t.dims[0] = {.count = rows, .memory_stride = far.row, .sram_stride = near.row};
    t.dims[1] = {.count = tile.content.columns.count(),
                 .memory_stride = far.pixel,
                 .sram_stride = near.pixel};
    return t;
  }
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

}  // namespace

FeatureTransfers feature_transfers(const ChipSpec& chip, const TileLayout& layout, const Tile& tile,
                                   bool store) {
  const Strides far = layout.stored_strides(tile), near = layout.frame_strides(tile);
  std::int64_t blocks = layout.blocks_of(tile);
  const std::int64_t lane =
      (tile.content.channels.begin + layout.lane_shift(tile)) % tile.map->atom;
  FeatureTransfers all;
  const bool in_lanes = store && lane > 0;
  if (in_lanes) {
    all.parts[all.count++] = lane_transfer(chip, tile, far, near, lane);
    --blocks;
  }
  if (blocks == 0) return all;
  Transfer t = block_transfer(chip, tile, far, near, blocks, store);
  if (in_lanes) {
    t.memory_address += far.block;
    t.sram_address += near.block;
  }
  all.parts[all.count++] = t;
  return all;
}

}  // namespace presil
