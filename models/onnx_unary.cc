// Operators with one streamed operand: activations, roots, casts.

#include <algorithm>
#include <array>
#include <limits>

#include "models/onnx_operators.h"

namespace presil {
namespace {

template <OpKind kKind>
void convert_plain(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  context.result(node, kKind, {}, {context.input(node, 0)});
}

void convert_identity(OnnxContext& context, const OnnxNode& node) {
  context.result(node, OpKind::kIdentity, {}, {context.input(node, 0)});
}

/// At inference it does nothing; its mask is all ones.
void convert_dropout(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 3);
  if (context.known_scalar(node, 2).value_or(0) != 0) throw OnnxUnsupported("training mode");
  convert_identity(context, node);
  if (!node.has_output(1)) return;
  OnnxConstant mask{.type = DataType::kBool, .shape = context.shape(node, 0), .data = nullptr};
  context.bind(node, 1, std::move(mask));
}

void convert_leaky_relu(OnnxContext& context, const OnnxNode& node) {
  context.result(node, OpKind::kLeakyRelu, UnaryAttrs{.alpha = node.real("alpha", 0.01f)},
                 {context.input(node, 0)});
}

void convert_elu(OnnxContext& context, const OnnxNode& node) {
  context.result(node, OpKind::kElu, UnaryAttrs{.alpha = node.real("alpha", 1)},
                 {context.input(node, 0)});
}

void convert_hard_sigmoid(OnnxContext& context, const OnnxNode& node) {
  const UnaryAttrs attrs{.alpha = node.real("alpha", 0.2f), .beta = node.real("beta", 0.5f)};
  context.result(node, OpKind::kHardSigmoid, attrs, {context.input(node, 0)});
}

/// gamma * elu(x).
void convert_selu(OnnxContext& context, const OnnxNode& node) {
  const TensorId x = context.input(node, 0);
  const DataType type = context.builder().tensor(x).type;
  const TensorId elu =
      context.step(node, OpKind::kElu,
                   UnaryAttrs{.alpha = node.real("alpha", 1.67326319217681884766f)}, {x}, "elu");
  const TensorId gamma =
      context.add_scalar(type, node.real("gamma", 1.05070102214813232421875f), node);
  context.result(node, OpKind::kMul, {}, {elu, gamma});
}

/// alpha * elu(x / alpha).
void convert_celu(OnnxContext& context, const OnnxNode& node) {
  const float alpha = node.real("alpha", 1);
  if (alpha == 0) throw Error("{}: attribute alpha must not be 0", node.place());
  const TensorId x = context.input(node, 0);
  const OpAttrs elu = UnaryAttrs{.alpha = 1};
  if (alpha == 1) return context.result(node, OpKind::kElu, elu, {x});
  const TensorId factor = context.add_scalar(context.builder().tensor(x).type, alpha, node);
  const TensorId scaled = context.step(node, OpKind::kDiv, {}, {x, factor}, "scaled");
  context.result(node, OpKind::kMul, {},
                 {context.step(node, OpKind::kElu, elu, {scaled}, "elu"), factor});
}

/// x * tanh(softplus(x)): an operator of opset 18 that some exporters use before.
void convert_mish(OnnxContext& context, const OnnxNode& node) {
  const TensorId x = context.input(node, 0);
  const TensorId softplus = context.step(node, OpKind::kSoftplus, {}, {x}, "softplus");
  context.result(node, OpKind::kMul, {},
                 {x, context.step(node, OpKind::kTanh, {}, {softplus}, "tanh")});
}

/// x / (1 + |x|).
void convert_softsign(OnnxContext& context, const OnnxNode& node) {
  const TensorId x = context.input(node, 0);
  const TensorId one = context.add_scalar(context.builder().tensor(x).type, 1, node);
  const TensorId magnitude = context.step(node, OpKind::kAbs, {}, {x}, "abs");
  context.result(node, OpKind::kDiv, {},
                 {x, context.step(node, OpKind::kAdd, {}, {magnitude, one}, "add")});
}

/// x where x > alpha, else 0.
void convert_thresholded_relu(OnnxContext& context, const OnnxNode& node) {
  const TensorId x = context.input(node, 0);
  const DataType type = context.builder().tensor(x).type;
  const TensorId alpha = context.add_scalar(type, node.real("alpha", 1), node);
  const TensorId above = context.step(node, OpKind::kGreater, {}, {x, alpha}, "greater");
  context.result(node, OpKind::kWhere, {}, {above, x, context.add_scalar(type, 0, node)});
}

/// -floor(-x).
void convert_ceil(OnnxContext& context, const OnnxNode& node) {
  const TensorId negative =
      context.step(node, OpKind::kNeg, {}, {context.input(node, 0)}, "negative");
  context.result(node, OpKind::kNeg, {},
                 {context.step(node, OpKind::kFloor, {}, {negative}, "floor")});
}

/// sin(x) / cos(x).
void convert_tan(OnnxContext& context, const OnnxNode& node) {
  const TensorId x = context.input(node, 0);
  context.result(node, OpKind::kDiv, {},
                 {context.step(node, OpKind::kSin, {}, {x}, "sin"),
                  context.step(node, OpKind::kCos, {}, {x}, "cos")});
}

/// Both bounds as numbers: up to opset 10 attributes, then operands. Where values are not in the
/// file they count as no bound.
void clip_between(OnnxContext& context, const OnnxNode& node, float low, float high) {
  const std::vector<TensorId> x{context.input(node, 0)};
  if (low == 0 && high == 6) return context.result(node, OpKind::kRelu6, {}, x);
  if (low == 0 && high >= std::numeric_limits<float>::max())
    return context.result(node, OpKind::kRelu, {}, x);
  if (low > high)
    throw Error("{}: the lower bound {} is above the upper one {}", node.place(), low, high);
  context.result(node, OpKind::kClip, UnaryAttrs{.alpha = low, .beta = high}, x);
}

void convert_clip(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 3);
  float low = std::numeric_limits<float>::lowest(), high = std::numeric_limits<float>::max();
  if (node.opset() < 11)
    return clip_between(context, node, node.real("min", low), node.real("max", high));
  for (std::size_t i = 1; i <= 2; ++i)
    if (node.has_input(i) && context.constant(node, i) == nullptr) {  // bounds that are computed
      TensorId x = context.input(node, 0);
      if (node.has_input(1))
        x = context.step(node, OpKind::kMax, {}, {x, context.input(node, 1)}, "low");
      if (node.has_input(2))
        x = context.step(node, OpKind::kMin, {}, {x, context.input(node, 2)}, "high");
      return context.result(node, OpKind::kIdentity, {}, {x});
    }
  const auto bounded = [&](std::optional<double> bound, float otherwise) {
    return bound ? static_cast<float>(std::clamp<double>(*bound, low, high)) : otherwise;
  };
  clip_between(context, node, bounded(context.known_scalar(node, 1), low),
               bounded(context.known_scalar(node, 2), high));
}

