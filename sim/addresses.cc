#include "sim/addresses.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {

namespace {

const FeatureMap& storage_map(const FusedNetwork& network, const TensorView& view) {
  return network.storages[static_cast<std::size_t>(view.storage)].map;
}

}  // namespace

Addresses::Addresses(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
                     const MemoryPlan& plan, const PrecisionPlan& precision)
    : chip_(chip), network_(network), plan_(plan) {
  place_weights(graph, precision);
}

void Addresses::place_weights(const Graph& graph, const PrecisionPlan& precision) {
  weight_base_.assign(graph.tensors().size(), 0);
  // Behind the feature maps that the same memory holds.
  std::int64_t at = 0;
  const int memory = chip_.memory_index(chip_.placement.weights);
  for (std::size_t s = 0; s < network_.storages.size(); ++s)
    if (plan_.memory[s] == memory && plan_.memory_address[s] >= 0)
      at = std::max(at, plan_.memory_address[s] + network_.storages[s].bytes());
  const std::int64_t burst = chip_.dma.burst_bytes;
  for (std::size_t t = 0; t < graph.tensors().size(); ++t) {
    const TensorDesc& tensor = graph.tensors()[t];
    if (!tensor.constant || view_of(static_cast<TensorId>(t)).storage >= 0) continue;
    at = round_up(at, burst);
    weight_base_[t] = at;
    const std::int64_t count = element_count(tensor.shape);
    // Biases and scales travel with the weights: room for 8 bytes an output channel.
    const std::int64_t extra = tensor.shape.empty() ? 0 : 16 * tensor.shape[0];
    at += stored(ceil_div(count * precision.bits(static_cast<TensorId>(t)), 8) + extra);
  }
  constants_base_ = round_up(at, burst);
  const MemorySpec& spec = chip_.memories[static_cast<std::size_t>(memory)];
  const double end = static_cast<double>(constants_base_ + most_constants());
  if (spec.kib > 0 && end > spec.kib * 1024)
    throw Error(
        "weights and what lies beside them need {:.0f} bytes of memory '{}' of {} KiB; "
        "memories.{}.kib of at least {:.0f} or another placement.weights would do",
        end, spec.name, spec.kib, spec.name, std::ceil(end / 1024));
}

std::int64_t Addresses::most_constants() const {
  std::int64_t most = 0;
  for (const FusionGroup& group : network_.groups)
    for (const Stage& stage : group.stages) most = std::max(most, stored(stage.constant_bytes));
  return most;
}

std::int64_t Addresses::stored(std::int64_t bytes) const {
  return static_cast<std::int64_t>(
      std::ceil(static_cast<double>(bytes) * chip_.weight_compression));
}

void Addresses::enter(std::size_t group_index) {
  const FusionGroup& group = network_.groups[group_index];
  group_index_ = group_index;
  buffers_ =
      buffers_of(plan_.around(chip_, network_, group_index), group, plan_.mappings[group_index]);
  kept_offset_.clear();
  std::int64_t kept = plan_.kept_weights[group_index];
  for (const Stage& stage : group.stages) {
    kept_offset_.push_back(kept);
    if (stage.kind == StageKind::kMac && !stage.weights_are_activations)
      kept += stage.weight_bytes(stage.out.channels, stage.reduction);
  }
  stages_begin_ = group.stages.data();
}

std::int64_t Addresses::buffer_base(int buffer, int slot) const {
  return plan_.buffer_address[group_index_][static_cast<std::size_t>(buffer)] +
         slot * buffers_[static_cast<std::size_t>(buffer)].slot_bytes;
}

Strides stored_strides(const FusedNetwork& network, const Tile& tile) {
  const FeatureMap& whole =
      storage_map(network, network.views[static_cast<std::size_t>(tile.tensor)]);
  const bool same = whole.columns == tile.map->columns && whole.bits == tile.map->bits &&
                    whole.atom == tile.map->atom;
  const FeatureMap& map = same ? whole : *tile.map;
  return {map.row_bytes(), map.block_bytes(), map.pixel_bytes()};
}

