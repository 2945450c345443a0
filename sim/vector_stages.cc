#include "sim/vector_stages.h"

#include <algorithm>

#include "sim/op_stages.h"

namespace presil {

namespace {

class VectorStage : OpStages {
 public:
  VectorStage(const StageContext& context, const Op& op) : OpStages(context, op) {}

  Stage stage() const {
    using enum OpKind;
    Stage stage = base(StageKind::kVector);
    stage.vector_cost = c_.vector_cost(op_);
    switch (op_.kind) {
      case kMaxPool:
      case kAveragePool:
        stage.reach = Reach::kWindow;
        stage.window = op_.as<PoolAttrs>().window;
        stage.channelwise = true;
        stage.work_multiple = stage.window.kernel_h * stage.window.kernel_w;
        return stage;
      case kGlobalAveragePool:
      case kGlobalMaxPool:
        stage.reach = Reach::kWhole;
        stage.work_on_input = true;
        return over_rows(stage);
      case kReduceMean:
      case kReduceSum:
      case kReduceMax:
      case kReduceMin:
      case kArgMax:
        return reduction(stage);
      case kResizeNearest:
      case kResizeBilinear:
        return resize(stage);
      case kSoftmax:
      case kLogSoftmax:
        return over_axis(stage, op_.as<AxisAttrs>().axis);
      case kLayerNorm:
        return with_constants(layer_norm(stage));
      case kInstanceNorm:
        stage.reach = Reach::kWhole;
        stage.channelwise = true;
        return with_constants(stage);
      case kLrn:
        stage.whole_channels = true;
        return elementwise(stage);
      default:
        return elementwise(stage);
    }
  }

 private:
  /// An image's rows that each row of the result lies between.
  Stage resize(Stage stage) const {
    RowReach reach;
    for (std::int64_t r = 0; r < stage.out.rows; ++r) {
      const Neighbours a = resize_neighbours(op_, r, stage.in.rows, stage.out.rows, false);
      const Neighbours b = resize_neighbours(op_, r, stage.in.rows, stage.out.rows, true);
      reach.rows.push_back({std::min(a.low, b.low), std::max(a.high, b.high) + 1});
    }
    reach.all = {0, 1};
    for (const Rows& rows : reach.rows) {
      reach.all = {std::min(reach.all.begin, rows.begin), std::max(reach.all.end, rows.end)};
      reach.hash = reach.hash * 31 + static_cast<std::size_t>(rows.begin * 7 + rows.end);
    }
    stage.reach = Reach::kMapped;
    stage.channelwise = true;
    stage.row_reach = std::make_shared<RowReach>(std::move(reach));
    return stage;
  }

  /// Same shape in and out, over one axis: channels stay together, or rows do.
  Stage over_axis(Stage stage, std::int64_t axis) const {
    const auto rank = static_cast<std::int64_t>(shape(0).size());
    const bool last = c_.last[static_cast<std::size_t>(stage.input)] || rank < 3;
    const std::int64_t channel_axis = last ? rank - 1 : 1;
    if (axis < 0) axis += rank;
    if (axis == channel_axis) {
      stage.whole_channels = true;
      merge_batch(stage.in);
      merge_batch(stage.out);
      return stage;
    }
    if (axis < (last ? rank - 2 : 1)) return over_lines(stage, {axis});
    stage.reach = Reach::kWhole;
    stage.channelwise = true;
    return stage;
  }

  /// Over the last axes, from one on.
  Stage layer_norm(Stage stage) const {
    const std::int64_t first = op_.as<NormAttrs>().axis;
    const auto rank = static_cast<std::int64_t>(shape(0).size());
    if (first == rank - 1) return over_axis(stage, first);
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = first; axis < rank; ++axis) axes.push_back(axis);
    return over_lines(stage, axes);
  }

  /// Lines that go through several images, or through rows and channels.
  Stage over_lines(Stage stage, const std::vector<std::int64_t>& axes) const {
    merge_batch(stage.in);
    merge_batch(stage.out);
    stage.reach = Reach::kMapped;
    stage.whole_channels = true;
    stage.row_reach = std::make_shared<RowReach>(line_reach(order_of(stage.input), axes));
    return stage;
  }

