#include "sim/addresses.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {

namespace {

/// Bytes of weights as they are stored: compressed.
std::int64_t stored(std::int64_t bytes, double ratio) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) * ratio));
}

}  // namespace

Addresses::Addresses(const ChipSpec& chip, const FusedNetwork& network, const MemoryPlan& plan)
    : chip_(chip), network_(network), plan_(plan), layout_(network) {
  place_weights();
}

void Addresses::place_weights() {
  // Behind the feature maps that the same memory holds. Every stage has its own, packed in the
  // order of its tiles.
  std::int64_t at = 0, expanded_at = 0;
  const int memory = chip_.memory_index(chip_.placement.weights);
  for (std::size_t s = 0; s < network_.storages.size(); ++s)
    if (plan_.memory[s] == memory && plan_.memory_address[s] >= 0)
      at = std::max(at, plan_.memory_address[s] + network_.storages[s].bytes());
  for (const FusionGroup& group : network_.groups) {
    stored_.emplace_back();
    expanded_.emplace_back();
    for (const Stage& stage : group.stages) {
      stored_.back().push_back(place_stage(stage, at, true));
      expanded_.back().push_back(place_stage(stage, expanded_at, false));
    }
  }
  const MemorySpec& spec = chip_.memories[static_cast<std::size_t>(memory)];
  const auto end = static_cast<double>(at);
  if (spec.kib > 0 && end > spec.kib * 1024)
    throw Error(
        "weights and what lies beside them need {:.0f} bytes of memory '{}' of {} KiB; "
        "memories.{}.kib of at least {:.0f} or another placement.weights would do",
        end, spec.name, spec.kib, spec.name, std::ceil(end / 1024));
}

Addresses::StageBase Addresses::place_stage(const Stage& s, std::int64_t& at,
                                            bool compressed) const {
  const auto place = [&](std::int64_t bytes) {
    if (bytes == 0) return std::int64_t{0};
    const std::int64_t base = round_up(at, chip_.dma.burst_bytes);
    at = base + (compressed ? stored(bytes, s.stored_ratio) : bytes);
    return base;
  };
  StageBase base;
  if (s.kind == StageKind::kMac && !s.weights_are_activations)
    base.weights = place(s.weight_bytes(s.out.channels, s.reduction) * s.weight_copies());
  if (s.kind == StageKind::kRecurrent) {
    const std::int64_t sums = s.gates * s.hidden;
    base.weights = place(s.weight_bytes(sums, s.reduction) * s.directions);
    base.recurrent = place(ceil_div(s.directions * sums * s.hidden * s.weight_bits, 8));
  }
  base.constants = place(s.constant_bytes);
  if (!compressed) base.table = place(s.table_bytes);
  return base;
}

void Addresses::enter(std::size_t group_index) {
  const FusionGroup& group = network_.groups[group_index];
  group_index_ = group_index;
  buffers_ =
      buffers_of(plan_.around(chip_, network_, group_index), group, plan_.mappings[group_index]);
  kept_offset_.clear();
  kept_constants_.clear();
  std::int64_t kept = plan_.kept_weights[group_index];
  for (const Stage& stage : group.stages) {
    kept_offset_.push_back(kept);
    kept += weight_total_of(stage) - aligned(stage.constant_bytes);
    kept_constants_.push_back(kept);
    kept += aligned(stage.constant_bytes);
  }
  stages_begin_ = group.stages.data();
}

std::int64_t Addresses::buffer_base(int buffer, int slot) const {
  return plan_.buffer_address[group_index_][static_cast<std::size_t>(buffer)] +
         slot * buffers_[static_cast<std::size_t>(buffer)].slot_bytes;
}

std::int64_t Addresses::frame_address(const Tile& tile, const Strides& s) const {
  const std::int64_t rows = tile.frame.rows.count(), lane = layout_.lane_shift(tile);
  const std::int64_t row =
      tile.ring ? tile.content.rows.begin % rows : tile.content.rows.begin - tile.frame.rows.begin;
  const std::int64_t block = (tile.content.channels.begin + lane) / tile.map->atom -
                             (tile.frame.channels.begin + lane) / tile.map->atom;
  const std::int64_t column = tile.content.columns.begin - tile.frame.columns.begin;
  return buffer_base(tile.buffer, tile.slot) + row * s.row + block * s.block + column * s.pixel;
}

