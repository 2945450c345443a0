#pragma once
// Walker's member functions (sim/walk.h).

#include <algorithm>

namespace presil {

template <typename Sink>
void Walker<Sink>::walk(std::size_t core) {
  if (group_.is_cascade()) {
    if (core == 0) walk_cascade();
    return;
  }
  if (mapping_.chain) {
    const std::vector<Part> parts = parts_of(around_.chip, group_.stages.back(), mapping_.split);
    if (core < parts.size()) walk_chain(parts[core]);
    return;
  }
  for (std::size_t number = 0; number < group_.stages.size(); ++number) {
    const Stage& stage = group_.stages[number];
    const std::vector<Part> parts = parts_of(around_.chip, stage, mapping_.split);
    if (core >= parts.size()) continue;
    switch (stage.kind) {
      case StageKind::kMac:
      case StageKind::kVector:
        walk_stage(stage, static_cast<int>(number), mapping_.stages[number], parts[core]);
        break;
      case StageKind::kRecurrent:
        walk_recurrent(stage, mapping_.stages[number]);
        break;
      case StageKind::kHost:
        sink_.host(stage);
        break;
    }
  }
}

template <typename Sink>
void Walker<Sink>::walk_stage(const Stage& stage, int number, const StageMapping& m,
                              const Part& part) {
  const StageTiles tiles(stage, m, part);
  const auto body = [&](std::size_t p, std::size_t k) {
    const PositionTile& at = tiles.positions[p];
    const Rows outputs = tiles.outputs[k];
    ComputeTile tile{.stage = &stage, .outputs = outputs};
    tile.positions = at.rows.count() * at.columns.count();
    load_constants(stage, number, tile);
    load_operands(stage, number, tile, at, outputs);
    tile.output = output_tile(stage, number, at.image, {at.rows, at.columns, outputs});
    for (std::size_t c = 0; c < tiles.channels.size(); ++c) {
      tile.channels = tiles.channels[c];
      const Rows channels = input_channels(stage, outputs, tile.channels);
      const Rows rows = stage.sums_rows ? tile.channels : input_rows(stage, at.rows);
      tile.input = external_input(
          stage, number, part, at.image, {rows, input_columns(stage, at.columns), channels},
          {stage.sums_rows ? rows.begin : at.rows.begin * stage.out.columns + at.columns.begin,
           channels.begin});
      if (stage.kind == StageKind::kMac && stage.weights_are_activations)
        tile.weight_map = weight_map(stage, number, at.image, outputs, tile.channels);
      else if (stage.kind == StageKind::kMac)
        tile.weights =
            weight_tile(stage, number, at.image % stage.weight_copies(), outputs, tile.channels);
      tile.last_of_sum = c + 1 == tiles.channels.size();
      sink_.compute(tile);
    }
    if (tile.output.buffer >= 0) sink_.store(tile.output);
  };
  if (m.order == LoopOrder::kPositionsOuter) {
    for (std::size_t p = 0; p < tiles.positions.size(); ++p)
      for (std::size_t k = 0; k < tiles.outputs.size(); ++k) body(p, k);
  } else {
    for (std::size_t k = 0; k < tiles.outputs.size(); ++k)
      for (std::size_t p = 0; p < tiles.positions.size(); ++p) body(p, k);
  }
}

template <typename Sink>
void Walker<Sink>::load_constants(const Stage& stage, int number, ComputeTile& tile) {
  tile.constants = index_.find(Use::kConstants, number);
  if (tile.constants < 0 || constants_loaded_[number]) return;
  constants_loaded_[number] = true;
  sink_.load_weights({.stage = &stage, .buffer = tile.constants, .bytes = stage.constant_bytes});
}

template <typename Sink>
void Walker<Sink>::load_operands(const Stage& stage, int number, ComputeTile& tile,
                                 const PositionTile& at, Rows outputs) {
  tile.operands.clear();
  for (std::size_t i = 0; i < stage.operands.size(); ++i) {
    const Operand& operand = stage.operands[i];
    const FeatureMap& map = operand.map;
    const bool broadcast = is_broadcast(stage, operand);
    Tile t{.map = &map, .tensor = operand.tensor};
    t.buffer = index_.find(Use::kOperand, number, static_cast<int>(i));
    t.content = broadcast ? Frame{{0, map.rows}, {0, map.columns}, {0, map.channels}}
                          : Frame{at.rows, at.columns, outputs};
    t.image = image_needed(operand.images, map.batch, at.image);
    if (t.buffer < 0) {
      t.frame = {{0, map.rows}, {0, map.columns}, {0, map.channels}};
    } else {
      t.frame = t.content;
      const SlotRing::Key key = broadcast ? SlotRing::Key{t.image, 0, 0}
                                          : SlotRing::Key{at.image * stage.out.rows + at.rows.begin,
                                                          at.columns.begin, outputs.begin};
      const auto [slot, there] = ring(t.buffer).take(key);
      t.slot = slot;
      if (!there) sink_.load(t);
    }
    tile.operands.push_back(t);
  }
}

template <typename Sink>
Tile Walker<Sink>::external_input(const Stage& stage, int number, const Part& part,
                                  std::int64_t image, const Frame& content,
                                  std::array<std::int64_t, 2> key) {
  image = image_needed(stage.in_images, stage.in.batch, image);
  Tile t{.map = &stage.in, .tensor = stage.input, .image = image, .content = content};
  t.channel_shift = stage.in_channel;
  t.row_shift = stage.in_row;
  t.image_rows = stage.in_image_rows;
  t.buffer = index_.find(Use::kInput, number);
  if (t.buffer < 0) {
    t.frame = {{0, stage.in.rows}, {0, stage.in.columns}, {0, stage.in.channels}};
    return t;
  }
  const StageMapping& m = mapping_.stages[static_cast<std::size_t>(number)];
  if (m.input_slots == kHeld && !mapping_.chain) return held_input(stage, t.buffer, part, t);
  t.frame = content;
  const auto [slot, there] = ring(t.buffer).take({key[0], key[1], image});
  t.slot = slot;
  if (!there) sink_.load(t);
  return t;
}

/// A held input comes in once, row by row as the tiles advance.
template <typename Sink>
Tile Walker<Sink>::held_input(const Stage& stage, int buffer, const Part& part, Tile tile) {
  const Rows all_rows = input_rows(stage, part.rows);
  tile.frame = {all_rows, {0, stage.in.columns}, {0, stage.in.channels}};
  tile.slot = static_cast<int>(tile.image);
  Rows& have = loaded_[{buffer, tile.image, tile.content.channels.begin}];
  Tile missing = tile;
  missing.content.columns = tile.frame.columns;
  missing.content.rows = {std::max(have.end, all_rows.begin), tile.content.rows.end};
  if (around_.chip.mac_array.start_after == StartAfter::kWholeInput &&
      stage.kind == StageKind::kMac)
    missing.content.rows.end = all_rows.end;
  if (missing.content.rows.count() <= 0) return tile;
  have.end = missing.content.rows.end;
  sink_.load(missing);
  return tile;
}

template <typename Sink>
Tile Walker<Sink>::output_tile(const Stage& stage, int number, std::int64_t image,
                               const Frame& content) {
  Tile t{.map = &stage.out, .tensor = stage.output, .image = image, .content = content};
  t.channel_shift = stage.out_channel;
  t.row_shift = stage.out_row;
  t.column_shift = stage.out_column;
  t.image_rows = stage.out_image_rows;
  t.column_part = stage.out.columns <
                  around_.network
                      .storages[static_cast<std::size_t>(
                          around_.network.views[static_cast<std::size_t>(stage.output)].storage)]
                      .map.columns;
  t.buffer = index_.find(Use::kOutput, number);
  if (t.buffer < 0) {
    t.frame = {{0, stage.out.rows}, {0, stage.out.columns}, {0, stage.out.channels}};
    return t;
  }
  t.frame = content;
  int& next = next_output_[t.buffer];
  t.slot = next;
  next = (next + 1) % index_.slots(t.buffer);
  return t;
}

template <typename Sink>
WeightTile Walker<Sink>::weight_tile(const Stage& stage, int number, std::int64_t image,
                                     Rows outputs, Rows channels) {
  WeightTile w{.stage = &stage, .tensor = stage.weights, .image = image};
  w.outputs = outputs;
  w.channels = channels;
  const std::int64_t sums =
      stage.kind == StageKind::kRecurrent ? stage.gates * stage.hidden : stage.out.channels;
  // Constants come with the first run of the reduction.
  const bool first = channels.begin == 0;
  w.bytes =
      first ? stage.weight_bytes(outputs.count(), channels.count())
            : ceil_div(outputs.count() * channels.count() * stage.weight_taps() * stage.weight_bits,
                       8);
  w.offset = image * stage.weight_bytes(sums, stage.reduction) +
             stage.weight_bytes(outputs.begin, stage.reduction) +
             (first ? 0 : stage.weight_bytes(outputs.count(), channels.begin));
  if (around_.weights_stay) return w;
  w.buffer = index_.find(Use::kWeights, number);
  const auto [slot, there] = ring(w.buffer).take({image, outputs.begin, channels.begin});
  w.slot = slot;
  if (!there) sink_.load_weights(w);
  return w;
}

/// The second operand of a matrix product of activations, [K,N] or transposed [N,K].
template <typename Sink>
Tile Walker<Sink>::weight_map(const Stage& stage, int number, std::int64_t image, Rows outputs,
                              Rows channels) {
  const FeatureMap& map = stage.weight_map;
  Tile t{.map = &map, .tensor = stage.weights};
  t.image = image_needed(stage.weight_images, map.batch, image);
  t.frame = {{0, map.rows}, {0, map.columns}, {0, map.channels}};
  t.content = {stage.weights_transposed ? outputs : channels,
               {0, map.columns},
               stage.weights_transposed ? channels : outputs};
  t.buffer = index_.find(Use::kWeights, number);
  if (t.buffer < 0) return t;
  t.frame = t.content;
  const auto [slot, there] = ring(t.buffer).take({t.image, outputs.begin, channels.begin});
  t.slot = slot;
  if (!there) sink_.load(t);
  return t;
}

/// Each stripe runs through all stages, each by its own tiles; between two stages other stages have
/// used the buffers.
template <typename Sink>
void Walker<Sink>::walk_cascade() {
  const Stage& last = group_.stages.back();
  for (std::int64_t image = 0; image < last.out.batch; ++image) {
    std::vector<std::int64_t> done(group_.stages.size(), 0);
    for (const Rows stripe : cut({0, last.out.rows}, group_.stripe_rows)) {
      const std::vector<Rows> need = chain_rows(group_, stripe);
      for (std::size_t i = 0; i < need.size(); ++i) {
        const Stage& stage = group_.stages[i];
        if (need[i].end <= done[i]) continue;
        std::erase_if(rings_, [&](const auto& ring) { return index_.at(ring.first).shared; });
        walk_stage(stage, static_cast<int>(i), mapping_.stages[i],
                   {{done[i], need[i].end}, {0, stage.out.channels}, image});
        done[i] = need[i].end;
      }
    }
  }
}

template <typename Sink>
void Walker<Sink>::walk_chain(const Part& part) {
  ring_rows_ = chain_ring_rows(group_, mapping_.stripe_rows);
  const Stage& last = group_.stages.back();
  // Rows between the last window of the core before and the first one here are the network's too.
  std::vector<std::int64_t> from(group_.stages.size(), 0);
  if (part.rows.begin > 0) {
    const std::vector<Rows> before = chain_rows(group_, {part.rows.begin - 1, part.rows.begin});
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = before[i].end;
  }
  for (std::int64_t image = 0; image < last.out.batch; ++image) {
    std::vector<Rows> done(group_.stages.size());  // rows of each output that are made
    for (std::size_t i = 0; i < done.size(); ++i) done[i] = {from[i], from[i]};
    for (const Rows stripe : cut(part.rows, mapping_.stripe_rows)) walk_stripe(image, stripe, done);
  }
}

template <typename Sink>
void Walker<Sink>::walk_stripe(std::int64_t image, Rows stripe, std::vector<Rows>& done) {
  const std::vector<Rows> need = chain_rows(group_, stripe);
  for (std::size_t i = 0; i < need.size(); ++i) {
    const bool first = done[i].count() == 0;
    const Rows fresh{first ? std::min(need[i].begin, done[i].end) : done[i].end, need[i].end};
    if (fresh.count() <= 0) continue;
    done[i] = {first ? fresh.begin : done[i].begin, fresh.end};
    chain_stage(group_.stages[i], static_cast<int>(i), image, fresh);
  }
}

template <typename Sink>
void Walker<Sink>::chain_stage(const Stage& stage, int number, std::int64_t image, Rows rows) {
  const PositionTile at{image, rows, {0, stage.out.columns}};
  const Rows outputs{0, stage.out.channels},
      channels{0, std::max<std::int64_t>(1, stage.reduction)};
  ComputeTile tile{.stage = &stage, .outputs = outputs, .channels = channels};
  tile.positions = rows.count() * stage.out.columns;
  load_constants(stage, number, tile);
  load_operands(stage, number, tile, at, outputs);
  const Frame content{input_rows(stage, rows), {0, stage.in.columns}, {0, stage.in.channels}};
  if (number == 0) {
    tile.input = external_input(stage, number, {rows, outputs}, image, content, {rows.begin, 0});
  } else {
    tile.input = {.map = &stage.in, .tensor = kNoTensor, .image = image, .content = content};
    tile.input.buffer = index_.find(Use::kInner, number - 1);
    tile.input.frame = {{0, ring_rows_[static_cast<std::size_t>(number) - 1]},
                        {0, stage.in.columns},
                        {0, stage.in.channels}};
    tile.input.ring = true;
  }
  const bool is_last = static_cast<std::size_t>(number) + 1 == group_.stages.size();
  if (is_last) {
    tile.output = output_tile(stage, number, image, {rows, {0, stage.out.columns}, outputs});
  } else {
    tile.output = {.map = &stage.out,
                   .tensor = kNoTensor,
                   .image = image,
                   .content = {rows, {0, stage.out.columns}, outputs}};
    tile.output.buffer = index_.find(Use::kInner, number);
    tile.output.frame = {
        {0, ring_rows_[static_cast<std::size_t>(number)]}, {0, stage.out.columns}, outputs};
    tile.output.ring = true;
  }
  if (stage.kind == StageKind::kMac)
    tile.weights = weight_tile(stage, number, 0, outputs, channels);
  sink_.compute(tile);
  if (is_last && tile.output.buffer >= 0) sink_.store(tile.output);
}

template <typename Sink>
void Walker<Sink>::walk_recurrent(const Stage& stage, const StageMapping& m) {
  Tile out = output_tile(stage, 0, 0,
                         {{0, stage.out.rows}, {0, stage.out.columns}, {0, stage.out.channels}});
  const std::int64_t at_once = m.steps == 0 ? stage.steps : m.steps;
  for (std::int64_t direction = 0; direction < stage.directions; ++direction)
    for (const Rows steps : cut({0, stage.steps}, at_once)) {
      input_product(stage, m, direction, steps);
      for (std::int64_t step = steps.begin; step < steps.end; ++step)
        recurrent_step(stage, m, direction, step, out);
    }
  if (out.buffer >= 0) sink_.store(out);
}

/// The input's share of the sums of `steps`, in one product.
template <typename Sink>
void Walker<Sink>::input_product(const Stage& stage, const StageMapping& m, std::int64_t direction,
                                 Rows steps) {
  const std::int64_t lines = stage.in.elements() / stage.in.channels / stage.steps;  // of a step
  ComputeTile product{.stage = &stage, .channels = {0, stage.reduction}};
  product.positions = lines * steps.count();
  product.direction = direction;
  product.steps = steps;
  product.output = {.map = &stage.out, .buffer = index_.find(Use::kScratch, 0)};
  const Frame all_in{{0, stage.in.rows}, {0, stage.in.columns}, {0, stage.in.channels}};
  const Part whole{{0, stage.out.rows}, {0, stage.out.channels}};
  // Where time is the outermost axis, the other steps' images are not needed.
  const bool by_image = stage.in.batch % stage.steps == 0;
  const std::int64_t per_step = by_image ? stage.in.batch / stage.steps : 0;
  const Rows images =
      by_image ? Rows{steps.begin * per_step, steps.end * per_step} : Rows{0, stage.in.batch};
  for (const Rows outputs : cut({0, stage.gates * stage.hidden}, m.outputs)) {
    for (std::int64_t image = images.begin; image < images.end; ++image)
      product.input = external_input(stage, 0, whole, image, all_in, {image, 0});
    product.outputs = outputs;
    product.weights = weight_tile(stage, 0, direction, outputs, product.channels);
    sink_.compute(product);
  }
}

/// The product with the step's state, and the gates' arithmetic behind it.
template <typename Sink>
void Walker<Sink>::recurrent_step(const Stage& stage, const StageMapping& m, std::int64_t direction,
                                  std::int64_t step, const Tile& out) {
  const std::int64_t sums = stage.gates * stage.hidden;
  const int scratch = index_.find(Use::kScratch, 0), held = index_.find(Use::kRecurrentWeights, 0);
  ComputeTile recurrent{.stage = &stage, .channels = {0, stage.hidden}};
  recurrent.positions = stage.in.elements() / stage.in.channels / stage.steps;
  recurrent.direction = direction;
  recurrent.steps = {step, step + 1};
  recurrent.input = recurrent.output = {.map = &stage.out, .buffer = scratch};
  for (const Rows outputs : cut({0, sums}, m.hold_recurrent ? sums : m.outputs)) {
    recurrent.outputs = outputs;
    WeightTile& w = recurrent.weights;
    w = {.stage = &stage, .tensor = stage.recurrent_weights, .image = direction};
    w.outputs = outputs;
    w.channels = recurrent.channels;
    w.bytes = ceil_div(outputs.count() * stage.hidden * stage.weight_bits, 8);
    w.offset = ceil_div((direction * sums + outputs.begin) * stage.hidden * stage.weight_bits, 8);
    w.buffer = held;
    if (held >= 0) {
      const auto [slot, there] = ring(held).take({direction, outputs.begin, 0});
      w.slot = slot;
      if (!there) sink_.load_weights(w);
    }
    sink_.compute(recurrent);
  }
  recurrent.step = true;
  recurrent.weights = {};
  recurrent.outputs = {0, stage.hidden};
  recurrent.output = out;
  sink_.compute(recurrent);
}

}  // namespace presil