  Stage reduction(Stage stage) const {
    stage.work_on_input = true;
    const ReduceAttrs& attrs = op_.as<ReduceAttrs>();
    const auto rank = static_cast<std::int64_t>(shape(0).size());
    const bool last = c_.last[static_cast<std::size_t>(stage.input)] || rank < 3;
    const std::int64_t channel_axis = last ? rank - 1 : 1;
    const bool over_channels =
        std::find(attrs.axes.begin(), attrs.axes.end(), channel_axis) != attrs.axes.end();
    const bool in_line = stage.out.channels == 1 || stage.out.batch * stage.out.rows == 1;
    if (over_channels && attrs.axes.size() == 1 && last && in_line &&
        stage.out.batch * stage.out.rows * stage.out.channels == stage.in.batch * stage.in.rows) {
      // [.., T, F] -> [.., T] or [.., T, 1]: one result a row.
      merge_batch(stage.in);
      const std::int64_t atom = stage.out.channels == 1 ? stage.out.atom : 1;
      stage.out = FeatureMap{.rows = stage.in.rows, .bits = stage.out.bits, .atom = atom};
      stage.whole_channels = true;
      return stage;
    }
    if (!over_channels && stage.in.channels == stage.out.channels &&
        stage.in.batch == stage.out.batch && stage.out.rows == 1)
      return over_rows(stage);
    return gathered(stage, attrs);
  }

  /// Each row of the result from the rows whose elements go into it.
  Stage gathered(Stage stage, const ReduceAttrs& attrs) const {
    const ElementOrder result = order_of(stage.output), input = order_of(stage.input);
    merge_batch(stage.in);
    merge_batch(stage.out);
    stage.reach = Reach::kMapped;
    stage.whole_channels = true;
    stage.row_reach = std::make_shared<RowReach>(reduction_reach(
        result, input, reduction_target(result, shape(0), attrs.axes, attrs.keep_dims)));
    return stage;
  }

  /// One result a channel from all rows of the image.
  static Stage over_rows(Stage stage) {
    stage.reach = Reach::kWhole;
    stage.channelwise = true;
    stage.sums_rows = true;
    stage.reduction = stage.in.rows;
    return stage;
  }

  Stage elementwise(Stage stage) const {
    // The operand that has the output's shape streams; smaller ones are broadcast.
    for (const TensorId input : op_.inputs)
      if (c_.is_activation(input) && c_.map_of(input).elements() > stage.in.elements()) {
        stage.input = input;
        stage.in = c_.map_of(input);
      }
    bool seen = false;
    for (const TensorId input : op_.inputs) {
      if (input == kNoTensor) continue;
      if (input == stage.input && !seen) {
        seen = true;
        continue;
      }
      add_operand(stage, input);
    }
    stage.channelwise = !stage.whole_channels;
    if (stage.in.rows != stage.out.rows || stage.in.columns != stage.out.columns ||
        stage.in.batch != stage.out.batch || stage.in.channels != stage.out.channels) {
      for (Operand& operand : stage.operands) merge_batch(operand.map);
      return mapped(stage,
                    broadcast_source(order_of(stage.input), c_.graph.tensor(stage.output).shape));
    }
    bool broadcast = false;
    for (const Operand& operand : stage.operands)
      broadcast |= operand.map.rows != stage.out.rows || operand.map.batch != stage.out.batch;
    if (broadcast) {
      for (Operand& operand : stage.operands)
        operand.images = broadcast_images(order_of(operand.tensor), order_of(stage.output));
      return stage;
    }
    merge_batch(stage.in);
    merge_batch(stage.out);
    for (Operand& operand : stage.operands) merge_batch(operand.map);
    return stage;
  }

  void add_operand(Stage& stage, TensorId input) const {
    if (c_.is_activation(input)) {
      stage.operands.push_back({input, c_.map_of(input)});
    } else if (element_count(c_.graph.tensor(input).shape) > 1) {
      stage.constant_bytes += c_.constant_bytes(input);
    }  // a scalar constant is part of the command
  }
};

}  // namespace

Stage vector_stage(const StageContext& context, const Op& op) {
  return VectorStage(context, op).stage();
}

}  // namespace presil