void convert_cast(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  const auto to = static_cast<int>(std::clamp<std::int64_t>(node.integer("to", 0), 0, 1000));
  const auto type = data_type_of_onnx(to);
  if (!type) throw OnnxUnsupported("a cast to {}", onnx_type_name(to));
  const TensorId x = context.input(node, 0);
  if (context.builder().tensor(x).type == *type) return convert_identity(context, node);
  context.result(node, OpKind::kCast, CastAttrs{.to = *type}, {x});
}

constexpr std::array kRows = {
    OnnxOperator{"Relu", convert_plain<OpKind::kRelu>},
    OnnxOperator{"Sigmoid", convert_plain<OpKind::kSigmoid>},
    OnnxOperator{"Tanh", convert_plain<OpKind::kTanh>},
    OnnxOperator{"HardSwish", convert_plain<OpKind::kHardSwish>},
    OnnxOperator{"Softplus", convert_plain<OpKind::kSoftplus>},
    OnnxOperator{"Erf", convert_plain<OpKind::kErf>},
    OnnxOperator{"Exp", convert_plain<OpKind::kExp>},
    OnnxOperator{"Log", convert_plain<OpKind::kLog>},
    OnnxOperator{"Sqrt", convert_plain<OpKind::kSqrt>},
    OnnxOperator{"Reciprocal", convert_plain<OpKind::kReciprocal>},
    OnnxOperator{"Neg", convert_plain<OpKind::kNeg>},
    OnnxOperator{"Abs", convert_plain<OpKind::kAbs>},
    OnnxOperator{"Floor", convert_plain<OpKind::kFloor>},
    OnnxOperator{"Sin", convert_plain<OpKind::kSin>},
    OnnxOperator{"Cos", convert_plain<OpKind::kCos>},
    OnnxOperator{"Not", convert_plain<OpKind::kNot>},
    OnnxOperator{"com.microsoft.Gelu", convert_plain<OpKind::kGelu>},
    OnnxOperator{"Identity", convert_identity},
    OnnxOperator{"Dropout", convert_dropout},
    OnnxOperator{"LeakyRelu", convert_leaky_relu},
    OnnxOperator{"Elu", convert_elu},
    OnnxOperator{"HardSigmoid", convert_hard_sigmoid},
    OnnxOperator{"Selu", convert_selu},
    OnnxOperator{"Celu", convert_celu},
    OnnxOperator{"Mish", convert_mish},
    OnnxOperator{"Softsign", convert_softsign},
    OnnxOperator{"ThresholdedRelu", convert_thresholded_relu},
    OnnxOperator{"Ceil", convert_ceil},
    OnnxOperator{"Tan", convert_tan},
    OnnxOperator{"Clip", convert_clip},
    OnnxOperator{"Cast", convert_cast},
};

}  // namespace

std::span<const OnnxOperator> onnx_unary_operators() { return kRows; }

}  // namespace presil
