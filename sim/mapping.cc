#include "sim/mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/chain.h"
#include "sim/tiles.h"
#include "sim/walk.h"

namespace presil {

namespace {

using Use = Buffer::Use;

/// Largest input tile of a stage under a mapping, in bytes, over the positions of its tiles.
std::int64_t input_tile_bytes(const Stage& stage, const StageMapping& m, std::int64_t out_rows,
                              const std::vector<Part>& parts, std::int64_t lane) {
  std::int64_t rows = 0;
  const std::int64_t height = std::min(out_rows, stage.out.rows);
  if (stage.sums_rows) {
    rows = m.channels;
  } else if (stage.reach == Reach::kWindow) {
    rows = std::min(stage.in.rows, (height - 1) * stage.window.stride_h +
                                       (stage.window.kernel_h - 1) * stage.window.dilation_h + 1);
  } else {
    for (const Part& part : parts)
      for (const Rows run : cut(part.rows, height))
        rows = std::max(rows, input_rows(stage, run).count());
  }
  std::int64_t columns = stage.in.columns;
  if (m.columns < stage.out.columns) {
    columns = 0;
    for (const Rows run : cut({0, stage.out.columns}, m.columns))
      columns = std::max(columns, input_columns(stage, run).count());
  }
  std::int64_t channels = input_channels(stage, {0, m.outputs}, {0, m.channels}).count();
  channels += lane;
  if (stage.groups > 1)  // not every group begins at a block
    for (const Part& part : parts)
      for (const Rows run : cut(part.outputs, m.outputs))
        channels = std::max(channels, input_channels(stage, run, {0, m.channels}).count());
  return tile_bytes(stage.in, rows, columns, channels);
}

class Collector {
 public:
  Collector(const Surroundings& around, const FusionGroup& group, const Mapping& mapping)
      : around_(around), group_(group), mapping_(mapping) {}

  std::vector<Buffer> collect() && {
    if (mapping_.chain) {
      chain();
    } else {
      for (std::size_t i = 0; i < group_.stages.size(); ++i) {
        number_ = static_cast<int>(i);
        if (group_.stages[i].kind == StageKind::kHost) continue;
        if (group_.stages[i].kind == StageKind::kRecurrent)
          recurrent(group_.stages[i], mapping_.stages[i]);
        else
          stage(group_.stages[i], mapping_.stages[i]);
      }
    }
    if (group_.is_cascade())
      for (Buffer& buffer : buffers_) buffer.shared = buffer.use != Use::kConstants;
    return std::move(buffers_);
  }

 private:
  void add(Use use, std::int64_t bytes, int slots, int operand = 0) {
    if (bytes > 0)
      buffers_.push_back({use, number_, operand, round_up(bytes, kBufferAlignment), slots});
  }

  /// In steady state constants have a place of their own already.
  void add_constant(Use use, std::int64_t bytes, int slots) {
    if (!around_.weights_stay) add(use, bytes, slots);
  }

  void stage(const Stage& s, const StageMapping& m) {
    const std::vector<Part> parts = parts_of(around_.chip, s, mapping_.split);
    const Part& part = parts.front();
    if (!around_.is_resident(s.input)) {
      if (m.input_slots == kHeld)
        add(Use::kInput,
            tile_bytes(s.in, most_input_rows(s, parts), s.in.columns, s.in.channels + in_lane(s)),
            static_cast<int>(s.in.batch));
      else
        add(Use::kInput, input_tile_bytes(s, m, m.rows, parts, in_lane(s)), m.input_slots);
    }
    if (s.kind == StageKind::kMac) weights(s, m, part);
    add_constant(Use::kConstants, s.constant_bytes, 1);
    operands(s, m);
    if (!around_.is_resident(s.output))
      add(Use::kOutput, tile_bytes(s.out, m.rows, m.columns, m.outputs + out_lane(s)),
          m.output_slots);
  }

  /// Lanes of the first block before a part that does not begin at one.
  std::int64_t in_lane(const Stage& s) const { return lane_of(s.input, s.in_channel, s.in.atom); }
  std::int64_t out_lane(const Stage& s) const {
    return lane_of(s.output, s.out_channel, s.out.atom);
  }
  std::int64_t lane_of(TensorId tensor, std::int64_t channel, std::int64_t atom) const {
    return (around_.network.views[static_cast<std::size_t>(tensor)].channel + channel) % atom;
  }

