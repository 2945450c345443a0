#include "sim/movement_stages.h"

#include <fmt/format.h>

#include "sim/op_stages.h"

namespace presil {

namespace {

class Movement : OpStages {
 public:
  Movement(const StageContext& context, const Op& op) : OpStages(context, op) {}

  std::vector<Stage> movement() const {
    using enum OpKind;
    if (op_.kind == kConcat) return concat();
    if (op_.kind == kSplit) return split();
    Stage stage = base(StageKind::kVector);
    // A reshape that is no view is a copy.
    stage.vector_cost = op_.kind == kReshape || op_.kind == kIdentity
                            ? c_.chip.vector_unit.cycles_per_element.at("copy")
                            : c_.vector_cost(op_);
    if (op_.kind == kSlice) return {slice(stage)};
    if (op_.kind == kPad && stage.in.channels == stage.out.channels &&
        stage.in.batch == stage.out.batch) {
      return {pad(stage)};
    }
    if (op_.kind == kGather) return gather(stage);
    return {with_constants(mapped(stage, source_of(c_.graph, c_.last, op_)))};
  }

 private:
  /// A window of one element that may lie outside.
  Stage pad(Stage stage) const {
    const std::vector<std::int64_t>& before = op_.as<PadAttrs>().before;
    const std::size_t rank = before.size();
    const bool last = c_.last[static_cast<std::size_t>(stage.input)] || rank < 3;
    stage.reach = Reach::kWindow;
    stage.channelwise = true;
    if (last ? rank >= 2 : rank >= 4) stage.window.pad_top = before[rank - 2];
    if (!last) stage.window.pad_left = before[rank - 1];
    return stage;
  }

  /// A constant table: reads as many bytes as it writes, whatever the table's size, and the
  /// indices. A table that is a feature map comes whole.
  std::vector<Stage> gather(Stage stage) const {
    merge_batch(stage.out);
    for (const TensorId input : op_.inputs)
      if (c_.is_activation(input)) {
        stage.input = input;
        stage.in = c_.map_of(input);
      }
    if (c_.is_activation(op_.inputs.at(0))) {
      stage.input = op_.inputs[0];
      stage.in = c_.map_of(stage.input);
    }
    merge_batch(stage.in);
    stage.reach = Reach::kWhole;
    stage.whole_channels = true;
    if (!c_.is_activation(op_.inputs.at(0))) {
      stage.constant_bytes = stage.out.bytes();
      stage.table_bytes = c_.constant_bytes(op_.inputs[0]);
    } else if (c_.is_activation(op_.inputs.at(1))) {
      stage.operands.push_back({op_.inputs[1], c_.map_of(op_.inputs[1])});
      merge_batch(stage.operands.back().map);
    }
    return {stage};
  }

  bool axis_is_channels(std::int64_t axis, TensorId tensor) const {
    const auto rank = static_cast<std::int64_t>(c_.graph.tensor(tensor).shape.size());
    const bool last = c_.last[static_cast<std::size_t>(tensor)] || rank < 3;
    return axis == (last ? rank - 1 : 1);
  }
  bool axis_is_rows(std::int64_t axis, TensorId tensor) const {
    const auto rank = static_cast<std::int64_t>(c_.graph.tensor(tensor).shape.size());
    const bool last = c_.last[static_cast<std::size_t>(tensor)] || rank < 3;
    return rank >= 2 && (last || rank >= 4) && axis == rank - 2;
  }

  bool axis_is_columns(std::int64_t axis, TensorId tensor) const {
    const auto rank = static_cast<std::int64_t>(c_.graph.tensor(tensor).shape.size());
    return rank >= 3 && !last_of(tensor) && axis == rank - 1;
  }

