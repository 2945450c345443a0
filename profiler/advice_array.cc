#include "profiler/advice_array.h"

#include <fmt/format.h>

#include <algorithm>

#include "hw/timing.h"
#include "profiler/quantity_text.h"

namespace presil {

namespace {

/// A stage's whole product as one command: its ideal, without tiles.
Matrix whole_product(const Stage& stage) {
  Matrix matrix{.op = stage.mac,
                .mode = stage.mode,
                .outputs = stage.group_outputs(),
                .positions = stage.out.batch * stage.out.rows * stage.out.columns,
                .channels = stage.reduction,
                .taps = stage.taps,
                .groups = stage.groups};
  if (stage.kind == StageKind::kRecurrent) {
    matrix.op = MacOp::kDense;
    matrix.outputs = stage.gates * stage.hidden * stage.directions;
    matrix.positions = stage.steps;
    matrix.groups = 1;
  }
  return matrix;
}

/// The stage that the array works on longest; null if there is none.
const Stage* main_product(const ChipSpec& chip, const FusionGroup& group) {
  const Stage* longest = nullptr;
  Cycles most;
  for (const Stage& stage : group.stages) {
    if (stage.kind != StageKind::kMac && stage.kind != StageKind::kRecurrent) continue;
    const Cycles cycles = matrix_timing(chip, whole_product(stage)).compute;
    if (longest != nullptr && cycles <= most) continue;
    longest = &stage;
    most = cycles;
  }
  return longest;
}

struct Loss {
  double slots = 0;
  enum class Of { kDepthwise, kPositions, kChannels, kTaps, kOutputs } of = Of::kOutputs;
};

Loss largest_loss(const LaneFill& lanes) {
  const std::array<Loss, 5> losses{{{lanes.depthwise, Loss::Of::kDepthwise},
                                    {lanes.outputs, Loss::Of::kOutputs},
                                    {lanes.channels, Loss::Of::kChannels},
                                    {lanes.positions, Loss::Of::kPositions},
                                    {lanes.taps, Loss::Of::kTaps}}};
  return *std::max_element(losses.begin(), losses.end(),
                           [](const Loss& a, const Loss& b) { return a.slots < b.slots; });
}

/// "24 output channels fill 24 of 32 lanes", or of several blocks the last one's.
std::string fill_text(std::int64_t extent, std::int64_t block, std::string_view what,
                      std::string_view lanes) {
  const std::int64_t rest = extent % block == 0 ? block : extent % block;
  if (extent <= block)
    return fmt::format("{} {} fill {} of {} {}", extent, what, rest, block, lanes);
  return fmt::format("{} {} need {} blocks of {} {}, the last with {}", extent, what,
                     ceil_div(extent, block), block, lanes, rest);
}

/// "32 cost the same", and the edge below.
std::string edge_text(std::int64_t extent, std::int64_t block) {
  const std::int64_t up = round_up(extent, block), down = extent / block * block;
  if (down > 0) return fmt::format("{} cost the same, {} a block less", up, down);
  return fmt::format("{} cost the same", up);
}

void advise_on_depthwise(const AdviceInput& in, std::size_t g, const Stage& stage, Advice& advice) {
  const PrecisionMode& mode = in.chip.mac_array.modes[static_cast<std::size_t>(stage.mode)];
  const std::int64_t all = mode.parallelism_factor * mode.dot_length * in.chip.mac_array.pixels;
  const std::int64_t used = std::max<std::int64_t>(1, in.chip.mac_array.depthwise_channels) *
                            std::max<std::int64_t>(1, in.chip.mac_array.depthwise_taps) *
                            in.chip.mac_array.pixels;
  advice.limit = fmt::format(
      "A depthwise product uses {} of {} multipliers ({}): the array works {} cycles on {} of {} "
      "MACs.",
      with_thousands(used), with_thousands(all),
      percent_text(static_cast<double>(used) / static_cast<double>(all)),
      with_thousands(in.run.groups[g].critical[static_cast<std::size_t>(Bound::kCompute)]),
      stage.name, count_text(stage.macs));
  const Matrix depthwise = whole_product(stage);
  const Cycles now = matrix_timing(in.chip, depthwise).compute;
  // The expansion in front of it, if there is one: a fused block does without both.
  const Stage* expansion = nullptr;
  for (const FusionGroup& group : in.run.compiled.network.groups)
    for (const Stage& before : group.stages)
      if (before.output == stage.input && before.kind == StageKind::kMac && before.taps == 1 &&
          before.groups == 1 && before.mac == MacOp::kDense)
        expansion = &before;
  const Cycles both =
      now + (expansion != nullptr ? matrix_timing(in.chip, whole_product(*expansion)).compute
                                  : Cycles(0));
  Matrix full = depthwise;
  full.op = MacOp::kDense;
  full.outputs = stage.out.channels;
  full.channels = expansion != nullptr ? expansion->reduction : stage.out.channels;
  full.groups = 1;
  const Cycles dense = matrix_timing(in.chip, full).compute;
  const std::string what =
      expansion != nullptr
          ? fmt::format(
                "A full convolution from {} to {} channels in place of this and the "
                "expansion before it (a fused inverted bottleneck)",
                full.channels, full.outputs)
          : fmt::format("A full convolution of {} channels in its place", full.outputs);
  const double ratio = static_cast<double>(full.useful_macs().value) /
                       static_cast<double>(std::max<std::int64_t>(
                           1, stage.macs + (expansion != nullptr ? expansion->macs : 0)));
  advice.change = fmt::format(
      "{} would do {:.1f} times the MACs in {} cycles of array time instead "
      "of {}{}.",
      what, ratio, with_thousands(dense.value), with_thousands(both.value),
      dense < both ? ""
                   : ": it does not pay here; fewer channels or a "
                     "smaller map do");
  if (dense < both) advice.gain = both - dense;
}

void advise_on_lanes(const AdviceInput& in, const Stage& stage, Loss::Of dimension,
                     Advice& advice) {
  const PrecisionMode& mode = in.chip.mac_array.modes[static_cast<std::size_t>(stage.mode)];
  const Matrix product = whole_product(stage);
  const std::int64_t factor = mode.parallelism_factor, dot = mode.dot_length;
  const bool depthwise = product.op == MacOp::kDepthwise;
  switch (dimension) {
    case Loss::Of::kOutputs: {
      const std::int64_t block =
          depthwise ? std::max<std::int64_t>(1, in.chip.mac_array.depthwise_channels) : factor;
      advice.limit = fill_text(product.outputs, block, "output channels", "lanes") + ".";
      advice.change = edge_text(product.outputs, block) + ".";
      return;
    }
    case Loss::Of::kChannels:
      advice.limit = fill_text(product.channels, dot, "input channels", "of a dot product") + ".";
      advice.change = edge_text(product.channels, dot) + ".";
      return;
    case Loss::Of::kPositions:
      advice.limit = fmt::format("{} output positions do not fill the array's steps evenly.",
                                 with_thousands(product.positions));
      advice.change = "Another image size, a larger batch, or tiles of whole stripes would.";
      return;
    case Loss::Of::kTaps:
      advice.limit =
          fill_text(product.taps, in.chip.mac_array.depthwise_taps, "kernel taps", "a step") + ".";
      advice.change = edge_text(product.taps, in.chip.mac_array.depthwise_taps) + ".";
      return;
    case Loss::Of::kDepthwise:
      return;
  }
}

}  // namespace

void advise_on_array(const AdviceInput& in, std::size_t g, Advice& advice) {
  const MacSlots& slots = in.attribution.groups[g].slots;
  const Stage* stage = main_product(in.chip, in.run.compiled.network.groups[g]);
  const auto compute =
      static_cast<double>(in.run.groups[g].critical[static_cast<std::size_t>(Bound::kCompute)]);
  const double fed = slots.done + slots.recompute + slots.lanes.lost();
  const Loss loss = largest_loss(slots.lanes);
  const double share = fed > 0 ? loss.slots / fed : 0;
  if (stage != nullptr && share >= 0.1) {
    if (loss.of == Loss::Of::kDepthwise && stage->mac == MacOp::kDepthwise) {
      advise_on_depthwise(in, g, *stage, advice);
      return;
    }
    if (loss.of != Loss::Of::kDepthwise) {
      advise_on_lanes(in, *stage, loss.of, advice);
      advice.gain = Cycles(static_cast<std::int64_t>(compute * share));
      return;
    }
  }
  advice.limit = fmt::format("The array is fed in {} of the time with {} of its lanes at work.",
                             percent_text(slots.peak > 0 ? fed / slots.peak : 0),
                             percent_text(fed > 0 ? 1 - slots.lanes.lost() / fed : 0));
  advice.change =
      "Only fewer multiply-accumulates, a narrower precision, a faster clock or a "
      "larger array make it faster.";
}

}  // namespace presil
