// Which shape rule each operator follows, and what the operators' results are.

#include <algorithm>

#include "models/shape_rules.h"

namespace presil {

std::string op_label(const Op& op) {
  return fmt::format("{} '{}'", op_info(op.kind).name, op.name);
}

void OpView::require_rank(std::size_t i, std::string_view role, std::int64_t min,
                          std::int64_t max) const {
  if (rank(i) >= min && rank(i) <= max) return;
  const std::string wanted =
      min == max ? fmt::format("{}", min) : fmt::format("{} to {}", min, max);
  fail("operand {} ({}) is {}, must have {} dimensions", i, role, to_string(shape(i)), wanted);
}

void OpView::require_shape(std::size_t i, std::string_view role, const Shape& wanted) const {
  if (has(i) && shape(i) != wanted)
    fail("operand {} ({}) is {}, must be {} for operand 0 {}", i, role, to_string(shape(i)),
         to_string(wanted), to_string(shape(0)));
}

std::int64_t OpView::elements(const Shape& shape) const {
  try {
    return element_count(shape);
  } catch (const Error& error) {
    fail("{}", error.what());
  }
}

void OpView::require_axis(std::int64_t axis) const {
  if (axis < 0 || axis >= rank(0))
    fail("axis {} is outside of operand 0 {}", axis, to_string(shape(0)));
}

void OpView::require_range(std::string_view name, std::int64_t value, std::int64_t min) const {
  if (value < min || value > kMaxExtent)
    fail("{} must be {} to {}, is {}", name, min, kMaxExtent, value);
}

namespace {

/// Operands that the operator cannot do without, in number and extents.
void check_operands(const OpView& op) {
  const OpInfo& info = op_info(op.kind());
  const auto count = static_cast<int>(op.input_count());
  if (count < info.min_inputs || (info.max_inputs >= 0 && count > info.max_inputs)) {
    const std::string wanted = info.max_inputs < 0 ? fmt::format("at least {}", info.min_inputs)
                               : info.min_inputs == info.max_inputs
                                   ? fmt::format("{}", info.min_inputs)
                                   : fmt::format("{} to {}", info.min_inputs, info.max_inputs);
    op.fail("takes {} operands, has {}", wanted, count);
  }
  for (int i = 0; i < count; ++i) {
    const bool optional = i >= info.min_inputs && info.max_inputs >= 0;
    if (!optional && !op.has(static_cast<std::size_t>(i))) op.fail("operand {} is missing", i);
  }
}

Shapes host_shapes(const OpView& op) {
  const HostAttrs& host = op.attrs<HostAttrs>();
  if (host.output_shapes.empty()) op.fail("must have at least one output");
  if (host.output_types.size() != host.output_shapes.size())
    op.fail("has {} output shapes, but {} output types", host.output_shapes.size(),
            host.output_types.size());
  return host.output_shapes;
}

Shapes shapes_of(const OpView& op, const Shapes& declared) {
  switch (op.kind()) {
    case OpKind::kConv:
    case OpKind::kDepthwiseConv:
    case OpKind::kTransposedConv:
      return conv_shapes(op);
    case OpKind::kFullyConnected:
      return fully_connected_shapes(op);
    case OpKind::kMatMul:
      return matmul_shapes(op);
    case OpKind::kLstm:
      return recurrent_shapes(op, 4);
    case OpKind::kGru:
      return recurrent_shapes(op, 3);
    case OpKind::kRnn:
      return recurrent_shapes(op, 1);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kDiv:
    case OpKind::kMin:
    case OpKind::kMax:
    case OpKind::kPow:
    case OpKind::kEqual:
    case OpKind::kLess:
    case OpKind::kGreater:
    case OpKind::kWhere:
      return broadcast_shapes(op);
    case OpKind::kPRelu:
      return prelu_shapes(op);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kSigmoid:
    case OpKind::kTanh:
    case OpKind::kHardSwish:
    case OpKind::kSilu:
    case OpKind::kGelu:
    case OpKind::kErf:
    case OpKind::kExp:
    case OpKind::kLog:
    case OpKind::kSqrt:
    case OpKind::kRsqrt:
    case OpKind::kReciprocal:
    case OpKind::kNeg:
    case OpKind::kAbs:
    case OpKind::kFloor:
    case OpKind::kSoftplus:
    case OpKind::kSquare:
    case OpKind::kSin:
    case OpKind::kCos:
    case OpKind::kNot:
    case OpKind::kIdentity:
      return same_shapes(op);
    case OpKind::kClip:
    case OpKind::kLeakyRelu:
    case OpKind::kHardSigmoid:
    case OpKind::kElu:
      op.attrs<UnaryAttrs>();
      return same_shapes(op);
    case OpKind::kCast:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      op.attrs<CastAttrs>();
      return same_shapes(op);
    case OpKind::kSoftmax:
    case OpKind::kLogSoftmax:
      return softmax_shapes(op);
    case OpKind::kLayerNorm:
      return layer_norm_shapes(op);
    case OpKind::kBatchNorm:
    case OpKind::kInstanceNorm:
      return channel_norm_shapes(op);
    case OpKind::kLrn:
      return lrn_shapes(op);
    case OpKind::kMaxPool:
    case OpKind::kAveragePool:
      return pool_shapes(op);
    case OpKind::kGlobalAveragePool:
    case OpKind::kGlobalMaxPool:
      return global_pool_shapes(op);
    case OpKind::kReduceMean:
    case OpKind::kReduceSum:
    case OpKind::kReduceMax:
    case OpKind::kReduceMin:
      return reduce_shapes(op);
    case OpKind::kArgMax:
      return arg_max_shapes(op);
    case OpKind::kResizeNearest:
    case OpKind::kResizeBilinear:
      return resize_shapes(op);
    case OpKind::kConcat:
      return concat_shapes(op);
    case OpKind::kSplit:
      return split_shapes(op, declared);
    case OpKind::kSlice:
      return slice_shapes(op);
    case OpKind::kPad:
      return pad_shapes(op);
    case OpKind::kReshape:
      return reshape_shapes(op);
    case OpKind::kTranspose:
      return transpose_shapes(op);
    case OpKind::kGather:
      return gather_shapes(op);
    case OpKind::kDepthToSpace:
    case OpKind::kSpaceToDepth:
    case OpKind::kChannelShuffle:
      return block_shapes(op);
    case OpKind::kExpand:
      return expand_shapes(op);
    case OpKind::kHost:
      return host_shapes(op);
  }
  PRESIL_CHECK(false, "operator kind {}", static_cast<int>(op.kind()));
}

/// Recurrent operators have outputs that may be left out; all others must have every one.
bool may_leave_out_outputs(OpKind kind) {
  return kind == OpKind::kLstm || kind == OpKind::kGru || kind == OpKind::kRnn;
}

}  // namespace

Shapes output_shapes(const Op& op, std::span<const TensorDesc* const> inputs,
                     const Shapes& declared) {
  const OpView view(op, inputs);
  check_operands(view);
  Shapes shapes = shapes_of(view, declared);
  const bool fits = may_leave_out_outputs(op.kind)
                        ? !declared.empty() && declared.size() <= shapes.size()
                        : declared.size() == shapes.size();
  if (!fits) view.fail("has {} outputs, must have {}", declared.size(), shapes.size());
  shapes.resize(declared.size());
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (!declared[i].empty() && declared[i] != shapes[i])
      view.fail("output {} is declared {}, its operands make it {}", i, to_string(declared[i]),
                to_string(shapes[i]));
  return shapes;
}

std::vector<Shape> infer_shapes(const Op& op, std::span<const TensorDesc* const> inputs) {
  const OpView view(op, inputs);
  check_operands(view);
  return shapes_of(view, Shapes(op.outputs.size()));
}

}  // namespace presil
