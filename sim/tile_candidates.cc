#include "sim/tile_candidates.h"

#include <algorithm>
#include <array>
#include <set>

#include "sim/tiles.h"

namespace presil {

namespace {

/// Buffer choices: {input, weight, output} slots.
constexpr int kSlots[][3] = {{2, 2, 2},         {kHeld, 2, 2}, {2, kHeld, 2}, {kHeld, kHeld, 2},
                             {kHeld, 1, 2},     {2, 1, 2},     {1, 2, 2},     {1, 1, 2},
                             {kHeld, kHeld, 1}, {kHeld, 2, 1}, {2, kHeld, 1}, {1, 1, 1}};

bool contains(const std::vector<std::array<int, 3>>& slots, const std::array<int, 3>& choice) {
  return std::find(slots.begin(), slots.end(), choice) != slots.end();
}

/// The choices that differ: what is in SRAM anyway needs no buffer.
std::vector<std::array<int, 3>> slots_of(const Surroundings& around, const Stage& stage) {
  const bool weights_matter =
      stage.kind == StageKind::kMac &&
      (stage.weights_are_activations ? !around.is_resident(stage.weights) : !around.weights_stay);
  std::vector<std::array<int, 3>> slots;
  for (const auto& [input, weights, output] : kSlots) {
    const std::array<int, 3> choice{around.is_resident(stage.input) ? 2 : input,
                                    weights_matter ? weights : 2,
                                    around.is_resident(stage.output) ? 2 : output};
    if (!contains(slots, choice)) slots.push_back(choice);
  }
  return slots;
}

std::vector<std::int64_t> column_sizes(const Stage& stage) {
  if (stage.reach != Reach::kWindow && stage.reach != Reach::kSame) return {stage.out.columns};
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = 8; size < stage.out.columns; size *= 2) sizes.push_back(size);
  sizes.push_back(stage.out.columns);
  return sizes;
}

/// Multiples at which the search cuts a sum.
std::int64_t channel_multiple(const ChipSpec& chip, const Stage& stage) {
  if (!stage.cuts_sum()) return std::max<std::int64_t>(1, stage.reduction);
  if (stage.sums_rows) return 1;
  const std::int64_t dot = chip.mac_array.modes[static_cast<std::size_t>(stage.mode)].dot_length;
  return round_up(dot, stage.in.atom);
}

/// `sizes` and the first multiples of `step` below the extent.
std::vector<std::int64_t> with_multiples(const std::vector<std::int64_t>& sizes,
                                         std::int64_t step) {
  constexpr std::int64_t kMultiples = 16;
  std::set<std::int64_t> all(sizes.begin(), sizes.end());
  for (std::int64_t i = 1; i <= kMultiples && i * step < sizes.back(); ++i) all.insert(i * step);
  return {all.begin(), all.end()};
}

std::int64_t output_multiple(const ChipSpec& chip, const Stage& stage) {
  const std::int64_t step = output_step(stage);
  if (stage.kind != StageKind::kMac || stage.mac == MacOp::kDepthwise) return step;
  return round_up(chip.mac_array.modes[static_cast<std::size_t>(stage.mode)].parallelism_factor,
                  step);
}

std::vector<StageMapping> recurrent_candidates(const Surroundings& around,
                                               const FusionGroup& group) {
  std::vector<StageMapping> found;
  const Stage& stage = group.stages[0];
  const std::int64_t sums = stage.gates * stage.hidden;
  const std::int64_t step =
      around.chip.mac_array.modes[static_cast<std::size_t>(stage.mode)].parallelism_factor;
  // Fewer steps at once load the input weights again: only where all of them do not fit.
  for (std::int64_t steps = stage.steps; found.empty() && steps > 0; steps /= 2)
    for (const bool hold : {true, false})
      for (const std::int64_t outputs : tile_sizes(sums, step)) {
        StageMapping m = whole_stage(stage);
        m.outputs = outputs;
        m.hold_recurrent = hold;
        m.steps = steps == stage.steps ? 0 : steps;
        Mapping mapping{.stages = {m}};
        if (footprint(around, group, mapping) <= around.room) found.push_back(m);
      }
  return found;
}

}  // namespace

std::vector<std::int64_t> tile_sizes(std::int64_t extent, std::int64_t step) {
  std::set<std::int64_t> sizes{extent};
  for (std::int64_t size = step; size < extent; size *= 2) sizes.insert(size);
  for (const std::int64_t parts : {2, 3, 4, 5, 6, 8, 12}) {
    const std::int64_t size = round_up(ceil_div(extent, parts), step);
    if (size < extent) sizes.insert(size);
  }
  return {sizes.begin(), sizes.end()};
}

