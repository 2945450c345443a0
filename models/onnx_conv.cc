// Convolutions and transposed convolutions.

#include <algorithm>
#include <array>

#include "models/onnx_operators.h"

namespace presil {
namespace {

/// The kernel's extents from the weights, which attribute kernel_shape may only repeat.
std::vector<std::int64_t> kernel_of(const OnnxNode& node, const Shape& x, const Shape& w) {
  if (w.size() != x.size() || x.size() < 3)
    throw Error("{}: x {} and weights {} must have the same number of dimensions, 3 or more",
                node.place(), to_string(x), to_string(w));
  const std::vector<std::int64_t> kernel(w.begin() + 2, w.end());
  const auto stated = node.integers("kernel_shape");
  if (!stated.empty() && stated != kernel)
    throw Error("{}: kernel_shape {} contradicts the weights {}", node.place(), list_text(stated),
                to_string(w));
  return kernel;
}

void convert_conv(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 3);
  add_onnx_conv(context, node,
                {context.input(node, 0), context.input(node, 1), context.optional_input(node, 2)},
                {});
}

/// One axis of a transposed convolution.
struct TransposedAxis {
  std::int64_t in, stride, reach, output_pad, pad_before, pad_after;
};

/// Pads from output_shape (of one axis) or auto_pad, as the ONNX operator defines them.
void set_transposed_pads(const OnnxNode& node, TransposedAxis& axis, std::int64_t out) {
  const std::int64_t total = axis.stride * (axis.in - 1) + axis.output_pad + axis.reach - out;
  if (total < 0) {
    axis.output_pad -= total;
    axis.pad_before = axis.pad_after = 0;
    return;
  }
  // The operator's text puts the odd element behind for SAME_UPPER, and before otherwise.
  const bool upper = node.text("auto_pad", "NOTSET") == "SAME_UPPER";
  axis.pad_before = upper ? total / 2 : total - total / 2;
  axis.pad_after = total - axis.pad_before;
}

void apply_output_shape(const OnnxNode& node, ConvAttrs& conv, const Shape& x) {
  const std::size_t axes = x.size() - 2;
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  std::vector<std::int64_t> wanted = node.integers("output_shape");
  if (wanted.size() == axes + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (wanted.empty() && !same) return;
  Window& w = conv.window;
  std::array<TransposedAxis, 2> all = {
      TransposedAxis{axes == 2 ? x[2] : 1, w.stride_h, w.dilation_h * (w.kernel_h - 1) + 1,
                     conv.output_pad_h, w.pad_top, w.pad_bottom},
      TransposedAxis{x.back(), w.stride_w, w.dilation_w * (w.kernel_w - 1) + 1, conv.output_pad_w,
                     w.pad_left, w.pad_right}};
  if (wanted.empty())
    for (std::size_t i = 2 - axes; i < 2; ++i) wanted.push_back(all[i].in * all[i].stride);
  if (wanted.size() != axes)
    throw Error("{}: output_shape must have {} values, has {}", node.place(), axes, wanted.size());
  for (std::size_t i = 0; i < axes; ++i) {
    if (wanted[i] < 1 || wanted[i] > kMaxOnnxExtent)
      throw Error("{}: output_shape must be 1 to 2^31, is {}", node.place(), wanted[i]);
    set_transposed_pads(node, all[2 - axes + i], wanted[i]);
  }
  w.pad_top = all[0].pad_before;
  w.pad_bottom = all[0].pad_after;
  w.pad_left = all[1].pad_before;
  w.pad_right = all[1].pad_after;
  conv.output_pad_h = all[0].output_pad;
  conv.output_pad_w = all[1].output_pad;
}

/// kTransposedConv is 2-D: a sequence gets a height of 1 for its time.
void convert_conv_transpose(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 3);
  const Shape x = context.shape(node, 0), w = context.shape(node, 1);
  ConvAttrs conv{.window = onnx_window(node, x, kernel_of(node, x, w)),
                 .groups = node.integer("group", 1)};
  const auto output_pads = node.integers("output_padding");
  if (!output_pads.empty()) {
    if (output_pads.size() != x.size() - 2)
      throw Error("{}: output_padding must have {} values, has {}", node.place(), x.size() - 2,
                  output_pads.size());
    for (const std::int64_t pad : output_pads)
      if (pad < 0 || pad > kMaxOnnxExtent)
        throw Error("{}: output_padding must be >= 0, is {}", node.place(), pad);
    conv.output_pad_w = output_pads.back();
    if (output_pads.size() == 2) conv.output_pad_h = output_pads[0];
  }
  apply_output_shape(node, conv, x);
  const TensorId bias = context.optional_input(node, 2);
  if (x.size() == 4)
    return context.result(node, OpKind::kTransposedConv, conv,
                          {context.input(node, 0), context.input(node, 1), bias});
  const auto mapped = [&](std::size_t i, const Shape& s, std::string_view suffix) {
    return context.reshaped(node, context.input(node, i), {s[0], s[1], 1, s[2]}, suffix);
  };
  const TensorId made = context.step(node, OpKind::kTransposedConv, conv,
                                     {mapped(0, x, "map"), mapped(1, w, "weights"), bias}, "conv");
  const Shape y = context.shape_of(made);
  context.result(node, OpKind::kReshape, ReshapeAttrs{.shape = {y[0], y[1], y[3]}}, {made});
}

constexpr std::array kRows = {
    OnnxOperator{"Conv", convert_conv},
    OnnxOperator{"ConvTranspose", convert_conv_transpose},
};

}  // namespace

void add_onnx_conv(OnnxContext& context, const OnnxNode& node, std::vector<TensorId> operands,
                   const OnnxResult& made) {
  const Shape x = context.shape_of(operands[0]), w = context.shape_of(operands[1]);
  const ConvAttrs conv{.window = onnx_window(node, x, kernel_of(node, x, w)),
                       .groups = node.integer("group", 1)};
  const bool depthwise = conv.groups > 1 && conv.groups == x[1];
  context.result(node, depthwise ? OpKind::kDepthwiseConv : OpKind::kConv, conv,
                 std::move(operands), made);
}

std::span<const OnnxOperator> onnx_conv_operators() { return kRows; }

}  // namespace presil
