// QuantizeLinear and DequantizeLinear, and operators on integers (QLinear..., ...Integer).

#include <array>

#include "models/onnx_operators.h"

namespace presil {
namespace {

void convert_quantize(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 3);
  const DataType type = node.has_input(2) ? context.type(node, 2) : DataType::kUint8;
  context.result(node, OpKind::kQuantize, CastAttrs{.to = type}, {context.input(node, 0)},
                 {.quantization = onnx_quantization(context, node, 1, context.shape(node, 0),
                                                    node.integer("axis", 1))});
}

/// Of a constant: weights, remembered as such so that Gemm and MatMul can lay them out.
void convert_dequantize(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 3);
  const auto quantization =
      onnx_quantization(context, node, 1, context.shape(node, 0), node.integer("axis", 1));
  const DataType real = context.type(node, 1);
  if (const OnnxConstant* stored = context.constant(node, 0))
    return context.dequantize(node, {.stored = *stored, .quantization = quantization}, real);
  context.result(node, OpKind::kDequantize, CastAttrs{.to = real},
                 {onnx_quantized_input(context, node, 0, quantization)});
}

/// y, scale = (max - min) / 255, zero point = -min / scale: the range is only known at run time.
void convert_dynamic_quantize(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  const TensorId x = context.input(node, 0);
  context.result(node, OpKind::kQuantize, CastAttrs{.to = DataType::kUint8}, {x});
  ReduceAttrs all{.axes = {}, .keep_dims = false};
  for (std::size_t axis = 0; axis < context.rank(node, 0); ++axis)
    all.axes.push_back(static_cast<std::int64_t>(axis));
  if (all.axes.empty()) throw OnnxUnsupported("the range of a scalar");
  const DataType type = context.builder().tensor(x).type;
  const TensorId least = context.step(node, OpKind::kReduceMin, all, {x}, "min");
  const TensorId most = context.step(node, OpKind::kReduceMax, all, {x}, "max");
  const TensorId range = context.step(node, OpKind::kSub, {}, {most, least}, "range");
  const OnnxResult scale{.position = 1};
  const std::vector<TensorId> shared{range, context.add_scalar(type, 1.0 / 255, node)};
  const TensorId step = context.step(node, OpKind::kMul, {}, shared, "step");
  context.result(node, OpKind::kIdentity, {}, {step}, scale);
  const TensorId zero = context.step(node, OpKind::kDiv, {}, {least, step}, "zero");
  const TensorId positive = context.step(node, OpKind::kNeg, {}, {zero}, "positive");
  context.result(node, OpKind::kCast, CastAttrs{.to = DataType::kUint8}, {positive},
                 {.position = 2});
}

/// int32 with the product of both scales, as the operator defines it.
std::optional<Quantization> bias_quantization(const std::optional<Quantization>& x,
                                              const std::optional<Quantization>& w) {
  if (!x || !w || x->scale.size() != 1) return std::nullopt;
  Quantization bias{.scale = w->scale,
                    .zero_point = std::vector<std::int64_t>(w->scale.size(), 0),
                    .axis = w->axis < 0 ? -1 : 0};
  for (float& scale : bias.scale) scale *= x->scale.front();
  return bias;
}

/// x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias?.
void convert_qlinear_conv(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 8, 9);
  const auto x = onnx_quantization(context, node, 1, context.shape(node, 0), -1);
  const auto w = onnx_quantization(context, node, 4, context.shape(node, 3), 0);
  std::vector<TensorId> operands{onnx_quantized_input(context, node, 0, x),
                                 onnx_quantized_input(context, node, 3, w)};
  if (node.has_input(8))
    operands.push_back(onnx_quantized_input(context, node, 8, bias_quantization(x, w)));
  add_onnx_conv(
      context, node, std::move(operands),
      {.type = context.type(node, 7), .quantization = onnx_quantization(context, node, 6, {}, -1)});
}

/// x, w, x_zero?, w_zero? -> int32.
void convert_conv_integer(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 4);
  add_onnx_conv(context, node,
                {onnx_quantized_input(context, node, 0, onnx_zero_point(context, node, 2)),
                 onnx_quantized_input(context, node, 1, onnx_zero_point(context, node, 3))},
                {.type = DataType::kInt32});
}

/// What a com.microsoft operator's result is: the type of operand 0, quantised by `scale_at`.
OnnxResult quantized_like(OnnxContext& context, const OnnxNode& node, std::size_t x_at,
                          std::size_t scale_at) {
  return {.type = context.type(node, x_at),
          .quantization = onnx_quantization(context, node, scale_at, {}, -1)};
}

TensorId triple(OnnxContext& context, const OnnxNode& node, std::size_t at) {
  const auto quantization = onnx_quantization(context, node, at + 1, context.shape(node, at), -1);
  return onnx_quantized_input(context, node, at, quantization);
}

/// a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero.
template <OpKind kKind>
void convert_qlinear_binary(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 7, 8);
  context.result(node, kKind, {}, {triple(context, node, 0), triple(context, node, 3)},
                 quantized_like(context, node, 0, 6));
}

/// x, x_scale, x_zero, y_scale, y_zero.
void add_qlinear_unary(OnnxContext& context, const OnnxNode& node, OpKind kind, OpAttrs attrs) {
  require_onnx_operands(node, 4, 5);
  if (node.integer("channels_last", 0) != 0) throw OnnxUnsupported("channels_last");
  context.result(node, kind, std::move(attrs), {triple(context, node, 0)},
                 quantized_like(context, node, 0, 3));
}

