#pragma once
// The ONNX operators that presil reads, each with the function that converts it. Private to the
// ONNX importer.

#include <span>
#include <string>
#include <string_view>

#include "models/onnx_context.h"

namespace presil {

/// Adds what one node does to the graph and binds its results. Throws OnnxUnsupported (then the
/// node may become a kHost) or Error (then the file is wrong).
using OnnxConverter = void (*)(OnnxContext&, const OnnxNode&);
struct OnnxOperator {
  std::string_view type;  ///< of com.microsoft: with that in front, "com.microsoft.Gelu"
  OnnxConverter convert;
};

// The rows, by family: one .cc file each.
std::span<const OnnxOperator> onnx_conv_operators();         // onnx_conv.cc
std::span<const OnnxOperator> onnx_matmul_operators();       // onnx_matmul.cc
std::span<const OnnxOperator> onnx_einsum_operators();       // onnx_einsum.cc
std::span<const OnnxOperator> onnx_recurrent_operators();    // onnx_recurrent.cc
std::span<const OnnxOperator> onnx_unary_operators();        // onnx_unary.cc
std::span<const OnnxOperator> onnx_elementwise_operators();  // onnx_elementwise.cc
std::span<const OnnxOperator> onnx_norm_operators();         // onnx_norm.cc
std::span<const OnnxOperator> onnx_pool_operators();         // onnx_pool.cc
std::span<const OnnxOperator> onnx_reduce_operators();       // onnx_reduce.cc
std::span<const OnnxOperator> onnx_resize_operators();       // onnx_resize.cc
std::span<const OnnxOperator> onnx_movement_operators();     // onnx_movement.cc
std::span<const OnnxOperator> onnx_pad_operators();          // onnx_pad.cc
std::span<const OnnxOperator> onnx_quantized_operators();    // onnx_quantized.cc
std::span<const OnnxOperator> onnx_control_operators();      // onnx_control.cc

/// "Conv", or with a foreign domain in front: how the table spells a node's operator.
std::string onnx_operator_name(const OnnxNode& node);
/// nullptr if the operator is not supported.
OnnxConverter onnx_converter(std::string_view name);
/// Up to four supported operators with names like `name`, or the most usual ones: for messages.
std::string supported_onnx_operators(std::string_view name);

/// Runs the node on the host with the shapes that the file declares, or that libonnx can infer.
/// Throws OnnxUnsupported if a shape stays unknown.
void convert_onnx_host(OnnxContext& context, const OnnxNode& node);  // onnx_host.cc
/// Converts all nodes of a graph in the file's order, in the innermost scope. Throws Error.
void convert_onnx_nodes(OnnxContext& context, const onnx::GraphProto& graph);  // onnx_import.cc

// -- Shared by families.

/// Throws Error unless the node has `min` to `max` operands.
void require_onnx_operands(const OnnxNode& node, std::size_t min, std::size_t max);
/// Window of a convolution or pooling over `x` ([N,C,H,W] or [N,C,L]), `kernel` one or two extents:
/// strides, dilations, pads and auto_pad as attributes. Throws Error if out of range.
Window onnx_window(const OnnxNode& node, const Shape& x, const std::vector<std::int64_t>& kernel);
/// Scale and zero point, operands `scale_at` and `scale_at` + 1, of a tensor with shape `shape`.
/// Empty if the values are not in the file. Throws OnnxUnsupported if the network computes them.
std::optional<Quantization> onnx_quantization(OnnxContext& context, const OnnxNode& node,
                                              std::size_t scale_at, const Shape& shape,
                                              std::int64_t axis);
/// Operand `i` as a zero point, with a scale of 1: of integers that stay integers. Empty unless it
/// is one known value.
std::optional<Quantization> onnx_zero_point(OnnxContext& context, const OnnxNode& node,
                                            std::size_t i);
/// Operand `i` with `quantization` said of it: a constant gets a tensor of its own, an activation
/// keeps what it has.
TensorId onnx_quantized_input(OnnxContext& context, const OnnxNode& node, std::size_t i,
                              const std::optional<Quantization>& quantization);
/// A convolution of `operands` (x, w, bias or kNoTensor): kConv or kDepthwiseConv.
void add_onnx_conv(OnnxContext& context, const OnnxNode& node, std::vector<TensorId> operands,
                   const OnnxResult& made);

}  // namespace presil
