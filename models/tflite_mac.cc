// Convolutions, fully connected layers and matrix products.

#include <array>

#include "models/tflite_operators.h"

namespace presil {
namespace {

using tflite_schema::BuiltinOperator;

template <typename Options>
const Options& required(TfliteContext& context, const TfliteOp& op, const Options* options) {
  if (options == nullptr)
    throw Error("{}: its options are missing; the file is corrupt", context.file().place(op));
  return *options;
}

/// Window of a convolution with weights [.,H,W,.] over x [N,H,W,C].
template <typename Options>
Window conv_window(TfliteContext& context, const TfliteOp& op, const Options& options,
                   const Shape& x, const Shape& weights) {
  Window window{.kernel_h = weights[1],
                .kernel_w = weights[2],
                .stride_h = options.stride_h(),
                .stride_w = options.stride_w(),
                .dilation_h = options.dilation_h_factor(),
                .dilation_w = options.dilation_w_factor()};
  check_tflite_window(context, op, window);
  set_tflite_pads(window, options.padding(), x[1], x[2]);
  return window;
}

void convert_conv(TfliteContext& context, const TfliteOp& op) {
  const auto& options = required(context, op, op.raw->builtin_options_as_Conv2DOptions());
  const Shape x = tflite_shape_of_rank(context, op, 0, 4);
  const Shape w = tflite_shape_of_rank(context, op, 1, 4);
  if (w[3] < 1 || x[3] % w[3] != 0)
    throw Error("{}: {} input channels do not divide into groups of the weights' {}",
                context.file().place(op), x[3], w[3]);
  const ConvAttrs attrs{.window = conv_window(context, op, options, x, w), .groups = x[3] / w[3]};
  context.result(op, OpKind::kConv, attrs,
                 {context.input(op, 0), context.weights(op, 1, TfliteLayout::kPlain),
                  context.optional_input(op, 2)},
                 options.fused_activation_function());
}

void convert_depthwise(TfliteContext& context, const TfliteOp& op) {
  const auto& options = required(context, op, op.raw->builtin_options_as_DepthwiseConv2DOptions());
  const Shape x = tflite_shape_of_rank(context, op, 0, 4);
  const Shape w = tflite_shape_of_rank(context, op, 1, 4);
  if (w[3] < 1 || w[3] % x[3] != 0)
    throw Error("{}: {} output channels are no multiple of {} input channels",
                context.file().place(op), w[3], x[3]);
  const ConvAttrs attrs{.window = conv_window(context, op, options, x, w), .groups = x[3]};
  context.result(op, OpKind::kDepthwiseConv, attrs,
                 {context.input(op, 0), context.weights(op, 1, TfliteLayout::kDepthwise),
                  context.optional_input(op, 2)},
                 options.fused_activation_function());
}

/// Pads and output pad of one axis, from the extent that the file asks for: SAME and VALID alike
/// cut
/// `(in - 1) * stride + kernel - out` elements, the odd one at the end; or append zeros.
struct Crop {
  std::int64_t before = 0, after = 0, append = 0;
};
Crop transposed_crop(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t total = (in - 1) * stride + kernel - out;
  if (total < 0) return {.append = -total};
  return {.before = total / 2, .after = total - total / 2};
}

void convert_transposed(TfliteContext& context, const TfliteOp& op) {
  const auto& options = required(context, op, op.raw->builtin_options_as_TransposeConvOptions());
  const Shape w = tflite_shape_of_rank(context, op, 1, 4);
  const Shape x = tflite_shape_of_rank(context, op, 2, 4);
  const auto out = context.integer_input(op, 0, "the output's shape");
  if (out.size() != 4)
    throw Error("{}: the output's shape must have 4 extents, has {}", context.file().place(op),
                out.size());
  ConvAttrs attrs{.window = {.kernel_h = w[1],
                             .kernel_w = w[2],
                             .stride_h = options.stride_h(),
                             .stride_w = options.stride_w()}};
  check_tflite_window(context, op, attrs.window);
  const Crop rows = transposed_crop(x[1], out[1], w[1], attrs.window.stride_h);
  const Crop columns = transposed_crop(x[2], out[2], w[2], attrs.window.stride_w);
  attrs.window.pad_top = rows.before;
  attrs.window.pad_bottom = rows.after;
  attrs.window.pad_left = columns.before;
  attrs.window.pad_right = columns.after;
  attrs.output_pad_h = rows.append;
  attrs.output_pad_w = columns.append;
  context.result(op, OpKind::kTransposedConv, attrs,
                 {context.input(op, 2), context.weights(op, 1, TfliteLayout::kTransposed),
                  context.optional_input(op, 3)},
                 options.fused_activation_function());
}

void convert_fully_connected(TfliteContext& context, const TfliteOp& op) {
  const auto& options = required(context, op, op.raw->builtin_options_as_FullyConnectedOptions());
  if (options.weights_format() != tflite_schema::FullyConnectedOptionsWeightsFormat::DEFAULT)
    throw TfliteUnsupported("weights in the shuffled format");
  const Shape w = tflite_shape_of_rank(context, op, 1, 2);
  const std::int32_t x_index = context.input_index(op, 0);
  const Shape x = context.file_shape(x_index);
  const std::int64_t elements = element_count(x);
  if (w[1] < 1 || elements % w[1] != 0)
    throw Error("{}: input {} does not divide into rows of the weights' {} columns",
                context.file().place(op), to_string(x), w[1]);
  TensorId data = context.value(x_index);
  const bool keep = options.keep_num_dims() && x.size() > 2;
  const bool as_it_is = keep ? x.size() != 4 : x.size() == 2 && x[1] == w[1];
  if (!as_it_is) data = context.reshaped(op, data, {elements / w[1], w[1]}, "rows");
  const std::vector<TensorId> operands = {data, context.weights(op, 1, TfliteLayout::kPlain),
                                          context.optional_input(op, 2)};
  const auto activation = options.fused_activation_function();
  Shape declared = context.file().tensor(context.output_index(op)).shape;
  const bool restore = keep ? x.size() == 4 : declared.size() != 2;
  if (!restore) return context.result(op, OpKind::kFullyConnected, {}, operands, activation);
  if (keep) {
    declared = x;
    declared.back() = w[0];
  }
  const std::int32_t index = context.output_index(op);
  const TensorId rows =
      context.step_like(op, OpKind::kFullyConnected, {}, operands, index, "product");
  context.result(
      op, OpKind::kReshape,
      ReshapeAttrs{.shape = to_channels_first(declared), .channels_last = declared.size() == 4},
      {rows}, activation);
}

/// A 4-D operand becomes [N*H,W,C] (`flat`) or [1,N,H,W,C]: its last two dimensions are then the
/// matrix, in the file's order.
TensorId matrix_operand(TfliteContext& context, const TfliteOp& op, std::size_t position,
                        bool flat) {
  const std::int32_t index = context.input_index(op, position);
  const Shape shape = context.file_shape(index);
  if (shape.size() != 4) return context.value(index);
  const Shape matrix = flat ? Shape{shape[0] * shape[1], shape[2], shape[3]}
                            : Shape{1, shape[0], shape[1], shape[2], shape[3]};
  return context.reshaped(op, context.value(index), matrix, position == 0 ? "a" : "b");
}

void convert_batch_matmul(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_BatchMatMulOptions();
  const MatMulAttrs attrs{.transpose_a = options != nullptr && options->adj_x(),
                          .transpose_b = options != nullptr && options->adj_y()};
  const Shape a = context.file_shape(context.input_index(op, 0));
  const Shape b = context.file_shape(context.input_index(op, 1));
  if (a.size() < 2 || b.size() < 2)
    throw Error("{}: operands must have 2 dimensions or more, are {} and {}",
                context.file().place(op), to_string(a), to_string(b));
  if (a.size() != 4 && b.size() != 4)
    return context.result(op, OpKind::kMatMul, attrs, {context.input(op, 0), context.input(op, 1)});
  const bool flat = a.size() == b.size() && a[0] == b[0] && a[1] == b[1];
  const std::int32_t index = context.output_index(op);
  const TensorId product = context.step_like(
      op, OpKind::kMatMul, attrs,
      {matrix_operand(context, op, 0, flat), matrix_operand(context, op, 1, flat)}, index,
      "product");
  const Shape& batch = a.size() == 4 ? a : b;
  const Shape made = context.builder().tensor(product).shape;
  Shape shape =
      flat ? Shape{batch[0], batch[1], made[1], made[2]} : Shape(made.end() - 4, made.end());
  context.result(op, OpKind::kReshape,
                 ReshapeAttrs{.shape = to_channels_first(shape), .channels_last = true}, {product});
}

constexpr std::array kRows = {
    TfliteOperator{BuiltinOperator::CONV_2D, convert_conv},
    TfliteOperator{BuiltinOperator::DEPTHWISE_CONV_2D, convert_depthwise},
    TfliteOperator{BuiltinOperator::TRANSPOSE_CONV, convert_transposed},
    TfliteOperator{BuiltinOperator::FULLY_CONNECTED, convert_fully_connected},
    TfliteOperator{BuiltinOperator::BATCH_MATMUL, convert_batch_matmul},
};

}  // namespace

std::span<const TfliteOperator> tflite_mac_operators() { return kRows; }

}  // namespace presil
