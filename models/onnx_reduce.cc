// Reductions.

#include <array>
#include <numeric>

#include "models/onnx_layout.h"
#include "models/onnx_operators.h"

namespace presil {
namespace {

/// All axes if none is named; empty if nothing is to be reduced.
std::vector<std::int64_t> reduced_axes(OnnxContext& context, const OnnxNode& node) {
  const std::size_t rank = context.rank(node, 0);
  std::vector<std::int64_t> axes = onnx_axes(context, node, rank);
  if (!axes.empty() || node.integer("noop_with_empty_axes", 0) != 0) return axes;
  axes.resize(rank);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

/// Up to three operators: one on every element, the reduction, one on its result.
void reduce(OnnxContext& context, const OnnxNode& node, OpKind kind,
            std::optional<OpKind> before = {}, std::optional<OpKind> behind = {}) {
  require_onnx_operands(node, 1, 2);
  const ReduceAttrs attrs{.axes = reduced_axes(context, node),
                          .keep_dims = node.integer("keepdims", 1) != 0};
  TensorId x = context.input(node, 0);
  if (before) x = context.step(node, *before, {}, {x}, "elements");
  const bool nothing = attrs.axes.empty();
  const OpAttrs last = nothing ? OpAttrs{} : OpAttrs{attrs};
  kind = nothing ? OpKind::kIdentity : kind;
  if (!behind) return context.result(node, kind, last, {x});
  context.result(node, *behind, {}, {context.step(node, kind, last, {x}, "reduced")});
}

template <OpKind kKind>
void convert_reduce(OnnxContext& context, const OnnxNode& node) {
  reduce(context, node, kKind);
}
void convert_l1(OnnxContext& context, const OnnxNode& node) {
  reduce(context, node, OpKind::kReduceSum, OpKind::kAbs);
}
void convert_l2(OnnxContext& context, const OnnxNode& node) {
  reduce(context, node, OpKind::kReduceSum, OpKind::kSquare, OpKind::kSqrt);
}
void convert_sum_square(OnnxContext& context, const OnnxNode& node) {
  reduce(context, node, OpKind::kReduceSum, OpKind::kSquare);
}
void convert_log_sum(OnnxContext& context, const OnnxNode& node) {
  reduce(context, node, OpKind::kReduceSum, std::nullopt, OpKind::kLog);
}
void convert_log_sum_exp(OnnxContext& context, const OnnxNode& node) {
  reduce(context, node, OpKind::kReduceSum, OpKind::kExp, OpKind::kLog);
}

void arg(OnnxContext& context, const OnnxNode& node, bool smallest) {
  require_onnx_operands(node, 1, 1);
  const ReduceAttrs attrs{.axes = {onnx_axis(node, node.integer("axis", 0), context.rank(node, 0))},
                          .keep_dims = node.integer("keepdims", 1) != 0};
  TensorId x = context.input(node, 0);
  if (smallest) x = context.step(node, OpKind::kNeg, {}, {x}, "negative");
  context.result(node, OpKind::kArgMax, attrs, {x});
}

void convert_arg_max(OnnxContext& context, const OnnxNode& node) { arg(context, node, false); }
void convert_arg_min(OnnxContext& context, const OnnxNode& node) { arg(context, node, true); }

constexpr std::array kRows = {
    OnnxOperator{"ReduceMean", convert_reduce<OpKind::kReduceMean>},
    OnnxOperator{"ReduceSum", convert_reduce<OpKind::kReduceSum>},
    OnnxOperator{"ReduceMax", convert_reduce<OpKind::kReduceMax>},
    OnnxOperator{"ReduceMin", convert_reduce<OpKind::kReduceMin>},
    OnnxOperator{"ReduceL1", convert_l1},
    OnnxOperator{"ReduceL2", convert_l2},
    OnnxOperator{"ReduceSumSquare", convert_sum_square},
    OnnxOperator{"ReduceLogSum", convert_log_sum},
    OnnxOperator{"ReduceLogSumExp", convert_log_sum_exp},
    OnnxOperator{"ArgMax", convert_arg_max},
    OnnxOperator{"ArgMin", convert_arg_min},
};

}  // namespace

std::span<const OnnxOperator> onnx_reduce_operators() { return kRows; }

}  // namespace presil
