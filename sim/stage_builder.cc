#include "sim/stage_builder.h"

#include <algorithm>

#include "core/error.h"
#include "sim/movement_stages.h"
#include "sim/op_stages.h"
#include "sim/weight_coding.h"

namespace presil {

FeatureMap StageContext::map_of(TensorId id) const {
  const TensorDesc& tensor = graph.tensor(id);
  FeatureMap map = feature_map(chip, tensor.shape, last[static_cast<std::size_t>(id)],
                               precision.bits(id), tensor.constant ? 1 : batch);
  if (map.channels < map.atom && is_packed(id)) map.atom = map.channels;
  return map;
}

bool StageContext::is_packed(TensorId id) const {
  const std::span<const TensorId> inputs = graph.inputs();
  const std::span<const OpId> readers = graph.consumers(id);
  return chip.packed_inputs && std::find(inputs.begin(), inputs.end(), id) != inputs.end() &&
         precision.bits(id) >= 8 && std::all_of(readers.begin(), readers.end(), [&](OpId op) {
           return op_info(graph.op(op).kind).op_class == OpClass::kMac;
         });
}

std::int64_t StageContext::constant_bytes(TensorId id) const {
  return ceil_div(element_count(graph.tensor(id).shape) * precision.bits(id), 8);
}

double StageContext::vector_cost(const Op& op) const {
  const std::string_view key = op_info(op.kind).vector_cost;
  if (key.empty())
    throw Error(
        "{}: the vector unit of chip '{}' cannot run {}; use --host-ops to place it on the "
        "host",
        op.name, chip.name, op_info(op.kind).name);
  const auto found = chip.vector_unit.cycles_per_element.find(key);
  PRESIL_CHECK(found != chip.vector_unit.cycles_per_element.end(), "no cost '{}' in chip {}", key,
               chip.name);
  return found->second;
}

namespace {

class Builder : OpStages {
 public:
  Builder(const StageContext& context, const Op& op) : OpStages(context, op) {}

  std::vector<Stage> build(bool allow_host) {
    using enum OpKind;
    switch (op_info(op_.kind).op_class) {
      case OpClass::kMac:
        if (op_.kind == kLstm || op_.kind == kGru || op_.kind == kRnn) return with_states();
        return {product()};
      case OpClass::kVector:
        return {vector()};
      case OpClass::kMove:
        return movement_stages(c_, op_);
      case OpClass::kFree:
        return movement_stages(c_, op_);  // a reshape that is no view is a copy
      case OpClass::kHost:
        return {host(allow_host)};
    }
    return {};
  }

 private:
  std::int64_t bias_bits() const {
    if (op_.inputs.size() <= 2 || op_.inputs[2] == kNoTensor) return 0;
    const std::int64_t of_chip = c_.chip.mac_array.constant_bits;
    return of_chip > 0 ? of_chip : c_.precision.bits(op_.inputs[2]);
  }

  Stage product() const {
    Stage stage = base(StageKind::kMac);
    stage.input = op_.inputs[0];
    stage.in = c_.map_of(stage.input);
    stage.mode = c_.precision.mode[static_cast<std::size_t>(id())];
    stage.weights = op_.inputs[1];
    stage.weight_bits = c_.precision.bits(stage.weights);
    stage.constant_bits = bias_bits();
    stage.macs = macs_of(c_.graph, op_).value * c_.batch;
    stage = shaped_product(stage);
    if (c_.chip.weight_coding == WeightCoding::kEntropy) stage.stored_ratio = coded_ratio(stage);
    return stage;
  }

  Stage shaped_product(const Stage& stage) const {
    if (op_.kind == OpKind::kFullyConnected) return fully_connected(stage);
    if (op_.kind == OpKind::kMatMul) return matrix_product(stage);
    return convolution(stage);
  }