  std::vector<Stage> concat() const {
    std::vector<Stage> parts;
    const std::int64_t axis = op_.as<AxisAttrs>().axis;
    const bool channels = axis_is_channels(axis, op_.outputs[0]);
    const bool rows = axis_is_rows(axis, op_.outputs[0]);
    std::int64_t channel = 0, row = 0, column = 0;
    for (const TensorId input : op_.inputs) {
      Stage part = base(StageKind::kVector);
      part.name = fmt::format("{}[{}]", op_.name, parts.size());
      part.vector_cost = c_.vector_cost(op_);
      part.input = input;
      part.in = c_.map_of(input);
      part.out_channel = channel;
      part.out_row = row;
      if (channels || rows) {
        part.channelwise = true;
        (channels ? part.out.channels : part.out.rows) = channels ? part.in.channels : part.in.rows;
        part.out_image_rows = rows ? c_.map_of(op_.outputs[0]).rows : 0;
        channel += channels ? part.in.channels : 0;
        row += rows ? part.in.rows : 0;
      } else if (axis_is_columns(axis, op_.outputs[0])) {
        part.channelwise = true;
        part.out.columns = part.in.columns;
        part.out_column = column;
        part.out_row = 0;
        column += part.in.columns;
      } else {
        part = along_images(part, axis);
        part.out_row = row;
        row += part.out.rows;
      }
      parts.push_back(part);
    }
    return parts;
  }

  /// This part's share of the whole output: rows of the images in front of the axis, where all from
  /// the axis on are one image.
  Stage along_images(Stage part, std::int64_t axis) const {
    part.out = part.in;
    part = proportional(part);
    const std::int64_t own = element_count(Shape(shape(0).begin(), shape(0).begin() + axis));
    const std::int64_t images = own * c_.batch;
    if (images == 1 || (own > 1 && !last_of(op_.outputs[0]))) return part;
    part.in.batch = c_.is_activation(part.input) ? images : own;  // a constant serves the batch
    part.in.rows /= part.in.batch;
    part.out.batch = images;
    part.out.rows = part.in.rows;
    const FeatureMap whole = c_.map_of(op_.outputs[0]);
    part.out_image_rows = whole.batch * whole.rows / images;
    return part;
  }

  std::vector<Stage> split() const {
    std::vector<Stage> parts;
    const std::int64_t axis = op_.as<AxisAttrs>().axis;
    const bool channels = axis_is_channels(axis, op_.inputs[0]);
    const bool rows = axis_is_rows(axis, op_.inputs[0]);
    std::int64_t at = 0;
    for (const TensorId output : op_.outputs) {
      Stage part = base(StageKind::kVector);
      part.name = fmt::format("{}[{}]", op_.name, parts.size());
      part.vector_cost = c_.vector_cost(op_);
      part.output = output;
      part.out = c_.map_of(output);
      take_part(part, channels, rows, at, parts.size());
      at += channels ? part.out.channels : part.out.rows;
      parts.push_back(part);
    }
    return parts;
  }

  /// The stage reads what its output needs, from `at` on.
  void take_part(Stage& part, bool channels, bool rows, std::int64_t at,
                 std::size_t result = 0) const {
    if (channels || rows) {
      part.channelwise = true;
      part.in_image_rows = rows ? part.in.rows : 0;
      (channels ? part.in_channel : part.in_row) = at;
      (channels ? part.in.channels : part.in.rows) = channels ? part.out.channels : part.out.rows;
    } else {
      part = mapped(part, source_of(c_.graph, c_.last, op_, 0, result));
    }
  }

  Stage slice(Stage stage) const {
    const SliceAttrs& attrs = op_.as<SliceAttrs>();
    int cut = -1, cuts = 0;
    for (std::size_t i = 0; i < attrs.begin.size(); ++i)
      if (attrs.size[i] != shape(0).at(i)) cut = static_cast<int>(i), ++cuts;
    const bool channels = cuts == 1 && axis_is_channels(cut, stage.input);
    const bool rows = cuts == 1 && axis_is_rows(cut, stage.input);
    const bool contiguous = cuts == 1 && attrs.step.at(static_cast<std::size_t>(cut)) == 1;
    take_part(stage, channels && contiguous, rows && contiguous,
              cuts == 1 ? attrs.begin[static_cast<std::size_t>(cut)] : 0);
    return stage;
  }
};

}  // namespace

std::vector<Stage> movement_stages(const StageContext& context, const Op& op) {
  return Movement(context, op).movement();
}

}  // namespace presil