  /// Of any core: those between the first and the last have a halo on both sides.
  static std::int64_t most_input_rows(const Stage& s, const std::vector<Part>& parts) {
    std::int64_t rows = 0;
    for (const Part& part : parts) rows = std::max(rows, input_rows(s, part.rows).count());
    return rows;
  }

  void weights(const Stage& s, const StageMapping& m, const Part& part) {
    const int held = static_cast<int>(cut(part.outputs, m.outputs).size() *
                                      cut({0, s.reduction}, m.channels).size() *
                                      static_cast<std::size_t>(s.weight_copies()));
    const int slots = m.weight_slots == kHeld ? held : std::min(held, m.weight_slots);
    if (!s.weights_are_activations)
      add_constant(Use::kWeights, s.weight_bytes(m.outputs, m.channels), slots);
    else if (!around_.is_resident(s.weights))
      add(Use::kWeights,
          tile_bytes(s.weight_map, s.weights_transposed ? m.outputs : m.channels,
                     s.weight_map.columns, s.weights_transposed ? m.channels : m.outputs),
          slots);
  }

  void operands(const Stage& s, const StageMapping& m) {
    for (std::size_t i = 0; i < s.operands.size(); ++i) {
      const Operand& operand = s.operands[i];
      if (around_.is_resident(operand.tensor)) continue;
      const bool broadcast = is_broadcast(s, operand);
      add(Use::kOperand,
          broadcast
              ? tile_bytes(operand.map, operand.map.rows, operand.map.columns, operand.map.channels)
              : tile_bytes(operand.map, m.rows, m.columns, m.outputs),
          broadcast ? 1 : m.output_slots, static_cast<int>(i));
    }
  }

  void recurrent(const Stage& s, const StageMapping& m) {
    const std::int64_t sums = s.gates * s.hidden;
    if (!around_.is_resident(s.input)) add(Use::kInput, s.in.bytes() / s.in.batch, 1);
    add_constant(Use::kWeights, s.weight_bytes(m.outputs, s.reduction), m.weight_slots);
    add_constant(Use::kRecurrentWeights,
                 ceil_div((m.hold_recurrent ? sums : m.outputs) * s.hidden * s.weight_bits, 8),
                 m.hold_recurrent ? 1 : 2);
    // Sums of the steps that wait, 16 bits each (assumption: as TFLite's int8 LSTM keeps its
    // gates), and the state.
    const std::int64_t lines = s.in.elements() / s.in.channels / s.steps;
    const std::int64_t steps = m.steps == 0 ? s.steps : m.steps;
    add(Use::kScratch, (steps * sums + 2 * s.hidden) * lines * 2, 1);
    if (!around_.is_resident(s.output)) add(Use::kOutput, s.out.bytes(), 1);
  }

  void chain() {
    const std::vector<std::int64_t> ring = chain_ring_rows(group_, mapping_.stripe_rows);
    for (std::size_t i = 0; i < group_.stages.size(); ++i) {
      number_ = static_cast<int>(i);
      const Stage& s = group_.stages[i];
      const bool last = i + 1 == group_.stages.size();
      const StageMapping m{.rows = last ? mapping_.stripe_rows : ring[i],
                           .columns = s.out.columns,
                           .outputs = s.out.channels,
                           .channels = std::max<std::int64_t>(1, s.reduction)};
      if (i == 0 && !around_.is_resident(s.input))
        add(Use::kInput,
            input_tile_bytes(s, m, m.rows, parts_of(around_.chip, s, CoreSplit::kNone), in_lane(s)),
            2);
      if (s.kind == StageKind::kMac)
        add_constant(Use::kWeights, s.weight_bytes(m.outputs, m.channels), 1);
      add_constant(Use::kConstants, s.constant_bytes, 1);
      operands(s, m);
      if (!last)
        add(Use::kInner, tile_bytes(s.out, ring[i], s.out.columns, s.out.channels), 1);
      else if (!around_.is_resident(s.output))
        add(Use::kOutput, tile_bytes(s.out, m.rows, m.columns, m.outputs), 2);
    }
  }

