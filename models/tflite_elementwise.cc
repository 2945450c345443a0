// Elementwise operators, comparisons, types, softmax.

#include <array>

#include "models/tflite_operators.h"

namespace presil {
namespace {

using tflite_schema::ActivationFunctionType;
using tflite_schema::BuiltinOperator;

/// Operands that broadcast against each other in the file's order do so in the graph's.
std::vector<TensorId> broadcast_operands(TfliteContext& context, const TfliteOp& op,
                                         std::size_t count) {
  std::size_t rank = 0;
  for (std::size_t i = 0; i < count; ++i)
    rank = std::max(rank, context.file_shape(context.input_index(op, i)).size());
  std::vector<TensorId> operands;
  for (std::size_t i = 0; i < count; ++i) operands.push_back(context.broadcast_input(op, i, rank));
  return operands;
}

ActivationFunctionType activation_of(const TfliteOp& op) {
  if (const auto* add = op.raw->builtin_options_as_AddOptions())
    return add->fused_activation_function();
  if (const auto* sub = op.raw->builtin_options_as_SubOptions())
    return sub->fused_activation_function();
  if (const auto* mul = op.raw->builtin_options_as_MulOptions())
    return mul->fused_activation_function();
  if (const auto* div = op.raw->builtin_options_as_DivOptions())
    return div->fused_activation_function();
  return ActivationFunctionType::NONE;
}

template <OpKind kKind>
void convert_binary(TfliteContext& context, const TfliteOp& op) {
  context.result(op, kKind, {}, broadcast_operands(context, op, 2), activation_of(op));
}

/// The negation of a comparison: NOT_EQUAL, GREATER_EQUAL, LESS_EQUAL.
template <OpKind kKind>
void convert_negated(TfliteContext& context, const TfliteOp& op) {
  const TensorId opposite = context.step_like(op, kKind, {}, broadcast_operands(context, op, 2),
                                              context.output_index(op), "opposite");
  context.result(op, OpKind::kNot, {}, {opposite});
}

void convert_select(TfliteContext& context, const TfliteOp& op) {
  const Shape condition = context.file_shape(context.input_index(op, 0));
  const Shape x = context.file_shape(context.input_index(op, 1));
  if (op.code == BuiltinOperator::SELECT && condition.size() != x.size() && !condition.empty())
    throw TfliteUnsupported("a condition {} of another rank than the values {}",
                            to_string(condition), to_string(x));
  context.result(op, OpKind::kWhere, {}, broadcast_operands(context, op, 3));
}

template <OpKind kKind>
void convert_unary(TfliteContext& context, const TfliteOp& op) {
  context.result(op, kKind, {}, {context.input(op, 0)});
}

void convert_relu_n1_to_1(TfliteContext& context, const TfliteOp& op) {
  context.result(op, OpKind::kClip, UnaryAttrs{.alpha = -1, .beta = 1}, {context.input(op, 0)});
}

void convert_relu_0_to_1(TfliteContext& context, const TfliteOp& op) {
  context.result(op, OpKind::kClip, UnaryAttrs{.alpha = 0, .beta = 1}, {context.input(op, 0)});
}

void convert_leaky_relu(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_LeakyReluOptions();
  const float alpha = options == nullptr ? 0.0f : options->alpha();
  context.result(op, OpKind::kLeakyRelu, UnaryAttrs{.alpha = alpha}, {context.input(op, 0)});
}

void convert_elu(TfliteContext& context, const TfliteOp& op) {
  context.result(op, OpKind::kElu, UnaryAttrs{.alpha = 1}, {context.input(op, 0)});
}

/// Operand `position` as fp32: composites below are computed there, as TFLite's kernels do inside.
TensorId as_float(TfliteContext& context, const TfliteOp& op, TensorId id) {
  if (is_float(context.builder().tensor(id).type)) return id;
  return context.step(op, OpKind::kDequantize, CastAttrs{.to = DataType::kFloat32}, {id},
                      DataType::kFloat32, {}, "real");
}

TensorId float_step(TfliteContext& context, const TfliteOp& op, OpKind kind, OpAttrs attrs,
                    std::vector<TensorId> inputs, std::string_view suffix) {
  return context.step(op, kind, std::move(attrs), std::move(inputs), DataType::kFloat32, {},
                      suffix);
}

/// Binds result 0 to the fp32 value that `kind` makes, quantised if the file says so.
void float_result(TfliteContext& context, const TfliteOp& op, OpKind kind,
                  std::vector<TensorId> inputs) {
  const DataType type = context.declaration(context.output_index(op)).type;
  if (is_float(type)) return context.result(op, kind, {}, std::move(inputs));
  const TensorId real = float_step(context, op, kind, {}, std::move(inputs), "unrounded");
  context.result(op, OpKind::kQuantize, CastAttrs{.to = type}, {real});
}

void convert_squared_difference(TfliteContext& context, const TfliteOp& op) {
  auto operands = broadcast_operands(context, op, 2);
  for (TensorId& operand : operands) operand = as_float(context, op, operand);
  const TensorId difference =
      float_step(context, op, OpKind::kSub, {}, std::move(operands), "difference");
  float_result(context, op, OpKind::kSquare, {difference});
}

/// x / sqrt(max(sum of x^2 over the last axis, 1e-6)), TFLite's reference kernel.
void convert_l2_normalization(TfliteContext& context, const TfliteOp& op) {
  const std::size_t rank = context.file_shape(context.input_index(op, 0)).size();
  if (rank == 0) throw TfliteUnsupported("normalisation of a scalar");
  const std::int64_t axis = axis_to_channels_first(static_cast<std::int64_t>(rank) - 1, rank);
  const TensorId x = as_float(context, op, context.input(op, 0));
  const TensorId square = float_step(context, op, OpKind::kSquare, {}, {x}, "square");
  const TensorId sum =
      float_step(context, op, OpKind::kReduceSum, ReduceAttrs{.axes = {axis}}, {square}, "sum");
  const TensorId floor = context.add_float(1e-6f, "l2 norm floor");
  const TensorId bounded = float_step(context, op, OpKind::kMax, {}, {sum, floor}, "bounded");
  const TensorId inverse = float_step(context, op, OpKind::kRsqrt, {}, {bounded}, "inverse");
  float_result(context, op, OpKind::kMul, {x, inverse});
}

/// Along the last axis of the file.
template <OpKind kKind>
void convert_softmax(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_SoftmaxOptions();
  const float beta = options == nullptr ? 1.0f : options->beta();
  const std::size_t rank = context.file_shape(context.input_index(op, 0)).size();
  if (rank == 0) throw TfliteUnsupported("softmax of a scalar");
  TensorId x = context.input(op, 0);
  const bool scaled = kKind == OpKind::kSoftmax && beta != 1.0f;
  if (scaled && !is_float(context.builder().tensor(x).type))
    throw TfliteUnsupported("beta {} on integers (only 1)", beta);
  if (scaled)
    x = context.step_like(op, OpKind::kMul, {}, {x, context.add_float(beta, "softmax beta")},
                          context.input_index(op, 0), "beta");
  const std::int64_t axis = axis_to_channels_first(static_cast<std::int64_t>(rank) - 1, rank);
  context.result(op, kKind, AxisAttrs{.axis = axis}, {x});
}

template <OpKind kKind>
void convert_type(TfliteContext& context, const TfliteOp& op) {
  const DataType type = context.declaration(context.output_index(op)).type;
  context.result(op, kKind, CastAttrs{.to = type}, {context.input(op, 0)});
}

constexpr std::array kRows = {
    TfliteOperator{BuiltinOperator::ADD, convert_binary<OpKind::kAdd>},
    TfliteOperator{BuiltinOperator::SUB, convert_binary<OpKind::kSub>},
    TfliteOperator{BuiltinOperator::MUL, convert_binary<OpKind::kMul>},
    TfliteOperator{BuiltinOperator::DIV, convert_binary<OpKind::kDiv>},
    TfliteOperator{BuiltinOperator::MAXIMUM, convert_binary<OpKind::kMax>},
    TfliteOperator{BuiltinOperator::MINIMUM, convert_binary<OpKind::kMin>},
    TfliteOperator{BuiltinOperator::POW, convert_binary<OpKind::kPow>},
    TfliteOperator{BuiltinOperator::EQUAL, convert_binary<OpKind::kEqual>},
    TfliteOperator{BuiltinOperator::LESS, convert_binary<OpKind::kLess>},
    TfliteOperator{BuiltinOperator::GREATER, convert_binary<OpKind::kGreater>},
    TfliteOperator{BuiltinOperator::PRELU, convert_binary<OpKind::kPRelu>},
    TfliteOperator{BuiltinOperator::NOT_EQUAL, convert_negated<OpKind::kEqual>},
    TfliteOperator{BuiltinOperator::GREATER_EQUAL, convert_negated<OpKind::kLess>},
    TfliteOperator{BuiltinOperator::LESS_EQUAL, convert_negated<OpKind::kGreater>},
    TfliteOperator{BuiltinOperator::SELECT, convert_select},
    TfliteOperator{BuiltinOperator::SELECT_V2, convert_select},
    TfliteOperator{BuiltinOperator::SQUARED_DIFFERENCE, convert_squared_difference},
    TfliteOperator{BuiltinOperator::RELU, convert_unary<OpKind::kRelu>},
    TfliteOperator{BuiltinOperator::RELU6, convert_unary<OpKind::kRelu6>},
    TfliteOperator{BuiltinOperator::RELU_N1_TO_1, convert_relu_n1_to_1},
    TfliteOperator{BuiltinOperator::RELU_0_TO_1, convert_relu_0_to_1},
    TfliteOperator{BuiltinOperator::LEAKY_RELU, convert_leaky_relu},
    TfliteOperator{BuiltinOperator::ELU, convert_elu},
    TfliteOperator{BuiltinOperator::LOGISTIC, convert_unary<OpKind::kSigmoid>},
    TfliteOperator{BuiltinOperator::TANH, convert_unary<OpKind::kTanh>},
    TfliteOperator{BuiltinOperator::HARD_SWISH, convert_unary<OpKind::kHardSwish>},
    TfliteOperator{BuiltinOperator::GELU, convert_unary<OpKind::kGelu>},
    TfliteOperator{BuiltinOperator::EXP, convert_unary<OpKind::kExp>},
    TfliteOperator{BuiltinOperator::LOG, convert_unary<OpKind::kLog>},
    TfliteOperator{BuiltinOperator::SQRT, convert_unary<OpKind::kSqrt>},
    TfliteOperator{BuiltinOperator::RSQRT, convert_unary<OpKind::kRsqrt>},
    TfliteOperator{BuiltinOperator::NEG, convert_unary<OpKind::kNeg>},
    TfliteOperator{BuiltinOperator::ABS, convert_unary<OpKind::kAbs>},
    TfliteOperator{BuiltinOperator::FLOOR, convert_unary<OpKind::kFloor>},
    TfliteOperator{BuiltinOperator::SIN, convert_unary<OpKind::kSin>},
    TfliteOperator{BuiltinOperator::COS, convert_unary<OpKind::kCos>},
    TfliteOperator{BuiltinOperator::SQUARE, convert_unary<OpKind::kSquare>},
    TfliteOperator{BuiltinOperator::LOGICAL_NOT, convert_unary<OpKind::kNot>},
    TfliteOperator{BuiltinOperator::SOFTMAX, convert_softmax<OpKind::kSoftmax>},
    TfliteOperator{BuiltinOperator::LOG_SOFTMAX, convert_softmax<OpKind::kLogSoftmax>},
    TfliteOperator{BuiltinOperator::L2_NORMALIZATION, convert_l2_normalization},
    TfliteOperator{BuiltinOperator::QUANTIZE, convert_type<OpKind::kQuantize>},
    TfliteOperator{BuiltinOperator::DEQUANTIZE, convert_type<OpKind::kDequantize>},
    TfliteOperator{BuiltinOperator::CAST, convert_type<OpKind::kCast>},
};

}  // namespace

std::span<const TfliteOperator> tflite_elementwise_operators() { return kRows; }

}  // namespace presil
