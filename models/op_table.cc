// The one table of operators, in the order of OpKind.

#include <algorithm>

#include "models/op.h"

namespace presil {

namespace {

constexpr OpInfo mac(OpKind kind, std::string_view name, int min_inputs, int max_inputs) {
  return {kind, name, OpClass::kMac, min_inputs, max_inputs, "", false};
}
/// Elementwise: every element of the result needs one element of each operand.
constexpr OpInfo elementwise(OpKind kind, std::string_view name, int inputs,
                             std::string_view cost) {
  return {kind, name, OpClass::kVector, inputs, inputs, cost, true};
}
/// Needs more than one element of its operand, or more than one streamed operand.
constexpr OpInfo vector(OpKind kind, std::string_view name, int min_inputs, int max_inputs,
                        std::string_view cost) {
  return {kind, name, OpClass::kVector, min_inputs, max_inputs, cost, false};
}
constexpr OpInfo move(OpKind kind, std::string_view name, int min_inputs, int max_inputs) {
  return {kind, name, OpClass::kMove, min_inputs, max_inputs, "copy", false};
}
constexpr OpInfo free_op(OpKind kind, std::string_view name) {
  return {kind, name, OpClass::kFree, 1, 1, "", false};
}

constexpr std::array<OpInfo, kOpKindCount> kTable = {{
    mac(OpKind::kConv, "Conv", 2, 3),
    mac(OpKind::kDepthwiseConv, "DepthwiseConv", 2, 3),
    mac(OpKind::kTransposedConv, "TransposedConv", 2, 3),
    mac(OpKind::kFullyConnected, "FullyConnected", 2, 3),
    mac(OpKind::kMatMul, "MatMul", 2, 2),
    mac(OpKind::kLstm, "Lstm", 3, 6),
    mac(OpKind::kGru, "Gru", 3, 5),
    mac(OpKind::kRnn, "Rnn", 3, 5),

    elementwise(OpKind::kAdd, "Add", 2, "add"),
    elementwise(OpKind::kSub, "Sub", 2, "add"),
    elementwise(OpKind::kMul, "Mul", 2, "mul"),
    elementwise(OpKind::kDiv, "Div", 2, "div"),
    elementwise(OpKind::kMin, "Min", 2, "max"),
    elementwise(OpKind::kMax, "Max", 2, "max"),
    elementwise(OpKind::kPow, "Pow", 2, "pow"),
    elementwise(OpKind::kEqual, "Equal", 2, "max"),
    elementwise(OpKind::kLess, "Less", 2, "max"),
    elementwise(OpKind::kGreater, "Greater", 2, "max"),
    vector(OpKind::kWhere, "Where", 3, 3, "max"),

    elementwise(OpKind::kRelu, "Relu", 1, "max"),
    elementwise(OpKind::kRelu6, "Relu6", 1, "max"),
    elementwise(OpKind::kClip, "Clip", 1, "max"),
    elementwise(OpKind::kLeakyRelu, "LeakyRelu", 1, "mul"),
    elementwise(OpKind::kPRelu, "PRelu", 2, "mul"),
    elementwise(OpKind::kSigmoid, "Sigmoid", 1, "sigmoid"),
    elementwise(OpKind::kHardSigmoid, "HardSigmoid", 1, "hard"),
    elementwise(OpKind::kTanh, "Tanh", 1, "tanh"),
    elementwise(OpKind::kHardSwish, "HardSwish", 1, "hard"),
    elementwise(OpKind::kSilu, "Silu", 1, "sigmoid"),
    elementwise(OpKind::kGelu, "Gelu", 1, "erf"),
    elementwise(OpKind::kErf, "Erf", 1, "erf"),
    elementwise(OpKind::kExp, "Exp", 1, "exp"),
    elementwise(OpKind::kLog, "Log", 1, "log"),
    elementwise(OpKind::kSqrt, "Sqrt", 1, "sqrt"),
    elementwise(OpKind::kRsqrt, "Rsqrt", 1, "sqrt"),
    elementwise(OpKind::kReciprocal, "Reciprocal", 1, "div"),
    elementwise(OpKind::kNeg, "Neg", 1, "add"),
    elementwise(OpKind::kAbs, "Abs", 1, "max"),
    elementwise(OpKind::kFloor, "Floor", 1, "convert"),
    elementwise(OpKind::kElu, "Elu", 1, "exp"),
    elementwise(OpKind::kSoftplus, "Softplus", 1, "log"),
    elementwise(OpKind::kSquare, "Square", 1, "mul"),
    elementwise(OpKind::kSin, "Sin", 1, "sin"),
    elementwise(OpKind::kCos, "Cos", 1, "sin"),
    elementwise(OpKind::kNot, "Not", 1, "max"),
    elementwise(OpKind::kCast, "Cast", 1, "convert"),
    elementwise(OpKind::kQuantize, "Quantize", 1, "convert"),
    elementwise(OpKind::kDequantize, "Dequantize", 1, "convert"),

    vector(OpKind::kSoftmax, "Softmax", 1, 1, "softmax"),
    vector(OpKind::kLogSoftmax, "LogSoftmax", 1, 1, "softmax"),
    vector(OpKind::kLayerNorm, "LayerNorm", 1, 3, "norm"),
    elementwise(OpKind::kBatchNorm, "BatchNorm", 5, "norm"),
    vector(OpKind::kInstanceNorm, "InstanceNorm", 3, 3, "norm"),
    vector(OpKind::kLrn, "Lrn", 1, 1, "lrn"),
    vector(OpKind::kMaxPool, "MaxPool", 1, 1, "pool"),
    vector(OpKind::kAveragePool, "AveragePool", 1, 1, "pool"),
    vector(OpKind::kGlobalAveragePool, "GlobalAveragePool", 1, 1, "pool"),
    vector(OpKind::kGlobalMaxPool, "GlobalMaxPool", 1, 1, "pool"),
    vector(OpKind::kReduceMean, "ReduceMean", 1, 1, "reduce"),
    vector(OpKind::kReduceSum, "ReduceSum", 1, 1, "reduce"),
    vector(OpKind::kReduceMax, "ReduceMax", 1, 1, "reduce"),
    vector(OpKind::kReduceMin, "ReduceMin", 1, 1, "reduce"),
    vector(OpKind::kArgMax, "ArgMax", 1, 1, "reduce"),
    vector(OpKind::kResizeNearest, "ResizeNearest", 1, 1, "resize"),
    vector(OpKind::kResizeBilinear, "ResizeBilinear", 1, 1, "resize"),

    move(OpKind::kConcat, "Concat", 1, -1),
    move(OpKind::kSplit, "Split", 1, 1),
    move(OpKind::kSlice, "Slice", 1, 1),
    move(OpKind::kPad, "Pad", 1, 1),
    free_op(OpKind::kReshape, "Reshape"),
    move(OpKind::kTranspose, "Transpose", 1, 1),
    move(OpKind::kGather, "Gather", 2, 2),
    move(OpKind::kDepthToSpace, "DepthToSpace", 1, 1),
    move(OpKind::kSpaceToDepth, "SpaceToDepth", 1, 1),
    move(OpKind::kChannelShuffle, "ChannelShuffle", 1, 1),
    move(OpKind::kExpand, "Expand", 1, 1),
    free_op(OpKind::kIdentity, "Identity"),
    {OpKind::kHost, "Host", OpClass::kHost, 0, -1, "", false},
}};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].kind) != i) return false;
  return true;
}
static_assert(in_enum_order());

}  // namespace

const OpInfo& op_info(OpKind kind) { return kTable[static_cast<std::size_t>(kind)]; }

std::optional<OpKind> op_kind_from_name(std::string_view name) {
  const auto row = std::find_if(kTable.begin(), kTable.end(),
                                [&](const OpInfo& known) { return known.name == name; });
  if (row == kTable.end()) return std::nullopt;
  return row->kind;
}

}  // namespace presil
