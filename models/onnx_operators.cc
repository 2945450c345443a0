#include "models/onnx_operators.h"

#include <algorithm>
#include <array>

namespace presil {
namespace {

using Rows = std::span<const OnnxOperator>;

std::array<Rows, 14> families() {
  return {onnx_conv_operators(),      onnx_matmul_operators(),   onnx_einsum_operators(),
          onnx_recurrent_operators(), onnx_unary_operators(),    onnx_elementwise_operators(),
          onnx_norm_operators(),      onnx_pool_operators(),     onnx_reduce_operators(),
          onnx_resize_operators(),    onnx_movement_operators(), onnx_pad_operators(),
          onnx_quantized_operators(), onnx_control_operators()};
}

/// Letters that the two words begin with alike.
std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin()).first -
      a.begin());
}

}  // namespace

std::string onnx_operator_name(const OnnxNode& node) {
  if (node.domain().empty()) return node.type();
  return fmt::format("{}.{}", node.domain(), node.type());
}

OnnxConverter onnx_converter(std::string_view name) {
  for (const Rows rows : families())
    for (const OnnxOperator& row : rows)
      if (row.type == name) return row.convert;
  return nullptr;
}

std::string supported_onnx_operators(std::string_view name) {
  constexpr std::size_t kMost = 4, kAlike = 4;
  std::vector<std::string> names;
  for (const Rows rows : families())
    for (const OnnxOperator& row : rows) names.emplace_back(row.type);
  std::sort(names.begin(), names.end());
  std::vector<std::string> near;
  const std::string nearest_name = nearest(name, names);
  if (!nearest_name.empty()) near.push_back(nearest_name);
  for (const std::string& known : names)
    if (near.size() < kMost && known != nearest_name && common_prefix(known, name) >= kAlike)
      near.push_back(known);
  if (near.empty())
    return fmt::format(
        "supported are {} operators: Conv, Gemm, MatMul, LSTM, Add, Relu, Softmax, "
        "MaxPool, ReduceMean, Resize, Concat, Slice, Reshape, QuantizeLinear, ...",
        names.size());
  return fmt::format("supported are {} operators, the nearest: {}", names.size(),
                     fmt::join(near, ", "));
}

void require_onnx_operands(const OnnxNode& node, std::size_t min, std::size_t max) {
  const std::size_t count = node.input_count();
  if (count < min || count > max)
    throw Error("{}: takes {} to {} operands, has {}", node.place(), min, max, count);
}

}  // namespace presil
