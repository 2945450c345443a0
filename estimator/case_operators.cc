// Single operators of the MAC array, with what is fused behind them.

#include <algorithm>

#include "estimator/case_family.h"
#include "estimator/case_layers.h"

namespace presil {

namespace {

Graph finish(LayerBuilder& b, TensorId y) {
  b.output(y);
  return std::move(b).finish();
}

Graph conv(CaseDraw& d) {
  LayerBuilder b("conv", d.padding());
  const TensorId x = b.input("x", d.map_shape(1024));
  ConvLayer layer = random_window(d, b.shape(x));
  layer.channels = d.channels(1024);
  return finish(b, random_epilogue(d, b, b.conv(x, layer)));
}

Graph stem(CaseDraw& d) {
  LayerBuilder b("stem", d.padding());
  const std::int64_t rows = d.extent();
  const TensorId x = b.input(
      "x", {1, d.of<std::int64_t>({1, 3, 3, 3, 4}), rows, d.chance(0.8) ? rows : d.extent()});
  ConvLayer layer = random_window(d, b.shape(x));
  layer.stride = d.of<std::int64_t>({1, 2, 2, 2, 4});
  layer.channels = d.channels(96);
  return finish(b, b.conv(x, layer));
}

Graph pointwise(CaseDraw& d) {
  LayerBuilder b("pointwise", d.padding());
  const TensorId x = b.input("x", d.map_shape());
  const TensorId y = b.conv(x, {.channels = d.channels(),
                                .stride = d.of<std::int64_t>({1, 1, 1, 1, 1, 1, 1, 2}),
                                .activation = d.activation(),
                                .bias = !d.chance(0.1)});
  return finish(b, random_epilogue(d, b, y));
}

Graph dilated(CaseDraw& d) {
  LayerBuilder b("dilated", Padding::kSame);
  const TensorId x = b.input("x", d.map_shape(512));
  ConvLayer layer{.channels = d.channels(512),
                  .kernel = d.of<std::int64_t>({3, 3, 3, 5}),
                  .dilation = d.of<std::int64_t>({2, 2, 3, 4, 6}),
                  .activation = d.activation()};
  if (b.shape(x)[2] == 1) std::swap(layer.kernel, layer.kernel_w), layer.kernel = 1;
  return finish(b, b.conv(x, layer));
}

Graph grouped(CaseDraw& d) {
  LayerBuilder b("grouped", Padding::kSymmetric);
  const std::int64_t groups = d.of<std::int64_t>({2, 2, 3, 4, 4, 8, 16, 32});
  const std::int64_t extent = d.extent();
  const TensorId x = b.input(
      "x", {1, groups * d.channels(std::max<std::int64_t>(1, 512 / groups)), extent, extent});
  return finish(
      b, grouped_conv(b, x,
                      {.channels = groups * d.channels(std::max<std::int64_t>(1, 512 / groups)),
                       .kernel = d.of<std::int64_t>({1, 3, 3, 3, 5}),
                       .stride = d.of<std::int64_t>({1, 1, 1, 2}),
                       .activation = d.activation()},
                      groups));
}

Graph depthwise(CaseDraw& d) {
  LayerBuilder b("depthwise", d.padding());
  const TensorId x = b.input("x", d.map_shape());
  ConvLayer layer = random_window(d, b.shape(x));
  if (d.chance(0.08) && layer.stride == 1) {
    layer.dilation = 2;
    layer.padding = Padding::kSame;
  }
  return finish(b, random_epilogue(d, b, b.depthwise(x, layer)));
}

Graph transposed_conv(CaseDraw& d) {
  LayerBuilder b("transposed_conv", Padding::kSame);
  const std::int64_t extent = d.extent(96), kernel = d.of<std::int64_t>({2, 3, 4, 4, 5, 9}),
                     outputs = d.channels(256);
  const TensorId x = b.input("x", {1, d.channels(256), extent, extent});
  const std::int64_t stride = d.of<std::int64_t>({1, 2, 2, 2}), pad = (kernel - 1) / 2;
  const ConvAttrs attrs{.window = {.kernel_h = kernel,
                                   .kernel_w = kernel,
                                   .stride_h = stride,
                                   .stride_w = stride,
                                   .pad_top = pad,
                                   .pad_bottom = pad,
                                   .pad_left = pad,
                                   .pad_right = pad}};
  const TensorId weight = b.weight("weight", {b.channels(x), outputs, kernel, kernel});
  return finish(b, b.op(OpKind::kTransposedConv, attrs, {x, weight}, "transposed"));
}

Graph fully_connected(CaseDraw& d) {
  LayerBuilder b("fully_connected", Padding::kSame);
  const std::int64_t rows = d.chance(0.5) ? 1 : d.log_integer(2, 400);
  const std::int64_t inputs = d.channels() * d.of<std::int64_t>({1, 1, 1, 2, 4});
  const TensorId x = rows == 1 ? b.input("x", {1, inputs}) : b.input("x", {1, rows, inputs});
  const std::int64_t outputs = d.channels();
  return finish(b, random_epilogue(d, b, b.fc(x, outputs, d.activation())));
}

Graph matmul(CaseDraw& d) {
  LayerBuilder b("matmul", Padding::kSame);
  const std::int64_t heads = d.of<std::int64_t>({1, 1, 2, 4, 4, 8, 12, 16});
  const std::int64_t m = d.log_integer(1, 400), k = d.channels(512), n = d.channels(512);
  const bool transpose = d.chance(0.5);
  const TensorId a = b.input("a", {1, heads, m, k});
  const TensorId c = b.input("b", transpose ? Shape{1, heads, n, k} : Shape{1, heads, k, n});
  return finish(b, b.matmul(a, c, transpose));
}

Graph lstm(CaseDraw& d) {
  LayerBuilder b("lstm", Padding::kSame);
  const TensorId x = b.input("x", {d.log_integer(1, 64), 1, d.channels(512)});
  return finish(
      b, b.lstm(x, {.hidden = d.channels(384),
                    .direction = d.of<Direction>(
                        {Direction::kForward, Direction::kForward, Direction::kBidirectional})}));
}

// ---- Step edges: what else is the same on both sides is drawn first ----

Graph outputs_edge(CaseDraw& d) {
  LayerBuilder b("outputs_edge", d.padding());
  const TensorId x = b.input("x", d.map_shape(512));
  ConvLayer layer{.kernel = d.of<std::int64_t>({1, 1, 1, 3, 3, 5}),
                  .stride = d.of<std::int64_t>({1, 1, 1, 2})};
  layer.activation = d.activation();
  if (b.shape(x)[2] == 1) std::swap(layer.kernel, layer.kernel_w), layer.kernel = 1;
  layer.channels = d.at_edge(d.mode().parallelism_factor);
  return finish(b, b.conv(x, layer));
}

Graph inputs_edge(CaseDraw& d) {
  LayerBuilder b("inputs_edge", d.padding());
  const Shape other = d.map_shape(512);
  ConvLayer layer{.channels = d.channels(512), .kernel = d.of<std::int64_t>({1, 1, 1, 3, 3, 5})};
  layer.activation = d.activation();
  if (other[2] == 1) std::swap(layer.kernel, layer.kernel_w), layer.kernel = 1;
  const TensorId x = b.input("x", {1, d.at_edge(d.mode().dot_length), other[2], other[3]});
  return finish(b, b.conv(x, layer));
}

Graph depthwise_edge(CaseDraw& d) {
  LayerBuilder b("depthwise_edge", d.padding());
  const Shape other = d.map_shape(512);
  ConvLayer layer = random_window(d, other);
  const std::int64_t block = d.chip().mac_array.depthwise_channels;
  const TensorId x = b.input(
      "x", {1, d.at_edge(block > 0 ? block : d.mode().parallelism_factor), other[2], other[3]});
  return finish(b, b.depthwise(x, layer));
}

Graph fully_connected_edge(CaseDraw& d) {
  LayerBuilder b("fully_connected_edge", Padding::kSame);
  const TensorId x = b.input("x", {1, d.chance(0.5) ? 1 : d.log_integer(2, 200), d.channels()});
  const Activation activation = d.activation();
  return finish(b, b.fc(x, d.at_edge(d.mode().parallelism_factor), activation));
}

constexpr CaseFamily kFamilies[] = {
    {"conv", Level::kOperator, "convolution of any window, stride and epilogue", conv},
    {"stem", Level::kOperator, "first layer: few input channels, large image", stem},
    {"pointwise", Level::kOperator, "1x1 convolution", pointwise},
    {"dilated", Level::kOperator, "convolution with dilation 2 to 6", dilated},
    {"grouped", Level::kOperator, "convolution in 2 to 32 groups", grouped},
    {"depthwise", Level::kOperator, "depthwise convolution", depthwise},
    {"transposed_conv", Level::kOperator, "transposed convolution", transposed_conv},
    {"fully_connected", Level::kOperator, "product with weights, of one row or many",
     fully_connected},
    {"matmul", Level::kOperator, "product of two activations, by heads", matmul},
    {"lstm", Level::kOperator, "LSTM over 1 to 64 steps", lstm},
    {"outputs_edge", Level::kOperator,
     "convolution at a multiple of the parallelism factor, and +1", outputs_edge, true},
    {"inputs_edge", Level::kOperator, "convolution of a multiple of the dot length, and +1",
     inputs_edge, true},
    {"depthwise_edge", Level::kOperator, "depthwise at a multiple of its channels a step, and +1",
     depthwise_edge, true},
    {"fully_connected_edge", Level::kOperator,
     "fully connected at a multiple of the parallelism factor, and +1", fully_connected_edge, true},
};

}  // namespace

std::span<const CaseFamily> operator_families() { return kFamilies; }

}  // namespace presil
