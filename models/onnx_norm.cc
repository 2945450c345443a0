// Softmax and normalisations.

#include <array>

#include "models/onnx_operators.h"
#include "models/onnx_rearrange.h"

namespace presil {
namespace {

/// Up to opset 12 over all axes from `axis` on, taken as one.
void flat_softmax(OnnxContext& context, const OnnxNode& node, OpKind kind) {
  const Shape shape = context.shape(node, 0);
  const auto axis = onnx_axis(node, node.integer("axis", 1), shape.size());
  const Shape outer(shape.begin(), shape.begin() + axis), inner(shape.begin() + axis, shape.end());
  const Shape behind(inner.begin() + 1, inner.end());
  if (element_count(behind) == 1)
    return context.result(node, kind, AxisAttrs{.axis = axis}, {context.input(node, 0)});
  const TensorId flat = context.reshaped(node, context.input(node, 0),
                                         {element_count(outer), element_count(inner)}, "flat");
  const TensorId made = context.step(node, kind, AxisAttrs{.axis = 1}, {flat}, "softmax");
  context.result(node, OpKind::kReshape, ReshapeAttrs{.shape = shape}, {made});
}

template <OpKind kKind>
void convert_softmax(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  if (node.opset() < 13) return flat_softmax(context, node, kKind);
  const auto axis = onnx_axis(node, node.integer("axis", -1), context.rank(node, 0));
  context.result(node, kKind, AxisAttrs{.axis = axis}, {context.input(node, 0)});
}

/// Operand `i` with shape `wanted`; extents of 1 in front may be left out or added.
TensorId parameter(OnnxContext& context, const OnnxNode& node, std::size_t i, const Shape& wanted) {
  if (!node.has_input(i)) return kNoTensor;
  const OnnxConstant* known = context.constant(node, i);
  if (known == nullptr || known->shape == wanted ||
      bounded_elements(known->shape) != bounded_elements(wanted))
    return context.input(node, i);
  return context.add_constant(reshaped(*known, wanted), node.input_name(i));
}

void convert_layer_norm(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 3);
  const Shape x = context.shape(node, 0);
  const auto axis = onnx_axis(node, node.integer("axis", -1), x.size());
  const Shape features(x.begin() + axis, x.end());
  context.result(node, OpKind::kLayerNorm,
                 NormAttrs{.axis = axis, .epsilon = node.real("epsilon", 1e-5f)},
                 {context.input(node, 0), parameter(context, node, 1, features),
                  parameter(context, node, 2, features)});
}

void convert_batch_norm(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 5, 5);
  if (node.integer("training_mode", 0) != 0) throw OnnxUnsupported("training mode");
  context.result(node, OpKind::kBatchNorm,
                 NormAttrs{.axis = 1, .epsilon = node.real("epsilon", 1e-5f)},
                 {context.input(node, 0), context.input(node, 1), context.input(node, 2),
                  context.input(node, 3), context.input(node, 4)});
}

void convert_instance_norm(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 3, 3);
  context.result(node, OpKind::kInstanceNorm,
                 NormAttrs{.axis = 1, .epsilon = node.real("epsilon", 1e-5f)},
                 {context.input(node, 0), context.input(node, 1), context.input(node, 2)});
}

void convert_lrn(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  const LrnAttrs attrs{.size = node.integer("size", 0),
                       .alpha = node.real("alpha", 1e-4f),
                       .beta = node.real("beta", 0.75f),
                       .bias = node.real("bias", 1)};
  context.result(node, OpKind::kLrn, attrs, {context.input(node, 0)});
}

/// x / sqrt(sum of squares) or x / sum of magnitudes, along one axis.
void convert_lp_normalization(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  const std::int64_t p = node.integer("p", 2);
  if (p != 1 && p != 2) throw Error("{}: attribute p must be 1 or 2, is {}", node.place(), p);
  const TensorId x = context.input(node, 0);
  const ReduceAttrs along{
      .axes = {onnx_axis(node, node.integer("axis", -1), context.rank(node, 0))}};
  const TensorId parts =
      context.step(node, p == 1 ? OpKind::kAbs : OpKind::kSquare, {}, {x}, "parts");
  TensorId norm = context.step(node, OpKind::kReduceSum, along, {parts}, "sum");
  if (p == 2) norm = context.step(node, OpKind::kSqrt, {}, {norm}, "norm");
  context.result(node, OpKind::kDiv, {}, {x, norm});
}

constexpr std::array kRows = {
    OnnxOperator{"Softmax", convert_softmax<OpKind::kSoftmax>},
    OnnxOperator{"LogSoftmax", convert_softmax<OpKind::kLogSoftmax>},
    OnnxOperator{"LayerNormalization", convert_layer_norm},
    OnnxOperator{"BatchNormalization", convert_batch_norm},
    OnnxOperator{"InstanceNormalization", convert_instance_norm},
    OnnxOperator{"LRN", convert_lrn},
    OnnxOperator{"LpNormalization", convert_lp_normalization},
};

}  // namespace

std::span<const OnnxOperator> onnx_norm_operators() { return kRows; }

}  // namespace presil
