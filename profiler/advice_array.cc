#include "profiler/advice_array.h"

#include <fmt/format.h>

#include <algorithm>

#include "hw/lane_fill.h"
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

/// Array time of a product, split evenly over the cores (assumption).
Cycles array_time(const ChipSpec& chip, const Matrix& product) {
  return Cycles(ceil_div(matrix_timing(chip, product).compute.value, chip.cores));
}

enum class Dimension { kDepthwise, kPositions, kChannels, kTaps, kOutputs };

/// What one stage loses in one dimension, in slots of the array.
struct Loss {
  const Stage* stage = nullptr;
  Dimension of = Dimension::kOutputs;
  double slots = 0;
};

/// The largest loss of a group's stages, and the slots that all of them are offered.
struct Losses {
  Loss largest;
  double offered = 0;
  double share() const { return offered > 0 ? largest.slots / offered : 0; }
};

Losses losses_of(const ChipSpec& chip, const FusionGroup& group) {
  Losses losses;
  for (const Stage& stage : group.stages) {
    if (stage.kind != StageKind::kMac && stage.kind != StageKind::kRecurrent) continue;
    const LaneFill fill = lane_fill(chip, whole_product(stage));
    losses.offered += fill.offered;
    for (const auto& [of, slots] :
         {std::pair(Dimension::kDepthwise, fill.depthwise),
          std::pair(Dimension::kOutputs, fill.outputs),
          std::pair(Dimension::kChannels, fill.channels),
          std::pair(Dimension::kPositions, fill.positions), std::pair(Dimension::kTaps, fill.taps)})
      if (slots > losses.largest.slots) losses.largest = {&stage, of, slots};
  }
  return losses;
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
  const Matrix depthwise = whole_product(stage);
  const Cycles now = array_time(in.chip, depthwise);
  Cycles all_products;
  for (const Stage& one : in.run.compiled.network.groups[g].stages)
    if (one.kind == StageKind::kMac) all_products += array_time(in.chip, whole_product(one));
  advice.limit = fmt::format(
      "A depthwise product uses {} of {} multipliers ({}): {} with {} MACs takes {} of the array's "
      "time in this group.",
      with_thousands(used), with_thousands(all),
      percent_text(static_cast<double>(used) / static_cast<double>(all)), stage.name,
      count_text(stage.macs),
      percent_text(static_cast<double>(now.value) / static_cast<double>(all_products.value)));
  // The expansion in front of it, if there is one: a fused block does without both.
  const Stage* expansion = nullptr;
  for (const FusionGroup& group : in.run.compiled.network.groups)
    for (const Stage& before : group.stages)
      if (before.output == stage.input && before.kind == StageKind::kMac && before.taps == 1 &&
          before.groups == 1 && before.mac == MacOp::kDense)
        expansion = &before;
  const Cycles both =
      now + (expansion != nullptr ? array_time(in.chip, whole_product(*expansion)) : Cycles(0));
  Matrix full = depthwise;
  full.op = MacOp::kDense;
  full.outputs = stage.out.channels;
  full.channels = expansion != nullptr ? expansion->reduction : stage.out.channels;
  full.groups = 1;
  const Cycles dense = array_time(in.chip, full);
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

/// Channels of a strided convolution's input folded in space (2x2 pixels into four times the
/// channels): the same result with fewer taps. Empty where that does not help.
std::string folding_text(const ChipSpec& chip, const Stage& stage, const Matrix& product,
                         std::optional<Cycles>& gain) {
  if (stage.reach != Reach::kWindow || stage.window.stride_h != 2 || stage.window.stride_w != 2)
    return "";
  Matrix folded = product;
  folded.channels *= 4;
  folded.taps = ceil_div(stage.window.kernel_h, 2) * ceil_div(stage.window.kernel_w, 2);
  const Cycles now = array_time(chip, product);
  const Cycles then = array_time(chip, folded);
  if (then >= now) return "";
  gain = now - then;
  return fmt::format(
      " Folding 2x2 pixels of the input into {} channels (space to depth) needs {} taps instead of "
      "{}: {} cycles of array time instead of {}.",
      folded.channels, folded.taps, product.taps, with_thousands(then.value),
      with_thousands(now.value));
}

/// Array time that the last, partly filled block of outputs takes; empty where there is only one.
std::optional<Cycles> block_less(const ChipSpec& chip, const Matrix& product, std::int64_t block) {
  if (product.outputs <= block || product.outputs % block == 0) return {};
  Matrix less = product;
  less.outputs = product.outputs / block * block;
  return array_time(chip, product) - array_time(chip, less);
}

void advise_on_lanes(const ChipSpec& chip, const Loss& loss, Advice& advice) {
  const Stage& stage = *loss.stage;
  const PrecisionMode& mode = chip.mac_array.modes[static_cast<std::size_t>(stage.mode)];
  const Matrix product = whole_product(stage);
  const bool depthwise = product.op == MacOp::kDepthwise;
  switch (loss.of) {
    case Dimension::kOutputs: {
      const std::int64_t block = depthwise
                                     ? std::max<std::int64_t>(1, chip.mac_array.depthwise_channels)
                                     : mode.parallelism_factor;
      advice.limit = fill_text(product.outputs, block, "output channels", "lanes");
      advice.change = edge_text(product.outputs, block) + ".";
      advice.gain = block_less(chip, product, block);
      break;
    }
    case Dimension::kChannels:
      advice.limit =
          fill_text(product.channels, mode.dot_length, "input channels", "of a dot product");
      advice.change = edge_text(product.channels, mode.dot_length) + "." +
                      folding_text(chip, stage, product, advice.gain);
      break;
    case Dimension::kPositions:
      advice.limit = fmt::format("{} output positions do not fill the array's steps evenly",
                                 with_thousands(product.positions));
      advice.change = "Another image size, a larger batch, or tiles of whole stripes would.";
      break;
    case Dimension::kTaps:
      advice.limit =
          fill_text(product.taps, chip.mac_array.depthwise_taps, "kernel taps", "a step");
      advice.change = edge_text(product.taps, chip.mac_array.depthwise_taps) + ".";
      break;
    case Dimension::kDepthwise:
      break;
  }
}

}  // namespace

void advise_on_array(const AdviceInput& in, std::size_t g, Advice& advice) {
  const FusionGroup& group = in.run.compiled.network.groups[g];
  const Losses losses = losses_of(in.chip, group);
  if (losses.share() >= 0.1 && losses.largest.of == Dimension::kDepthwise) {
    advise_on_depthwise(in, g, *losses.largest.stage, advice);
    return;
  }
  if (losses.share() >= 0.1) {
    advise_on_lanes(in.chip, losses.largest, advice);
    advice.limit += group.stages.size() > 1 ? " in " + losses.largest.stage->name + "." : ".";
    return;
  }
  const MacSlots& slots = in.attribution.groups[g].slots;
  const double fed = slots.done + slots.recompute + slots.lanes.lost();
  advice.limit = fmt::format("The array is fed in {} of the time with {} of its lanes at work.",
                             percent_text(slots.peak > 0 ? fed / slots.peak : 0),
                             percent_text(fed > 0 ? 1 - slots.lanes.lost() / fed : 0));
  advice.change =
      "Only fewer multiply-accumulates, a narrower precision, a faster clock or a larger array "
      "make it faster.";
}

}  // namespace presil