SramView Addresses::sram_view(const Tile& tile, Element element) const {
  const bool resident = tile.buffer < 0;
  const Strides s = resident ? layout_.stored_strides(tile) : layout_.frame_strides(tile);
  SramView view{.row_stride = s.row, .block_stride = s.block, .pixel_stride = s.pixel};
  view.address = resident
                     ? plan_.sram_address[storage_of(tile.tensor)] + layout_.stored_offset(tile, s)
                     : frame_address(tile, s);
  view.atom = tile.map->atom;
  view.lane = (tile.content.channels.begin + layout_.lane_shift(tile)) % tile.map->atom;
  view.element = element;
  if (tile.ring) {
    view.ring_rows = tile.frame.rows.count();
    view.address -= tile.content.rows.begin % view.ring_rows * s.row;
  }
  view.box = {tile.content.rows.begin,     tile.content.rows.count(),
              tile.content.columns.begin,  tile.content.columns.count(),
              tile.content.channels.begin, tile.content.channels.count()};
  return view;
}

Region Addresses::region_of(const Tile& tile) const {
  if (tile.map == nullptr) return {};
  if (tile.buffer >= 0 && tile.frame.rows.count() == 0)  // a recurrent stage's scratch
    return {buffer_base(tile.buffer, 0), buffers_[static_cast<std::size_t>(tile.buffer)].bytes()};
  const bool resident = tile.buffer < 0;
  const Strides s = resident ? layout_.stored_strides(tile) : layout_.frame_strides(tile);
  const std::int64_t rows = tile.content.rows.count();
  if (tile.ring &&
      tile.content.rows.begin % tile.frame.rows.count() + rows > tile.frame.rows.count())
    return {buffer_base(tile.buffer, tile.slot), tile.frame.rows.count() * s.row};
  std::int64_t address =
      resident ? plan_.sram_address[storage_of(tile.tensor)] + layout_.stored_offset(tile, s)
               : frame_address(tile, s);
  std::int64_t run =
      (layout_.blocks_of(tile) - 1) * s.block + tile.content.columns.count() * s.pixel;
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
  return {kept_weights(w), w.bytes};
}

std::int64_t Addresses::kept_weights(const WeightTile& w) const {
  // Behind a recurrent stage's input weights are those of its steps.
  const Stage& stage = *w.stage;
  const std::int64_t behind =
      stage.kind == StageKind::kRecurrent && w.tensor == stage.recurrent_weights
          ? stage.weight_bytes(stage.gates * stage.hidden, stage.reduction) * stage.directions
          : 0;
  return kept_offset_[static_cast<std::size_t>(w.stage - stages_begin_)] + behind + w.offset;
}

Region Addresses::constants_region(const ComputeTile& tile) const {
  const Stage& stage = *tile.stage;
  if (stage.constant_bytes == 0) return {};
  if (tile.constants >= 0) return {buffer_base(tile.constants, 0), stage.constant_bytes};
  return {kept_constants_[static_cast<std::size_t>(tile.stage - stages_begin_)],
          stage.constant_bytes};
}

std::int64_t Addresses::base_of(const StageBase& base, const WeightTile& tile) const {
  if (tile.tensor == kNoTensor) return base.constants;
  const Stage& stage = *tile.stage;
  return stage.kind == StageKind::kRecurrent && tile.tensor == stage.recurrent_weights
             ? base.recurrent
             : base.weights;
}

std::int64_t Addresses::weights_in_memory(const WeightTile& tile) const {
  return base_of(base_of(stored_, tile.stage), tile) +
         stored(tile.offset, tile.stage->stored_ratio);
}

std::int64_t Addresses::expanded_weights(const WeightTile& tile) const {
  return base_of(base_of(expanded_, tile.stage), tile) + tile.offset;
}

}  // namespace presil
