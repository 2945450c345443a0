// Poolings.

#include <algorithm>
#include <array>

#include "models/onnx_operators.h"

namespace presil {
namespace {

template <OpKind kKind>
void convert_pool(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  if (node.has_output(1)) throw OnnxUnsupported("the places of the maxima as a second result");
  const PoolAttrs attrs{
      .window = onnx_window(node, context.shape(node, 0), node.integers("kernel_shape")),
      .count_include_pad = node.integer("count_include_pad", 0) != 0,
      .ceil_mode = node.integer("ceil_mode", 0) != 0};
  const TensorId x = context.input(node, 0);
  context.result(node, kKind, attrs, {x},
                 {.quantization = context.builder().tensor(x).quantization});
}

/// 5-D and other maps: a reduction over all axes but the first two.
void convert_global(OnnxContext& context, const OnnxNode& node, OpKind kind, OpKind reduction) {
  require_onnx_operands(node, 1, 1);
  const TensorId x = context.input(node, 0);
  const std::size_t rank = context.rank(node, 0);
  if (rank == 3 || rank == 4) return context.result(node, kind, {}, {x});
  if (rank < 3)
    throw Error("{}: operand 0 must have 3 dimensions or more, is {}", node.place(),
                to_string(context.shape(node, 0)));
  ReduceAttrs attrs;
  for (std::size_t axis = 2; axis < rank; ++axis)
    attrs.axes.push_back(static_cast<std::int64_t>(axis));
  context.result(node, reduction, attrs, {x});
}

void convert_global_average(OnnxContext& context, const OnnxNode& node) {
  convert_global(context, node, OpKind::kGlobalAveragePool, OpKind::kReduceMean);
}

void convert_global_max(OnnxContext& context, const OnnxNode& node) {
  convert_global(context, node, OpKind::kGlobalMaxPool, OpKind::kReduceMax);
}

constexpr std::array kRows = {
    OnnxOperator{"MaxPool", convert_pool<OpKind::kMaxPool>},
    OnnxOperator{"AveragePool", convert_pool<OpKind::kAveragePool>},
    OnnxOperator{"GlobalAveragePool", convert_global_average},
    OnnxOperator{"GlobalMaxPool", convert_global_max},
};

}  // namespace

std::span<const OnnxOperator> onnx_pool_operators() { return kRows; }

}  // namespace presil