  /// The coder leaves biases and scales as they are.
  double coded_ratio(const Stage& stage) const {
    const auto weights = static_cast<double>(stage.reduction * stage.taps * stage.weight_bits);
    const auto constants = static_cast<double>(stage.constant_bits);
    const double coded = weights * weight_ratio(c_.chip, c_.graph.tensor(stage.weights));
    return (coded + constants) / (weights + constants);
  }

  Stage convolution(Stage stage) const {
    const ConvAttrs& attrs = op_.as<ConvAttrs>();
    if (stage.in.channels != shape(0).at(1))
      throw Error(
          "{}: its input '{}' is stored as a sequence, with {} channels instead of {}; a Transpose "
          "between them would do",
          op_.name, c_.graph.tensor(stage.input).name, stage.in.channels, shape(0)[1]);
    stage.reach = Reach::kWindow;
    stage.window = attrs.window;
    stage.groups = attrs.groups;
    stage.reduction = stage.in.channels / attrs.groups;
    stage.taps = attrs.window.kernel_h * attrs.window.kernel_w;
    if (op_.kind == OpKind::kDepthwiseConv) {
      stage.mac = MacOp::kDepthwise;
      stage.groups = 1;
      stage.reduction = 1;
      // With a channel multiplier an output channel's input is another channel: no common tiles.
      stage.channelwise = stage.in.channels == stage.out.channels;
      stage.whole_channels = !stage.channelwise;
    }
    if (op_.kind == OpKind::kTransposedConv) {
      // Each output sees every stride-th tap of the kernel: phases of a dense convolution.
      stage.reach = Reach::kProportional;
      // A tiny image loses many products to its padding, which the network counts all the same.
      const auto taps = [](std::int64_t kernel, std::int64_t stride, std::int64_t in,
                           std::int64_t out) {
        return std::max(ceil_div(kernel, stride), ceil_div(in * kernel, out));
      };
      const Window& w = attrs.window;
      stage.taps = taps(w.kernel_h, w.stride_h, stage.in.rows, stage.out.rows) *
                   taps(w.kernel_w, w.stride_w, stage.in.columns, stage.out.columns);
      stage.kernel_taps =
          w.kernel_h * w.kernel_w;  // all of them are needed, by one phase or another
    }
    return stage;
  }

  Stage fully_connected(Stage stage) const {
    merge_batch(stage.in);
    merge_batch(stage.out);
    stage.reduction = shape(1).at(1);
    if (stage.in.channels != stage.reduction) {  // a flattened feature map seen through a view
      stage.in = FeatureMap{.rows = stage.out.rows,
                            .channels = stage.reduction,
                            .bits = stage.in.bits,
                            .atom = atom_of(c_.chip, stage.reduction, stage.in.bits)};
    }
    return stage;
  }

  Stage matrix_product(Stage stage) const {
    const MatMulAttrs& attrs = op_.as<MatMulAttrs>();
    const Shape& a = shape(0);
    const Shape& b = shape(1);
    stage.reduction = attrs.transpose_a ? a.at(a.size() - 2) : a.at(a.size() - 1);
    stage.weights_are_activations = !c_.graph.tensor(stage.weights).constant;
    if (stage.weights_are_activations) stage.weight_map = c_.map_of(stage.weights);
    stage.weights_transposed = attrs.transpose_b;
    const std::int64_t images = b.size() > 2 ? element_count(Shape(b.begin(), b.end() - 2)) : 1;
    stage.weights_per_image = images > 1 || (stage.weights_are_activations && c_.batch > 1);
    if (attrs.transpose_a || stage.in.channels != stage.reduction) stage.reach = Reach::kWhole;
    if (!stage.weights_per_image && stage.reach == Reach::kSame) {
      merge_batch(stage.in);
      merge_batch(stage.out);
    }
    return stage;
  }

  bool is_used(TensorId id) const {
    return !c_.graph.consumers(id).empty() || c_.graph.is_output(id);
  }