std::vector<CoreSplit> splits_of(const ChipSpec& chip, const FusionGroup& group) {
  if (chip.cores == 1 || group.is_cascade()) return {CoreSplit::kNone};
  for (const Stage& stage : group.stages)
    if (stage.kind == StageKind::kHost || stage.kind == StageKind::kRecurrent)
      return {CoreSplit::kNone};
  std::vector<CoreSplit> splits{CoreSplit::kNone};
  const Stage& stage = group.stages.back();
  if (stage.out.rows > 1) splits.push_back(CoreSplit::kRows);
  if (!stage.whole_channels && stage.out.channels > core_step(stage) && group.stages.size() == 1)
    splits.push_back(CoreSplit::kOutputs);
  return splits;
}

StageMapping without_spare_slots(const Stage& stage, const Part& part, StageMapping m) {
  if (stage.kind != StageKind::kMac || m.weight_slots == kHeld) return m;
  const std::int64_t images = stage.weight_copies();
  const std::int64_t tiles = images * ceil_div(part.outputs.count(), m.outputs) *
                             ceil_div(std::max<std::int64_t>(1, stage.reduction), m.channels);
  if (tiles <= m.weight_slots) m.weight_slots = kHeld;
  return m;
}

StageMapping whole_stage(const Stage& stage) {
  return {.rows = stage.out.rows,
          .columns = stage.out.columns,
          .outputs = stage.out.channels,
          .channels = std::max<std::int64_t>(1, stage.reduction)};
}

bool crosses_a_port(const Surroundings& around, const Stage& stage) {
  return !around.is_resident(stage.input) || !around.is_resident(stage.output);
}

TileAxes tile_axes(const Surroundings& around, const Stage& stage, CoreSplit split) {
  const Part part = parts_of(around.chip, stage, split).front();
  TileAxes axes;
  axes.rows = tile_sizes(part.rows.count(), 1);
  // Columns are cut where that changes what crosses a port.
  axes.columns = crosses_a_port(around, stage) ? column_sizes(stage)
                                               : std::vector<std::int64_t>{stage.out.columns};
  axes.outputs = stage.whole_channels
                     ? std::vector<std::int64_t>{stage.out.channels}
                     : tile_sizes(part.outputs.count(), output_multiple(around.chip, stage));
  const std::int64_t step = channel_multiple(around.chip, stage);
  axes.channels = tile_sizes(std::max<std::int64_t>(1, stage.reduction), step);
  axes.fine_channels = with_multiples(axes.channels, step);
  axes.fine_outputs = stage.whole_channels
                          ? axes.outputs
                          : with_multiples(axes.outputs, output_multiple(around.chip, stage));
  axes.slots = slots_of(around, stage);
  return axes;
}

std::vector<StageMapping> neighbours(const TileAxes& axes, const StageMapping& m) {
  std::vector<StageMapping> result;
  const auto next = [](const std::vector<std::int64_t>& sizes, std::int64_t now, int step) {
    const auto at = std::lower_bound(sizes.begin(), sizes.end(), now) - sizes.begin() + step;
    return at < 0 || at >= static_cast<std::ptrdiff_t>(sizes.size())
               ? std::int64_t{0}
               : sizes[static_cast<std::size_t>(at)];
  };
  using Axis = std::int64_t StageMapping::*;
  struct Sizes {
    Axis axis;
    const std::vector<std::int64_t>*coarse, *fine;
  };
  const Sizes all[] = {{&StageMapping::rows, &axes.rows, &axes.rows},
                       {&StageMapping::columns, &axes.columns, &axes.columns},
                       {&StageMapping::outputs, &axes.outputs, &axes.fine_outputs},
                       {&StageMapping::channels, &axes.channels, &axes.fine_channels}};
  for (const auto& [axis, coarse, fine] : all)
    for (const auto* sizes : {coarse, fine})
      for (const int step : {-1, 1, -2, 2}) {
        StageMapping other = m;
        other.*axis = next(*sizes, m.*axis, step);
        if (other.*axis > 0) result.push_back(other);
      }
  StageMapping flipped = m;
  flipped.order =
      m.order == LoopOrder::kPositionsOuter ? LoopOrder::kOutputsOuter : LoopOrder::kPositionsOuter;
  result.push_back(flipped);
  for (const auto& [input, weights, output] : axes.slots) {
    StageMapping other = m;
    other.input_slots = input, other.weight_slots = weights, other.output_slots = output;
    result.push_back(other);
  }
  // Longer one way and shorter the other.
  for (const Sizes& grown : all)
    for (const Sizes& cut : all) {
      if (grown.axis == cut.axis) continue;
      StageMapping other = m;
      other.*grown.axis = next(*grown.coarse, m.*grown.axis, 1);
      other.*cut.axis = next(*cut.coarse, m.*cut.axis, -1);
      if (other.*grown.axis > 0 && other.*cut.axis > 0) result.push_back(other);
    }
  return result;
}

