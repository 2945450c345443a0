#include "sim/tile_layout.h"

#include <algorithm>

namespace presil {

Strides TileLayout::stored_strides(const Tile& tile) const {
  const FeatureMap& whole = storage_of(tile).map;
  const bool same = (whole.columns == tile.map->columns || tile.column_part) &&
                    whole.bits == tile.map->bits && whole.atom == tile.map->atom &&
                    (tile.map->channels == whole.channels ||
                     (tile.map->channels < whole.channels &&  // a part, no row of single results
                      tile.map->batch * tile.map->rows <= whole.batch * whole.rows));
  const FeatureMap& map = same ? whole : *tile.map;
  return {map.row_bytes(), map.block_bytes(), map.pixel_bytes()};
}

std::int64_t TileLayout::stored_offset(const Tile& tile, const Strides& s) const {
  const TensorView& view = view_of(tile);
  const std::int64_t rows = tile.image_rows > 0 ? tile.image_rows : tile.map->rows;
  const std::int64_t ring = storage_of(tile).ring_rows;
  const std::int64_t row =
      ring > 0 ? tile.content.rows.begin % ring
               : tile.image * rows + tile.content.rows.begin + view.row + tile.row_shift;
  const std::int64_t channel = tile.content.channels.begin + view.channel + tile.channel_shift;
  const std::int64_t column = tile.content.columns.begin + tile.column_shift;
  const std::int64_t at = row * s.row + channel / tile.map->atom * s.block + column * s.pixel;
  // A view through another shape may count bytes differently at its end: never beyond it.
  return std::min(at, std::max<std::int64_t>(0, storage_of(tile).map.bytes() - 1));
}

std::int64_t TileLayout::lane_shift(const Tile& tile) const {
  if (tile.tensor == kNoTensor) return 0;
  return (view_of(tile).channel + tile.channel_shift) % tile.map->atom;
}

Strides TileLayout::frame_strides(const Tile& tile) const {
  const std::int64_t pixel = tile.map->pixel_bytes(), atom = tile.map->atom;
  const std::int64_t block = tile.frame.columns.count() * pixel, lane = lane_shift(tile);
  const Rows& channels = tile.frame.channels;
  const std::int64_t blocks = ceil_div(channels.end + lane, atom) - (channels.begin + lane) / atom;
  return {std::max<std::int64_t>(1, blocks) * block, block, pixel};
}

std::int64_t TileLayout::blocks_of(const Tile& tile) const {
  const std::int64_t atom = tile.map->atom, lane = lane_shift(tile);
  const std::int64_t first = (tile.content.channels.begin + lane) / atom;
  return std::max<std::int64_t>(1, ceil_div(tile.content.channels.end + lane, atom) - first);
}

}  // namespace presil