  /// The sequence of results, or the last state if only that is wanted; further results that
  /// somebody reads are copied out of it.
  std::vector<Stage> with_states() const {
    const auto main = std::find_if(op_.outputs.begin(), op_.outputs.end(),
                                   [&](TensorId id) { return is_used(id); });
    PRESIL_CHECK(main != op_.outputs.end(), "{}: nobody reads its results", op_.name);
    std::vector<Stage> stages{recurrent()};
    stages[0].output = *main;
    stages[0].out = c_.map_of(*main);
    merge_batch(stages[0].out);
    for (auto other = main + 1; other != op_.outputs.end(); ++other) {
      if (!is_used(*other)) continue;
      Stage copy = base(StageKind::kVector);
      copy.name = fmt::format("{}[{}]", op_.name, stages.size());
      copy.vector_cost = c_.chip.vector_unit.cycles_per_element.at("copy");
      copy.input = *main;
      copy.output = *other;
      copy.out = c_.map_of(*other);
      copy.in = c_.map_of(*main);
      const bool from_steps = *main == op_.outputs[0] && *other == op_.outputs[1];
      if (!from_steps) copy.in = copy.out;  // the cell's state: as many bytes
      stages.push_back(from_steps ? mapped(copy, last_state_source(op_, order_of(*main)))
                                  : proportional(copy));
    }
    return stages;
  }

  Stage recurrent() const {
    const RecurrentAttrs& attrs = op_.as<RecurrentAttrs>();
    Stage stage = base(StageKind::kRecurrent);
    stage.mode = c_.precision.mode[static_cast<std::size_t>(id())];
    stage.weights = op_.inputs.at(1);
    stage.recurrent_weights = op_.inputs.at(2);
    stage.weight_bits = c_.precision.bits(stage.weights);
    stage.constant_bits = 32;
    stage.stored_ratio = std::max(weight_ratio(c_.chip, c_.graph.tensor(stage.weights)),
                                  weight_ratio(c_.chip, c_.graph.tensor(stage.recurrent_weights)));
    stage.macs = macs_of(c_.graph, op_).value * c_.batch;
    stage.directions = attrs.direction == Direction::kBidirectional ? 2 : 1;
    stage.hidden = attrs.hidden;
    stage.reduction = shape(0).back();
    const std::size_t time_axis = attrs.batch_first ? 1 : 0;
    stage.steps = shape(0).at(time_axis);
    stage.in.channels = stage.reduction;
    merge_batch(stage.in);
    stage.whole_channels = true;
    const auto cost = [&](const char* key) {
      return c_.chip.vector_unit.cycles_per_element.at(key);
    };
    // A step's elementwise work for one hidden unit: Hochreiter and Schmidhuber (1997) with a
    // forget gate; Cho et al. (2014); Elman (1990).
    if (op_.kind == OpKind::kLstm) {
      stage.gates = 4;
      stage.gate_cost = 3 * cost("sigmoid") + 2 * cost("tanh") + 3 * cost("mul") + cost("add");
    } else if (op_.kind == OpKind::kGru) {
      stage.gates = 3;
      stage.gate_cost = 2 * cost("sigmoid") + cost("tanh") + 3 * cost("mul") + 3 * cost("add");
    } else {
      stage.gates = 1;
      stage.gate_cost = cost("tanh");
    }
    return stage;
  }

  Stage vector() const {
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
    if (c_.batch > 1) return proportional(stage);
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
    if (c_.batch > 1) return proportional(stage);
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
        stage.in.batch != stage.out.batch || stage.in.channels != stage.out.channels)
      return mapped(stage,
                    broadcast_source(order_of(stage.input), c_.graph.tensor(stage.output).shape));
    bool broadcast = false;
    for (const Operand& operand : stage.operands)
      broadcast |= operand.map.rows != stage.out.rows || operand.map.batch != stage.out.batch;
    if (broadcast) return stage;
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