void convert_qlinear_sigmoid(OnnxContext& context, const OnnxNode& node) {
  add_qlinear_unary(context, node, OpKind::kSigmoid, {});
}

void convert_qlinear_leaky_relu(OnnxContext& context, const OnnxNode& node) {
  add_qlinear_unary(context, node, OpKind::kLeakyRelu,
                    UnaryAttrs{.alpha = node.real("alpha", 0.01f)});
}

void convert_qlinear_softmax(OnnxContext& context, const OnnxNode& node) {
  const auto axis = onnx_axis(node, node.integer("axis", -1), context.rank(node, 0));
  add_qlinear_unary(context, node, OpKind::kSoftmax, AxisAttrs{.axis = axis});
}

void convert_qlinear_average(OnnxContext& context, const OnnxNode& node) {
  const PoolAttrs attrs{
      .window = onnx_window(node, context.shape(node, 0), node.integers("kernel_shape")),
      .count_include_pad = node.integer("count_include_pad", 0) != 0,
      .ceil_mode = node.integer("ceil_mode", 0) != 0};
  add_qlinear_unary(context, node, OpKind::kAveragePool, attrs);
}

void convert_qlinear_global_average(OnnxContext& context, const OnnxNode& node) {
  add_qlinear_unary(context, node, OpKind::kGlobalAveragePool, {});
}

/// y_scale, y_zero, then a triple for each part.
void convert_qlinear_concat(OnnxContext& context, const OnnxNode& node) {
  if (node.input_count() < 5 || node.input_count() % 3 != 2)
    throw Error("{}: takes 2 operands and 3 for each part, has {}", node.place(),
                node.input_count());
  std::vector<TensorId> parts;
  for (std::size_t at = 2; at < node.input_count(); at += 3)
    parts.push_back(triple(context, node, at));
  const auto axis = onnx_axis(node, node.integer("axis", 0), context.rank(node, 2));
  context.result(node, OpKind::kConcat, AxisAttrs{.axis = axis}, std::move(parts),
                 quantized_like(context, node, 2, 0));
}

constexpr std::array kRows = {
    OnnxOperator{"QuantizeLinear", convert_quantize},
    OnnxOperator{"DequantizeLinear", convert_dequantize},
    OnnxOperator{"DynamicQuantizeLinear", convert_dynamic_quantize},
    OnnxOperator{"QLinearConv", convert_qlinear_conv},
    OnnxOperator{"ConvInteger", convert_conv_integer},
    OnnxOperator{"com.microsoft.QLinearAdd", convert_qlinear_binary<OpKind::kAdd>},
    OnnxOperator{"com.microsoft.QLinearMul", convert_qlinear_binary<OpKind::kMul>},
    OnnxOperator{"com.microsoft.QLinearSigmoid", convert_qlinear_sigmoid},
    OnnxOperator{"com.microsoft.QLinearLeakyRelu", convert_qlinear_leaky_relu},
    OnnxOperator{"com.microsoft.QLinearSoftmax", convert_qlinear_softmax},
    OnnxOperator{"com.microsoft.QLinearAveragePool", convert_qlinear_average},
    OnnxOperator{"com.microsoft.QLinearGlobalAveragePool", convert_qlinear_global_average},
    OnnxOperator{"com.microsoft.QLinearConcat", convert_qlinear_concat},
};

}  // namespace

std::optional<Quantization> onnx_quantization(OnnxContext& context, const OnnxNode& node,
                                              std::size_t scale_at, const Shape& shape,
                                              std::int64_t axis) {
  const OnnxConstant* known = context.constant(node, scale_at);
  if (known != nullptr && !known->data) return std::nullopt;
  const auto scales = context.reals(node, scale_at, "the scale");
  context.spend(node, 64 * static_cast<std::int64_t>(scales.size()));
  Quantization quantization{.scale = {scales.begin(), scales.end()}};
  if (node.has_input(scale_at + 1)) {
    const OnnxConstant* zeros = context.constant(node, scale_at + 1);
    if (zeros != nullptr && !zeros->data) return std::nullopt;
    quantization.zero_point = context.integers(node, scale_at + 1, "the zero point");
  } else {
    quantization.zero_point.assign(scales.size(), 0);
  }
  if (quantization.zero_point.size() != scales.size())
    throw Error("{}: {} scales, but {} zero points", node.place(), scales.size(),
                quantization.zero_point.size());
  if (scales.size() == 1) return quantization;
  quantization.axis = static_cast<int>(onnx_axis(node, axis, shape.size()));
  const std::int64_t extent = shape[static_cast<std::size_t>(quantization.axis)];
  if (extent != static_cast<std::int64_t>(scales.size()))
    throw Error("{}: {} scales for axis {} of {}", node.place(), scales.size(), quantization.axis,
                to_string(shape));
  return quantization;
}

std::optional<Quantization> onnx_zero_point(OnnxContext& context, const OnnxNode& node,
                                            std::size_t i) {
  const auto zero = context.known_scalar(node, i);
  if (!zero) return std::nullopt;
  return Quantization{.scale = {1}, .zero_point = {static_cast<std::int64_t>(*zero)}};
}

TensorId onnx_quantized_input(OnnxContext& context, const OnnxNode& node, std::size_t i,
                              const std::optional<Quantization>& quantization) {
  const OnnxConstant* known = context.constant(node, i);
  if (known != nullptr) return context.add_constant(*known, node.input_name(i), quantization);
  const TensorId id = context.input(node, i);
  std::optional<Quantization>& said = context.builder().mutable_tensor(id).quantization;
  if (!said) said = quantization;
  return id;
}

std::span<const OnnxOperator> onnx_quantized_operators() { return kRows; }

}  // namespace presil