std::vector<int> prefetch_depths(const Surroundings& around, const FusionGroup& group,
                                 const Mapping& mapping) {
  if (mapping.chain || group.stages.size() != 1) return {};
  const Stage& stage = group.stages[0];
  if (stage.kind != StageKind::kMac || stage.weights_are_activations ||
      mapping.stages[0].weight_slots == kHeld || around.weights_stay)
    return {};
  Mapping deeper = mapping;
  StageMapping& m = deeper.stages[0];
  std::vector<int> depths;
  const auto tiles = static_cast<int>(ceil_div(stage.out.channels, m.outputs) *
                                      ceil_div(stage.reduction, m.channels));
  for (int slots = tiles; slots > mapping.stages[0].weight_slots; slots = slots * 3 / 4) {
    m.weight_slots = slots;
    if (footprint(around, group, deeper) <= around.room / around.chip.cores)
      depths.push_back(slots);
  }
  return depths;
}

std::vector<StageMapping> stage_candidates(const Surroundings& around, const FusionGroup& group,
                                           std::size_t number, CoreSplit split) {
  const Stage& stage = group.stages[number];
  if (stage.kind == StageKind::kRecurrent) return recurrent_candidates(around, group);
  const Part part = parts_of(around.chip, stage, split).front();
  std::vector<StageMapping> found;
  const FusionGroup alone{.name = group.name, .stages = {stage}};
  const auto try_one = [&](StageMapping m) {
    if (why_illegal(around, alone, {.stages = {m}, .split = split}).empty()) found.push_back(m);
  };
  const TileAxes axes = tile_axes(around, stage, split);
  for (const std::int64_t columns : axes.columns)
    for (const std::int64_t rows : axes.rows)
      for (const std::int64_t k : axes.outputs)
        for (const std::int64_t c : axes.channels)
          for (const LoopOrder order : {LoopOrder::kPositionsOuter, LoopOrder::kOutputsOuter}) {
            const bool one_order = rows == part.rows.count() && columns == stage.out.columns;
            if (order == LoopOrder::kOutputsOuter && (one_order || k == part.outputs.count()))
              continue;
            for (const auto& [input, weights, output] : axes.slots) {
              const StageMapping m{.rows = rows,
                                   .columns = columns,
                                   .outputs = k,
                                   .channels = c,
                                   .order = order,
                                   .input_slots = input,
                                   .weight_slots = weights,
                                   .output_slots = output};
              const int needed = without_spare_slots(stage, part, m).weight_slots;
              if (needed == weights || !contains(axes.slots, {input, needed, output})) try_one(m);
            }
          }
  if (found.empty() && !stage.whole_channels)  // the smallest steps of the layout
    for (const std::int64_t k : {output_step(stage)})
      for (const std::int64_t c :
           {stage.sums_rows ? 1
                            : std::min(stage.in.atom, std::max<std::int64_t>(1, stage.reduction))})
        try_one({.rows = 1,
                 .columns = column_sizes(stage).back(),
                 .outputs = k,
                 .channels = c,
                 .input_slots = 1,
                 .weight_slots = 1,
                 .output_slots = 1});
  return found;
}

std::int64_t smallest_footprint(const Surroundings& around, const FusionGroup& group) {
  std::int64_t total = 0;
  for (const Stage& stage : group.stages) {
    if (stage.kind == StageKind::kHost) continue;
    StageMapping m{.rows = 1,
                   .columns = column_sizes(stage).back(),
                   .outputs = stage.whole_channels ? stage.out.channels : output_step(stage),
                   .channels = std::max<std::int64_t>(1, stage.reduction),
                   .input_slots = 1,
                   .weight_slots = 1,
                   .output_slots = 1,
                   .hold_recurrent = false};
    if (stage.cuts_sum()) m.channels = stage.sums_rows ? 1 : std::min(stage.in.atom, m.channels);
    if (stage.kind == StageKind::kRecurrent) m.rows = stage.out.rows, m.steps = 1;
    const FusionGroup alone{.name = group.name, .stages = {stage}};
    const std::int64_t bytes = footprint(around, alone, {.stages = {m}});
    total = group.is_cascade() ? std::max(total, bytes) : total + bytes;
  }
  return total;
}

}  // namespace presil
