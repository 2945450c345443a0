#include "tests/sim/coverage.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/chain.h"

namespace presil::testing {

namespace {

std::string text_of(const Frame& f) {
  return fmt::format("rows {}..{} columns {}..{} channels {}..{}", f.rows.begin, f.rows.end,
                     f.columns.begin, f.columns.end, f.channels.begin, f.channels.end);
}

bool inside(Rows part, Rows whole) { return part.begin >= whole.begin && part.end <= whole.end; }

template <typename F>
void each_element(const FeatureMap& map, std::int64_t image, const Frame& c, F&& f) {
  for (std::int64_t r = c.rows.begin; r < c.rows.end; ++r)
    for (std::int64_t w = c.columns.begin; w < c.columns.end; ++w)
      for (std::int64_t k = c.channels.begin; k < c.channels.end; ++k)
        f(static_cast<std::size_t>(((image * map.rows + r) * map.columns + w) * map.channels + k));
}

/// Rows or columns of the input that an output row needs, from the definition of the operator.
struct Axis {
  std::int64_t kernel, stride, dilation, pad;
};
std::vector<std::int64_t> needs(OpKind kind, const Axis& a, std::int64_t out, std::int64_t out_size,
                                std::int64_t in_size) {
  std::vector<std::int64_t> found;
  if (kind == OpKind::kTransposedConv) {
    for (std::int64_t i = 0; i < in_size; ++i)
      for (std::int64_t k = 0; k < a.kernel; ++k)
        if (i * a.stride - a.pad + k * a.dilation == out) found.push_back(i);
  } else if (kind == OpKind::kResizeBilinear) {
    const double at = (static_cast<double>(out) + 0.5) * static_cast<double>(in_size) /
                          static_cast<double>(out_size) -
                      0.5;
    for (const double i : {std::floor(at), std::floor(at) + 1})
      found.push_back(std::clamp<std::int64_t>(static_cast<std::int64_t>(i), 0, in_size - 1));
  } else {
    for (std::int64_t k = 0; k < a.kernel; ++k) {
      const std::int64_t i = out * a.stride - a.pad + k * a.dilation;
      if (i >= 0 && i < in_size) found.push_back(i);
    }
  }
  return found;
}

}  // namespace

Coverage::Coverage(const Fused& fused, const Surroundings& around, const FusionGroup& group,
                   const Mapping& mapping)
    : fused_(fused),
      around_(around),
      group_(group),
      mapping_(mapping),
      buffers_(buffers_of(around, group, mapping)) {}

void Coverage::fail(const std::string& what) {
  if (problem_.empty()) problem_ = group_.name + ": " + what;
}

void Coverage::walk() {
  const std::int64_t cores = mapping_.split == CoreSplit::kNone ? 1 : around_.chip.cores;
  for (std::int64_t core = 0; core < cores; ++core) {
    slots_.clear();
    Walker<Coverage>(around_, group_, mapping_, buffers_, *this)
        .walk(static_cast<std::size_t>(core));
  }
  check_totals();
}

std::vector<std::uint8_t>& Coverage::counts(std::map<const Stage*, std::vector<std::uint8_t>>& of,
                                            const Stage& stage) {
  auto& found = of[&stage];
  if (found.empty()) found.resize(static_cast<std::size_t>(stage.out.elements()), 0);
  return found;
}

std::size_t Coverage::stage_number(const Stage& stage) const {
  return static_cast<std::size_t>(&stage - group_.stages.data());
}

/// The layout of a slot has to fit the slot.
void Coverage::check_fits(const Tile& tile, std::int64_t rows) {
  const Rows& k = tile.frame.channels;
  const std::int64_t blocks = ceil_div(k.end, tile.map->atom) - k.begin / tile.map->atom;
  const std::int64_t bytes = rows * blocks * tile.frame.columns.count() * tile.map->pixel_bytes();
  const Buffer& buffer = buffers_.at(static_cast<std::size_t>(tile.buffer));
  if (bytes > buffer.slot_bytes)
    fail(fmt::format("{} are {} bytes in a slot of {}", text_of(tile.frame), bytes,
                     buffer.slot_bytes));
  if (tile.slot < 0 || tile.slot >= buffer.slots)
    fail(fmt::format("slot {} of {}", tile.slot, buffer.slots));
  if (!inside(tile.content.columns, tile.frame.columns) ||
      !inside(tile.content.channels, tile.frame.channels) ||
      (!tile.ring && !inside(tile.content.rows, tile.frame.rows)))
    fail(fmt::format("{} lie outside {}", text_of(tile.content), text_of(tile.frame)));
}

void Coverage::load(const Tile& tile) {
  if (tile.image < 0 || tile.image >= tile.map->batch)
    fail(fmt::format("image {} of {} is loaded", tile.image, tile.map->batch));
  if (tile.content.rows.end > tile.map->rows || tile.content.channels.end > tile.map->channels ||
      tile.content.columns.end > tile.map->columns)
    fail(text_of(tile.content) + " are loaded beyond the tensor");
  check_fits(tile, tile.frame.rows.count());
  Slot& slot = slots_[{tile.buffer, tile.slot}];
  if (!(slot.frame == tile.frame) || slot.image != tile.image) slot.boxes.clear();
  slot.frame = tile.frame;
  slot.image = tile.image;
  slot.boxes.push_back({tile.image, tile.content});
}

void Coverage::load_weights(const WeightTile& tile) {
  const Buffer& buffer = buffers_.at(static_cast<std::size_t>(tile.buffer));
  if (tile.bytes > buffer.slot_bytes)
    fail(fmt::format("weights of {} bytes in a slot of {}", tile.bytes, buffer.slot_bytes));
  slots_[{tile.buffer, tile.slot}].weights = {
      {tile.image, tile.outputs.begin, tile.outputs.end, tile.channels.begin, tile.channels.end}};
}

void Coverage::check_there(const Tile& tile, const std::string& what) {
  if (tile.buffer < 0) {
    if (!around_.is_resident(tile.tensor)) fail(what + " is neither resident nor in a buffer");
    return;
  }
  const Slot& slot = slots_[{tile.buffer, tile.slot}];
  for (std::int64_t r = tile.content.rows.begin; r < tile.content.rows.end; ++r) {
    bool there = false;
    if (tile.ring) {
      const auto found = slot.rows.find(r % tile.frame.rows.count());
      there = found != slot.rows.end() && found->second == std::pair{tile.image, r};
    } else {
      there = slot.frame == tile.frame &&
              std::any_of(slot.boxes.begin(), slot.boxes.end(), [&](const Box& box) {
                return box.image == tile.image && r >= box.frame.rows.begin &&
                       r < box.frame.rows.end && inside(tile.content.columns, box.frame.columns) &&
                       inside(tile.content.channels, box.frame.channels);
              });
    }
    if (!there) {
      fail(fmt::format("{}: row {} of image {}, {} is not there", what, r, tile.image,
                       text_of(tile.content)));
      return;
    }
  }
}

/// Does the input tile hold what the definition of the operator says?
void Coverage::check_needs(const ComputeTile& tile) {
  const Stage& stage = *tile.stage;
  const Op& op = fused_.graph.op(stage.op);
  Axis rows{1, 1, 1, 0}, columns{1, 1, 1, 0};
  const auto of_window = [&](const Window& w) {
    rows = {w.kernel_h, w.stride_h, w.dilation_h, w.pad_top};
    columns = {w.kernel_w, w.stride_w, w.dilation_w, w.pad_left};
  };
  if (op.kind == OpKind::kConv || op.kind == OpKind::kDepthwiseConv ||
      op.kind == OpKind::kTransposedConv)
    of_window(op.as<ConvAttrs>().window);
  else if (op.kind == OpKind::kMaxPool || op.kind == OpKind::kAveragePool)
    of_window(op.as<PoolAttrs>().window);
  else if (op.kind == OpKind::kPad && stage.reach == Reach::kWindow)
    rows.pad = op.as<PadAttrs>().before.at(op.as<PadAttrs>().before.size() - 2);
  else if (op.kind != OpKind::kResizeBilinear)
    return;
  const auto check = [&](const Axis& axis, Rows out, std::int64_t out_size, Rows in,
                         std::int64_t in_size, const char* name) {
    for (std::int64_t o = out.begin; o < out.end; ++o)
      for (const std::int64_t i : needs(op.kind, axis, o, out_size, in_size))
        if (i < in.begin || i >= in.end)
          fail(fmt::format("output {} {} needs input {} {}, the tile has {}..{}", name, o, name, i,
                           in.begin, in.end));
  };
  check(rows, tile.output.content.rows, stage.out.rows, tile.input.content.rows, stage.in.rows,
        "row");
  if (op.kind != OpKind::kPad)
    check(columns, tile.output.content.columns, stage.out.columns, tile.input.content.columns,
          stage.in.columns, "column");
}

void Coverage::write(const Tile& tile) {
  if (tile.buffer < 0) return;
  check_fits(tile, tile.frame.rows.count());
  Slot& slot = slots_[{tile.buffer, tile.slot}];
  if (tile.ring) {
    for (std::int64_t r = tile.content.rows.begin; r < tile.content.rows.end; ++r)
      slot.rows[r % tile.frame.rows.count()] = {tile.image, r};
    return;
  }
  slot.frame = tile.frame;
  slot.image = tile.image;
  slot.boxes = {{tile.image, tile.content}};
}

void Coverage::compute(const ComputeTile& tile) {
  const Stage& stage = *tile.stage;
  if (stage.kind == StageKind::kRecurrent) {
    if (tile.step) write(tile.output);
    return;
  }
  check_there(tile.input, "input");
  check_needs(tile);
  for (const Tile& operand : tile.operands) check_there(operand, "operand");
  if (tile.weight_map.map != nullptr) check_there(tile.weight_map, "second operand");
  if (tile.weights.bytes > 0 && tile.weights.buffer >= 0) {
    const WeightTile& w = tile.weights;
    const std::array<std::int64_t, 5> want{w.image, w.outputs.begin, w.outputs.end,
                                           w.channels.begin, w.channels.end};
    const Slot& slot = slots_[{w.buffer, w.slot}];
    if (std::find(slot.weights.begin(), slot.weights.end(), want) == slot.weights.end())
      fail(fmt::format("weights of outputs {}..{} are not there", w.outputs.begin, w.outputs.end));
  }
  const std::int64_t positions =
      tile.output.content.rows.count() * tile.output.content.columns.count();
  if (stage.kind == StageKind::kMac && tile.positions != positions)
    fail(fmt::format("{} positions for {}", tile.positions, text_of(tile.output.content)));
  auto& sums = summed_[&stage];
  if (sums.empty()) sums.resize(static_cast<std::size_t>(stage.out.elements()), 0);
  auto& done = counts(finished_, stage);
  each_element(stage.out, tile.output.image, tile.output.content, [&](std::size_t e) {
    sums.at(e) += static_cast<std::int32_t>(tile.channels.count());
    if (tile.last_of_sum) ++done.at(e);
  });
  if (tile.last_of_sum) write(tile.output);
}

void Coverage::store(const Tile& tile) {
  check_there(tile, "what is stored");
  const auto stage = std::find_if(group_.stages.begin(), group_.stages.end(),
                                  [&](const Stage& s) { return &s.out == tile.map; });
  if (stage == group_.stages.end()) return fail("a store of no stage's output");
  auto& stored = counts(stored_, *stage);
  each_element(stage->out, tile.image, tile.content, [&](std::size_t e) { ++stored.at(e); });
}

void Coverage::check_totals() {
  for (const Stage& stage : group_.stages) {
    if (stage.kind == StageKind::kHost) continue;
    const bool is_last = !mapping_.chain || stage_number(stage) + 1 == group_.stages.size();
    if (is_last && !around_.is_resident(stage.output)) {
      const auto& stored = counts(stored_, stage);
      if (std::any_of(stored.begin(), stored.end(), [](auto n) { return n != 1; }))
        fail(stage.name + ": an output element is not stored exactly once");
    }
    if (stage.kind == StageKind::kRecurrent) continue;
    const auto& done = counts(finished_, stage);
    const auto& sums = summed_[&stage];
    const std::int64_t whole = stage.kind == StageKind::kMac ? stage.reduction : 0;
    for (std::size_t e = 0; e < done.size(); ++e) {
      const bool may_repeat = !is_last && mapping_.split != CoreSplit::kNone;
      if (done[e] == 0 || (done[e] > 1 && !may_repeat))
        return fail(fmt::format("{}: output element {} is made {} times", stage.name, e, done[e]));
      if (whole > 0 && sums.at(e) != whole * done[e])
        return fail(
            fmt::format("{}: output element {} sums {} of {}", stage.name, e, sums.at(e), whole));
    }
  }
}

}  // namespace presil::testing
