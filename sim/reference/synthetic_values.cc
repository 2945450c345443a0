#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/random.h"
#include "models/tensor_values.h"
#include "sim/reference/synthetic.h"

namespace presil {

namespace {

/// How the values of one constant are drawn.
struct Draw {
  double mean = 0, deviation = 1;
  /// Of integers: both included.
  std::int64_t low = -8, high = 7;
};

bool is_layer(OpKind kind) {
  return kind == OpKind::kConv || kind == OpKind::kDepthwiseConv ||
         kind == OpKind::kTransposedConv || kind == OpKind::kFullyConnected;
}

bool is_recurrent(OpKind kind) {
  return kind == OpKind::kLstm || kind == OpKind::kGru || kind == OpKind::kRnn;
}

double fan_in(const Op& op, const Shape& weights) {
  double taps = 1;
  for (std::size_t i = 2; i < weights.size(); ++i) taps *= static_cast<double>(weights[i]);
  if (op.kind != OpKind::kTransposedConv) return static_cast<double>(weights[1]) * taps;
  // Each output sees the taps of one phase.
  const Window& w = op.as<ConvAttrs>().window;
  return std::max(1.0,
                  static_cast<double>(weights[0]) * taps /
                      static_cast<double>(op.as<ConvAttrs>().groups * w.stride_h * w.stride_w));
}

/// Half of the power is gone behind a relu (He et al. 2015).
double gain(const Graph& graph, TensorId x) {
  const auto producer = graph.producer(x);
  const OpKind kind = producer ? graph.op(*producer).kind : OpKind::kIdentity;
  const bool half = kind == OpKind::kRelu || kind == OpKind::kRelu6 || kind == OpKind::kHardSwish ||
                    kind == OpKind::kSilu || kind == OpKind::kGelu;
  return half ? 2 : 1;
}

/// Is the layer the end of a branch that is added to another one? Norms may lie between.
bool ends_branch(const Graph& graph, TensorId y) {
  const auto readers = graph.consumers(y);
  if (readers.size() != 1) return false;
  const Op& reader = graph.op(readers.front());
  if (reader.kind == OpKind::kBatchNorm) return ends_branch(graph, reader.outputs.front());
  return reader.kind == OpKind::kAdd && reader.inputs[0] != reader.inputs[1] &&
         !graph.tensor(reader.inputs[0]).constant && !graph.tensor(reader.inputs[1]).constant;
}

Draw layer_draw(const Graph& graph, const Op& op, std::size_t operand, const Shape& shape) {
  if (operand == 2) return {.deviation = 0.1};
  // Branches that add up would double the power with every block.
  const double share = ends_branch(graph, op.outputs.front()) ? 0.25 : 1;
  return {.deviation = std::sqrt(share * gain(graph, op.inputs[0]) / fan_in(op, shape))};
}

Draw product_draw(const Op& op, std::size_t operand, const Shape& shape) {
  const MatMulAttrs& attrs = op.as<MatMulAttrs>();
  const bool last = operand == 0 ? !attrs.transpose_a : attrs.transpose_b;
  const std::int64_t depth = last ? shape.back() : shape[shape.size() - 2];
  return {.deviation = std::sqrt(1 / static_cast<double>(depth))};
}

Draw norm_draw(std::size_t operand) {
  constexpr double kSpread = 0.2;  // within [0.5, 1.5]
  if (operand == 1 || operand == 4) return {.mean = 1, .deviation = kSpread};
  return {.deviation = 0.1};
}

/// By the role of the constant as operand `operand` of `op`.
Draw draw_of(const Graph& graph, const Op& op, std::size_t operand, const TensorDesc& constant) {
  if (is_layer(op.kind)) return layer_draw(graph, op, operand, constant.shape);
  if (is_recurrent(op.kind)) {
    if (operand >= 3) return {.deviation = 0.1};
    return {.deviation = std::sqrt(1 / static_cast<double>(constant.shape.back()))};
  }
  switch (op.kind) {
    case OpKind::kMatMul:
      return product_draw(op, operand, constant.shape);
    case OpKind::kBatchNorm:
    case OpKind::kLayerNorm:
    case OpKind::kInstanceNorm:
      return norm_draw(operand);
    case OpKind::kMul:
    case OpKind::kDiv:
      return {.mean = 1, .deviation = 0.2, .low = 1, .high = 2};
    case OpKind::kPow:
      return operand == 1 ? Draw{.mean = 2, .deviation = 0, .low = 2, .high = 2} : Draw{};
    case OpKind::kPRelu:
      return {.mean = 0.25, .deviation = 0.05};
    case OpKind::kAdd:
    case OpKind::kSub:
      return {.deviation = 0.3};
    case OpKind::kGather: {
      const auto axis = static_cast<std::size_t>(op.as<AxisAttrs>().axis);
      if (operand == 1) return {.low = 0, .high = graph.tensor(op.inputs[0]).shape[axis] - 1};
      return {};
    }
    default:
      return {};
  }
}

/// Even over mean +- sqrt(3) deviations, which has that deviation.
Tensor drawn(const TensorDesc& constant, const Draw& draw, Random random) {
  Tensor tensor = empty_tensor(constant);
  const auto count = static_cast<std::size_t>(tensor.elements());
  if (is_float(constant.type)) {
    std::vector<double> values(count);
    const double reach = std::sqrt(3.0) * draw.deviation;
    for (double& value : values) value = draw.mean + reach * (2 * random.uniform() - 1);
    store_reals(tensor, values);
    return tensor;
  }
  // Quantised ones as trained weights are stored: the largest at the end of the range.
  const IntegerRange whole = range_of(constant.type);
  const bool stored = constant.quantization && bits_of(constant.type) <= 16;
  std::vector<std::int64_t> values(count);
  for (std::int64_t& value : values)
    value = stored ? std::llround(random.normal() * static_cast<double>(whole.max) / 4)
                   : random.integer(draw.low, draw.high);
  store_integers(tensor, values);
  return tensor;
}

}  // namespace

Graph with_synthetic_values(const Graph& graph, std::uint64_t seed) {
  GraphBuilder builder = GraphBuilder::from(graph);
  for (const Op& op : graph.ops())
    for (std::size_t operand = 0; operand < op.inputs.size(); ++operand) {
      const TensorId id = op.inputs[operand];
      if (id == kNoTensor || !graph.tensor(id).constant || builder.tensor(id).data) continue;
      const Draw draw = draw_of(graph, op, operand, graph.tensor(id));
      Random random(seed * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(id));
      builder.mutable_tensor(id).data =
          std::make_shared<const TensorData>(drawn(graph.tensor(id), draw, random).bytes);
    }
  return std::move(builder).finish();
}

}  // namespace presil
