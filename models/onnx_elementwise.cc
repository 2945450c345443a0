// Operators with two or more operands that broadcast against each other.

#include <array>

#include "models/onnx_operators.h"

namespace presil {
namespace {

template <OpKind kKind>
void convert_binary(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 2);
  context.result(node, kKind, {}, {context.input(node, 0), context.input(node, 1)});
}

/// The opposite of a comparison: a <= b is not a > b.
template <OpKind kKind>
void convert_negated(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 2);
  const TensorId opposite =
      context.step(node, kKind, {}, {context.input(node, 0), context.input(node, 1)}, "opposite");
  context.result(node, OpKind::kNot, {}, {opposite});
}

/// Sum, Min and Max of any number of operands: one after the other. Returns the last but does not
/// bind it if there is a `suffix`.
void accumulate(OnnxContext& context, const OnnxNode& node, OpKind kind) {
  const std::size_t count = node.input_count();
  if (count == 0) throw Error("{}: must have operands", node.place());
  TensorId sum = context.input(node, 0);
  if (count == 1) return context.result(node, OpKind::kIdentity, {}, {sum});
  for (std::size_t i = 1; i + 1 < count; ++i)
    sum = context.step(node, kind, {}, {sum, context.input(node, i)}, fmt::format("{}", i));
  context.result(node, kind, {}, {sum, context.input(node, count - 1)});
}

template <OpKind kKind>
void convert_variadic(OnnxContext& context, const OnnxNode& node) {
  accumulate(context, node, kKind);
}

void convert_mean(OnnxContext& context, const OnnxNode& node) {
  const std::size_t count = node.input_count();
  if (count < 2) return accumulate(context, node, OpKind::kAdd);
  TensorId sum = context.input(node, 0);
  for (std::size_t i = 1; i < count; ++i)
    sum = context.step(node, OpKind::kAdd, {}, {sum, context.input(node, i)}, fmt::format("{}", i));
  const TensorId share = context.add_scalar(context.builder().tensor(sum).type,
                                            1.0 / static_cast<double>(count), node);
  context.result(node, OpKind::kMul, {}, {sum, share});
}

void convert_where(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 3, 3);
  context.result(node, OpKind::kWhere, {},
                 {context.input(node, 0), context.input(node, 1), context.input(node, 2)});
}

constexpr std::array kRows = {
    OnnxOperator{"Add", convert_binary<OpKind::kAdd>},
    OnnxOperator{"Sub", convert_binary<OpKind::kSub>},
    OnnxOperator{"Mul", convert_binary<OpKind::kMul>},
    OnnxOperator{"Div", convert_binary<OpKind::kDiv>},
    OnnxOperator{"Pow", convert_binary<OpKind::kPow>},
    OnnxOperator{"PRelu", convert_binary<OpKind::kPRelu>},
    OnnxOperator{"Equal", convert_binary<OpKind::kEqual>},
    OnnxOperator{"Less", convert_binary<OpKind::kLess>},
    OnnxOperator{"Greater", convert_binary<OpKind::kGreater>},
    OnnxOperator{"LessOrEqual", convert_negated<OpKind::kGreater>},
    OnnxOperator{"GreaterOrEqual", convert_negated<OpKind::kLess>},
    OnnxOperator{"And", convert_binary<OpKind::kMin>},  // of 0 and 1
    OnnxOperator{"Or", convert_binary<OpKind::kMax>},
    OnnxOperator{"Xor", convert_negated<OpKind::kEqual>},
    OnnxOperator{"Sum", convert_variadic<OpKind::kAdd>},
    OnnxOperator{"Min", convert_variadic<OpKind::kMin>},
    OnnxOperator{"Max", convert_variadic<OpKind::kMax>},
    OnnxOperator{"Mean", convert_mean},
    OnnxOperator{"Where", convert_where},
};

}  // namespace

std::span<const OnnxOperator> onnx_elementwise_operators() { return kRows; }

}  // namespace presil