  const Surroundings& around_;
  const FusionGroup& group_;
  const Mapping& mapping_;
  int number_ = 0;
  std::vector<Buffer> buffers_;
};

std::string why_outside(const char* axis, std::int64_t value, std::int64_t limit) {
  return value >= 1 && value <= limit
             ? ""
             : fmt::format("{}: a tile of {} is outside 1..{}", axis, value, limit);
}

std::string why_slots_illegal(const StageMapping& m, bool recurrent) {
  const auto check = [](const char* which, int slots, int least) {
    return slots >= least && slots <= kMostSlots
               ? ""
               : fmt::format("{}: {} is outside {}..{}", which,
                             slots == kHeld ? "held" : std::to_string(slots), least, kMostSlots);
  };
  std::string reason = check("input_slots", m.input_slots, kHeld);
  // Only what is read again can be held.
  if (reason.empty()) reason = check("weight_slots", m.weight_slots, recurrent ? 1 : kHeld);
  if (reason.empty()) reason = check("output_slots", m.output_slots, 1);
  return reason;
}

std::string why_input_not_kept(const ChipSpec& chip, const StageMapping& m) {
  const std::int64_t most = chip.sram.input_tiles;
  if (most == 0 || (m.input_slots != kHeld && m.input_slots <= most)) return "";
  return fmt::format(
      "input_slots: {}, but the chip keeps at most {} tiles of an input "
      "(sram.input_tiles)",
      m.input_slots == kHeld ? "held" : std::to_string(m.input_slots), most);
}

std::string why_stage_illegal(const ChipSpec& chip, const Stage& s, const StageMapping& m) {
  if (s.kind == StageKind::kHost) return "";
  const bool recurrent = s.kind == StageKind::kRecurrent;
  if (std::string reason = why_slots_illegal(m, recurrent); !reason.empty()) return reason;
  if (!recurrent)
    if (std::string reason = why_input_not_kept(chip, m); !reason.empty()) return reason;
  if (recurrent && m.steps != 0)
    if (std::string reason = why_outside("steps", m.steps, s.steps); !reason.empty()) return reason;
  if (recurrent) return why_outside("outputs", m.outputs, s.gates * s.hidden);
  const std::int64_t reduction = std::max<std::int64_t>(1, s.reduction);
  if (std::string reason = why_outside("rows", m.rows, s.out.rows); !reason.empty()) return reason;
  if (std::string reason = why_outside("columns", m.columns, s.out.columns); !reason.empty())
    return reason;
  if (std::string reason = why_outside("outputs", m.outputs, s.out.channels); !reason.empty())
    return reason;
  if (std::string reason = why_outside("channels", m.channels, reduction); !reason.empty())
    return reason;
  if (m.outputs < s.out.channels && s.whole_channels)
    return fmt::format("outputs: its channels cannot be cut: {}, must be {}", m.outputs,
                       s.out.channels);
  if (m.outputs < s.out.channels && m.outputs % output_step(s) != 0)
    return fmt::format("outputs: {} is no multiple of {}, the blocks of its layout", m.outputs,
                       output_step(s));
  if (s.groups > 1 && s.group_outputs() % m.outputs != 0 && m.outputs % s.group_outputs() != 0)
    return fmt::format("outputs: {} neither divides a group of {} nor is a multiple of it",
                       m.outputs, s.group_outputs());
  if (m.columns < s.out.columns && s.reach != Reach::kWindow && s.reach != Reach::kSame)
    return fmt::format("columns: its columns cannot be cut: {}, must be {}", m.columns,
                       s.out.columns);
  if (s.kind != StageKind::kMac || m.channels == reduction) return "";
  if (s.channelwise || s.groups > 1)
    return fmt::format("channels: its sums cannot be cut: {}, must be {}", m.channels, reduction);
  if (m.channels % s.in.atom != 0)
    return fmt::format("channels: {} is no multiple of {}, the blocks of the input's layout",
                       m.channels, s.in.atom);
  // Partial sums wait in the accumulators between the reduction's commands.
  const double sums = static_cast<double>(m.rows * m.columns * m.outputs);
  const double room = chip.mac_array.accumulators_kib * 1024 * 8 /
                      static_cast<double>(chip.mac_array.accumulator_bits);
  if (sums > room)
    return fmt::format(
        "channels: cut sums wait in the accumulators: {} sums of rows x columns x "
        "outputs exceed {:.0f} ({} KiB)",
        sums, std::floor(room), chip.mac_array.accumulators_kib);
  return "";
}

std::string why_split_illegal(const ChipSpec& chip, const FusionGroup& group,
                              const Mapping& mapping) {
  if (mapping.split == CoreSplit::kNone) return "";
  if (group.is_cascade()) return "split: a cascade runs on one core only";
  if (chip.cores == 1) return "split: the chip has 1 core, a split needs 2";
  for (const Stage& stage : group.stages)
    if (stage.kind == StageKind::kHost || stage.kind == StageKind::kRecurrent)
      return "split: " + stage.name + " runs on one core only";
  if (mapping.split == CoreSplit::kOutputs && group.stages.size() > 1)
    return "split: only a group of one stage can be split by outputs";
  if (mapping.split == CoreSplit::kOutputs && group.stages[0].whole_channels)
    return "split: its channels cannot be cut";
  return "";
}

}  // namespace

std::vector<Rows> chain_rows(const FusionGroup& group, Rows stripe) {
  std::vector<Rows> need(group.stages.size());
  need.back() = stripe;
  for (std::size_t i = need.size() - 1; i > 0; --i) {
    need[i - 1] = input_rows(group.stages[i], need[i]);
    // The last stripe finishes every layer: rows that no window reaches are the network's too.
    if (need[i].end == group.stages[i].out.rows) need[i - 1].end = group.stages[i - 1].out.rows;
  }
  return need;
}

std::vector<std::int64_t> chain_ring_rows(const FusionGroup& group, std::int64_t stripe_rows) {
  std::vector<std::int64_t> ring(group.stages.size(), 0);
  const Stage& last = group.stages.back();
  std::vector<std::int64_t> done(group.stages.size(), 0);
  for (const Rows stripe : cut({0, last.out.rows}, stripe_rows)) {
    const std::vector<Rows> need = chain_rows(group, stripe);
    for (std::size_t i = 0; i + 1 < group.stages.size(); ++i) {
      // What the next stage reads, and what comes new in one go.
      const std::int64_t from = std::min(need[i].begin, std::max(done[i], std::int64_t{0}));
      ring[i] = std::max(ring[i], need[i].end - from);
      done[i] = need[i].end;
    }
  }
  ring.back() = stripe_rows;
  return ring;
}

std::vector<Buffer> buffers_of(const Surroundings& around, const FusionGroup& group,
                               const Mapping& mapping) {
  return Collector(around, group, mapping).collect();
}

std::int64_t footprint(const Surroundings& around, const FusionGroup& group,
                       const Mapping& mapping) {
  const std::vector<Buffer> buffers = buffers_of(around, group, mapping);
  std::int64_t total = shared_bytes(buffers);
  for (const Buffer& buffer : buffers)
    if (!buffer.shared) total += buffer.bytes();
  return total;
}

std::int64_t shared_bytes(const std::vector<Buffer>& buffers) {
  std::map<int, std::int64_t> by_stage;
  std::int64_t most = 0;
  for (const Buffer& buffer : buffers)
    if (buffer.shared) most = std::max(most, by_stage[buffer.stage] += buffer.bytes());
  return most;
}

std::string why_never_legal(const ChipSpec& chip, const FusionGroup& group,
                            const Mapping& mapping) {
  // The inner tensors of a chain have no place outside of it.
  const bool chain = is_chain(group);
  if (chain != mapping.chain)
    return chain ? "stages: it is a chain, which has stripe_rows instead"
                 : "stripe_rows: it is no chain; tile its stages instead";
  if (mapping.stages.size() != group.stages.size())
    return fmt::format("stages: {} are given, it has {}", mapping.stages.size(),
                       group.stages.size());
  if (std::string reason = why_split_illegal(chip, group, mapping); !reason.empty()) return reason;
  if (chain) return why_outside("stripe_rows", mapping.stripe_rows, group.stages.back().out.rows);
  for (std::size_t i = 0; i < group.stages.size(); ++i) {
    if (group.is_cascade() && mapping.stages[i].input_slots == kHeld)
      return group.stages[i].name + ": input_slots: a cascade's stripes cannot hold their input";
    std::string reason = why_stage_illegal(chip, group.stages[i], mapping.stages[i]);
    if (!reason.empty()) return group.stages[i].name + ": " + reason;
  }
  return "";
}

std::string why_illegal(const Surroundings& around, const FusionGroup& group,
                        const Mapping& mapping) {
  std::string reason = why_never_legal(around.chip, group, mapping);
  if (!reason.empty()) return reason;
  const std::int64_t bytes = footprint(around, group, mapping);
  if (bytes > around.room)
    return fmt::format("its buffers of {} bytes exceed {} bytes of SRAM", bytes, around.room);
  return "";
}

}  // namespace presil