std::int64_t stored_offset(const FusedNetwork& network, const Tile& tile, const Strides& s) {
  const TensorView& view = network.views[static_cast<std::size_t>(tile.tensor)];
  const std::int64_t ring = network.storages[static_cast<std::size_t>(view.storage)].ring_rows;
  const std::int64_t row =
      ring > 0 ? tile.content.rows.begin % ring
               : tile.image * tile.map->rows + tile.content.rows.begin + view.row + tile.row_shift;
  const std::int64_t channel = tile.content.channels.begin + view.channel + tile.channel_shift;
  const std::int64_t at =
      row * s.row + channel / tile.map->atom * s.block + tile.content.columns.begin * s.pixel;
  const FeatureMap& map = storage_map(network, view);
  // A view through another shape may count bytes differently at its end: never beyond it.
  return std::min(at, std::max<std::int64_t>(0, map.bytes() - 1));
}

Strides Addresses::frame_strides(const Tile& tile) {
  const std::int64_t pixel = tile.map->pixel_bytes();
  const std::int64_t block = tile.frame.columns.count() * pixel;
  return {ceil_div(tile.frame.channels.count(), tile.map->atom) * block, block, pixel};
}

std::int64_t Addresses::blocks_of(const Tile& tile) {
  const std::int64_t first = tile.content.channels.begin / tile.map->atom;
  return std::max<std::int64_t>(1, ceil_div(tile.content.channels.end, tile.map->atom) - first);
}

std::int64_t Addresses::frame_address(const Tile& tile, const Strides& s) const {
  const std::int64_t rows = tile.frame.rows.count();
  const std::int64_t row =
      tile.ring ? tile.content.rows.begin % rows : tile.content.rows.begin - tile.frame.rows.begin;
  const std::int64_t block =
      tile.content.channels.begin / tile.map->atom - tile.frame.channels.begin / tile.map->atom;
  const std::int64_t column = tile.content.columns.begin - tile.frame.columns.begin;
  return buffer_base(tile.buffer, tile.slot) + row * s.row + block * s.block + column * s.pixel;
}

Region Addresses::region_of(const Tile& tile) const {
  if (tile.map == nullptr) return {};
  if (tile.buffer >= 0 && tile.frame.rows.count() == 0)  // a recurrent stage's scratch
    return {buffer_base(tile.buffer, 0), buffers_[static_cast<std::size_t>(tile.buffer)].bytes()};
  const bool resident = tile.buffer < 0;
  const Strides s = resident ? stored_strides(network_, tile) : frame_strides(tile);
  const std::int64_t rows = tile.content.rows.count();
  if (tile.ring &&
      tile.content.rows.begin % tile.frame.rows.count() + rows > tile.frame.rows.count())
    return {buffer_base(tile.buffer, tile.slot), tile.frame.rows.count() * s.row};
  std::int64_t address =
      resident ? plan_.sram_address[storage_of(tile.tensor)] + stored_offset(network_, tile, s)
               : frame_address(tile, s);
  std::int64_t run = (blocks_of(tile) - 1) * s.block + tile.content.columns.count() * s.pixel;
  Region region{address, run, rows, s.row};
  if (rows == 1 || run >= s.row) region = {address, (rows - 1) * s.row + run, 1, 0};
  if (resident) clip(region, tile.tensor);
  return region;
}

void Addresses::clip(Region& region, TensorId tensor) const {
  const std::size_t s = storage_of(tensor);
  const std::int64_t end = plan_.sram_address[s] + network_.storages[s].map.bytes();
  if (region.runs == 1)
    region.run_bytes = std::max<std::int64_t>(1, std::min(region.run_bytes, end - region.address));
  else if (region.address + (region.runs - 1) * region.stride + region.run_bytes > end)
    region = {region.address, std::max<std::int64_t>(1, end - region.address), 1, 0};
}

bool Addresses::share_memory(std::size_t a, std::size_t b) const {
  const std::int64_t at_a = plan_.memory_address[a], at_b = plan_.memory_address[b];
  return at_a >= 0 && at_b >= 0 && plan_.memory[a] == plan_.memory[b] &&
         at_a < at_b + network_.storages[b].bytes() && at_b < at_a + network_.storages[a].bytes();
}

Region Addresses::weight_region(const ComputeTile& tile) const {
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

std::int64_t Addresses::weights_in_memory(const WeightTile& tile) const {
  return (tile.tensor == kNoTensor ? constants_base_
                                   : weight_base_[static_cast<std::size_t>(tile.tensor)]) +
         stored(tile.offset);
}

}  // namespace presil
