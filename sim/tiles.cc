#include "sim/tiles.h"

#include <algorithm>
#include <numeric>

namespace presil {

std::vector<Rows> cut(Rows range, std::int64_t length) {
  std::vector<Rows> runs;
  for (std::int64_t at = range.begin; at < range.end; at += length)
    runs.push_back({at, std::min(range.end, at + length)});
  return runs;
}

std::vector<Part> parts_of(const ChipSpec& chip, const Stage& stage, CoreSplit split) {
  const Rows rows{0, stage.out.rows}, outputs{0, stage.out.channels};
  std::vector<Part> parts;
  switch (split) {
    case CoreSplit::kNone:
      return {{rows, outputs}};
    case CoreSplit::kRows:
      for (const Rows run : cut(rows, ceil_div(stage.out.rows, chip.cores)))
        parts.push_back({run, outputs});
      return parts;
    case CoreSplit::kOutputs: {
      const std::int64_t step = core_step(stage);
      const std::int64_t steps = ceil_div(stage.out.channels, step);
      for (const Rows run : cut(outputs, ceil_div(steps, chip.cores) * step))
        parts.push_back({rows, run});
      return parts;
    }
  }
  return parts;
}

StageTiles::StageTiles(const Stage& stage, const StageMapping& mapping, const Part& part) {
  const std::vector<Rows> rows = cut(part.rows, mapping.rows);
  const std::vector<Rows> columns = cut({0, stage.out.columns}, mapping.columns);
  const Rows images = part.image < 0 ? Rows{0, stage.out.batch} : Rows{part.image, part.image + 1};
  for (std::int64_t image = images.begin; image < images.end; ++image)
    for (const Rows r : rows)
      for (const Rows c : columns) positions.push_back({image, r, c});
  outputs = cut(part.outputs, mapping.outputs);
  const Rows sum{0, std::max<std::int64_t>(1, stage.reduction)};
  channels = stage.cuts_sum() ? cut(sum, mapping.channels) : std::vector<Rows>{sum};
}

Rows input_channels(const Stage& stage, Rows outputs, Rows channels) {
  if (stage.channelwise)
    return {outputs.begin, std::min(outputs.end, std::max(outputs.begin + 1, stage.in.channels))};
  if (stage.kind != StageKind::kMac || stage.whole_channels) return {0, stage.in.channels};
  if (stage.groups > 1) {
    // Whole blocks come in, also where a group's inputs begin within one.
    const std::int64_t per_group = stage.group_outputs();
    const std::int64_t begin = outputs.begin / per_group * stage.reduction;
    const std::int64_t end = ceil_div(outputs.end, per_group) * stage.reduction;
    return {begin / stage.in.atom * stage.in.atom,
            std::min(stage.in.channels, round_up(end, stage.in.atom))};
  }
  if (stage.reach == Reach::kWhole) return {0, stage.in.channels};  // a transposed operand
  return channels;
}

std::int64_t tile_bytes(const FeatureMap& map, std::int64_t rows, std::int64_t columns,
                        std::int64_t channels) {
  return rows * ceil_div(channels, map.atom) * columns * map.pixel_bytes();
}

bool is_broadcast(const Stage& stage, const Operand& operand) {
  return operand.map.rows != stage.out.rows || operand.map.columns != stage.out.columns ||
         operand.map.channels != stage.out.channels || operand.map.batch != stage.out.batch;
}

namespace {

/// Channels of the blocks that a tile's outputs meet.
std::int64_t block_of(const Stage& stage) {
  std::int64_t atom = stage.channelwise ? std::lcm(stage.out.atom, stage.in.atom) : stage.out.atom;
  for (const Operand& operand : stage.operands)
    if (!is_broadcast(stage, operand)) atom = std::lcm(atom, operand.map.atom);
  if (stage.weights_are_activations && !stage.weights_transposed)
    atom = std::lcm(atom, stage.weight_map.atom);
  return atom;
}

}  // namespace

std::int64_t output_step(const Stage& stage) {
  if (stage.whole_channels) return stage.out.channels;
  const std::int64_t block = block_of(stage);
  if (stage.groups > 1 && stage.group_outputs() % block == 0) return block;
  return core_step(stage);
}

std::int64_t core_step(const Stage& stage) {
  if (stage.whole_channels) return stage.out.channels;
  std::int64_t step = block_of(stage);
  if (stage.groups > 1) step = std::lcm(step, stage.group_outputs());
  return std::min(step, stage.out.channels);
}

}  // namespace presil
