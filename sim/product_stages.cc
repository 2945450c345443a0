#include "sim/product_stages.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "sim/op_stages.h"
#include "sim/weight_coding.h"

namespace presil {

namespace {

class Products : OpStages {
 public:
  Products(const StageContext& context, const Op& op) : OpStages(context, op) {}

  std::vector<Stage> stages() const {
    using enum OpKind;
    if (op_.kind == kLstm || op_.kind == kGru || op_.kind == kRnn) return with_states();
    return {product()};
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
      return stage;
    }
    const ElementOrder result = order_of(op_.outputs[0]);
    stage.in_images = broadcast_images(order_of(stage.input), result);
    stage.weight_images = broadcast_images(order_of(stage.weights), result);
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
};

}  // namespace

std::vector<Stage> product_stages(const StageContext& context, const Op& op) {
  return Products(context, op).stages();
}

}  // namespace presil