  Stage host(bool allow) const {
    const std::string& type = op_.as<HostAttrs>().type;
    if (!allow)
      throw Error(
          "{}: operator {} cannot run on this machine; use --host-ops to place it on the "
          "host CPU at the cost that the chip file states",
          op_.name, type);
    Stage stage = base(StageKind::kHost);
    stage.also_makes.assign(op_.outputs.begin() + 1, op_.outputs.end());
    for (const TensorId input : op_.inputs)
      if (input != stage.input && c_.is_activation(input))
        stage.operands.push_back({input, c_.map_of(input)});
    // Assumption: an elementary operation for each element that the operator reads or writes.
    for (const TensorId input : op_.inputs)
      if (input != kNoTensor) {
        stage.host_operations += static_cast<double>(element_count(c_.graph.tensor(input).shape));
      }
    for (const TensorId output : op_.outputs)
      stage.host_operations += static_cast<double>(element_count(c_.graph.tensor(output).shape));
    stage.host_operations *= static_cast<double>(c_.batch);
    return stage;
  }
};

}  // namespace

std::vector<Stage> build_stages(const StageContext& context, const Op& op, bool allow_host) {
  return Builder(context, op).build(allow_host);
}

namespace {

/// Are the pixels of the two shapes the same, with the same channels, in the same order; or is the
/// result a flattened feature map that only matrix products read?
bool keeps_places(const StageContext& context, const Op& op) {
  const FeatureMap in = context.map_of(op.inputs[0]);
  const FeatureMap out = context.map_of(op.outputs[0]);
  // The same pixels with the same channels, in the same order.
  const bool last = context.last[static_cast<std::size_t>(op.inputs[0])];
  const bool same_layout = last == context.last[static_cast<std::size_t>(op.outputs[0])]
                               ? last || in.batch == out.batch
                               : in.rows * in.columns == 1 && out.rows * out.columns == 1;
  const bool same_pixels =
      in.channels == out.channels && in.elements() == out.elements() && same_layout;
  if (same_pixels && (in.columns == out.columns || in.blocks() == 1)) return true;
  // A feature map that only matrix products with constants read, whose weights are laid out for it.
  const std::span<const OpId> readers = context.graph.consumers(op.outputs[0]);
  return !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](OpId reader) {
    return context.graph.op(reader).kind == OpKind::kFullyConnected &&
           in.rows * in.columns * in.channels == out.channels * out.rows * out.columns &&
           out.rows * out.columns == 1;
  });
}

/// Does every element stay at its byte? (A flattened one: without padding between the elements,
/// since the weights are laid out for the order of its bytes.)
bool keeps_bytes(const StageContext& context, const Op& op) {
  const FeatureMap in = context.map_of(op.inputs[0]), out = context.map_of(op.outputs[0]);
  if (in.channels != out.channels) return in.channels % in.atom == 0 || in.rows * in.columns == 1;
  const auto order = [&](TensorId id) {
    return ElementOrder(context.graph.tensor(id).shape, context.last[static_cast<std::size_t>(id)]);
  };
  const ElementOrder from = order(op.inputs[0]), to = order(op.outputs[0]);
  const Source source = source_of(context.graph, context.last, op);
  bool same = true;
  for_each_index(to.shape, [&](const Shape& index) { same &= source(index) == to.ordinal(index); });
  return same;
}

}  // namespace

bool same_values(const Graph& graph, TensorId a, TensorId b) {
  const TensorDesc &x = graph.tensor(a), &y = graph.tensor(b);
  if (x.type != y.type) return false;
  if (!x.quantization || !y.quantization) return !x.quantization && !y.quantization;
  return x.quantization->scale == y.quantization->scale &&
         x.quantization->zero_point == y.quantization->zero_point;
}

bool is_view(const StageContext& context, const Op& op) {
  if (op.kind != OpKind::kIdentity && op.kind != OpKind::kReshape) return false;
  if (!same_values(context.graph, op.inputs[0], op.outputs[0])) return false;
  if (op.kind == OpKind::kIdentity) return true;
  if (op.kind != OpKind::kReshape) return false;
  return keeps_places(context, op) && keeps_bytes(context, op);
}

}  // namespace presil
