#include "estimator/case_layers.h"

#include <algorithm>
#include <array>

#include "models/blocks.h"

namespace presil {

TensorId grouped_conv(LayerBuilder& b, TensorId x, const ConvLayer& layer, std::int64_t groups) {
  const std::int64_t pad = (layer.kernel - 1) / 2;
  const ConvAttrs attrs{.window = {.kernel_h = layer.kernel,
                                   .kernel_w = layer.kernel,
                                   .stride_h = layer.stride,
                                   .stride_w = layer.stride,
                                   .pad_top = pad,
                                   .pad_bottom = pad,
                                   .pad_left = pad,
                                   .pad_right = pad},
                        .groups = groups};
  const TensorId weight =
      b.weight("weight", {layer.channels, b.channels(x) / groups, layer.kernel, layer.kernel});
  const TensorId y = b.op(OpKind::kConv, attrs, {x, weight}, "grouped");
  return b.activate(y, layer.activation);
}

TensorId random_epilogue(CaseDraw& draw, LayerBuilder& b, TensorId x) {
  if (!draw.chance(0.15)) return x;
  return b.add(x, b.input("other", b.shape(x)));
}

ConvLayer random_window(CaseDraw& draw, const Shape& in) {
  ConvLayer layer{.kernel = draw.kernel(), .stride = draw.of<std::int64_t>({1, 1, 1, 1, 2, 2, 3})};
  if (in[2] == 1) {
    layer.kernel_w = layer.kernel;
    layer.kernel = 1;
  } else if (draw.chance(0.08)) {
    (draw.chance(0.5) ? layer.kernel : layer.kernel_w) = 1;
  }
  layer.padding = draw.chance(0.12) ? Padding::kValid : draw.padding();
  layer.activation = draw.activation();
  layer.bias = !draw.chance(0.1);
  return layer;
}

TensorId feed_forward(LayerBuilder& b, TensorId x, std::int64_t expanded, Activation activation) {
  const std::int64_t width = b.shape(x).back();
  TensorId y = b.fc(b.layer_norm(x), expanded, activation, "expand");
  return b.add(x, b.fc(y, width, Activation::kNone, "project"));
}

TensorId conformer_module(LayerBuilder& b, TensorId x, std::int64_t kernel) {
  const Shape in = b.shape(x);
  TensorId y = b.transpose(b.layer_norm(x), {0, 2, 1});
  y = b.reshape(y, {.shape = {1, in[2], 1, in[1]}});
  y = b.conv(y, {.channels = 2 * in[2], .name = "pointwise"});
  const std::vector<TensorId> halves = b.split(y, 2, 1, "glu");
  y = b.mul(halves[0], b.activate(halves[1], Activation::kSigmoid, "glu"));
  y = b.depthwise(y, {.kernel = 1, .kernel_w = kernel, .activation = Activation::kSilu});
  y = b.conv(y, {.channels = in[2], .name = "pointwise"});
  y = b.transpose(b.reshape(y, {.shape = {1, in[2], in[1]}}), {0, 2, 1});
  return b.add(x, y);
}

TensorId tucker(LayerBuilder& b, TensorId x, std::int64_t inner_in, std::int64_t inner_out,
                const ConvLayer& layer, std::int64_t channels) {
  ConvLayer inner = layer;
  inner.channels = inner_out;
  inner.name.assign("core");
  TensorId y =
      b.conv(x, {.channels = inner_in, .activation = layer.activation, .name = "compress"});
  y = b.conv(b.conv(y, inner), {.channels = channels, .name = "expand"});
  return b.shape(x) == b.shape(y) ? b.add(y, x) : y;
}

TensorId residual(LayerBuilder& b, TensorId x, std::int64_t channels, std::int64_t narrow,
                  std::int64_t stride) {
  constexpr auto kRelu = Activation::kRelu;
  TensorId y = x;
  if (narrow > 0) {
    y = b.conv(y, {.channels = narrow, .activation = kRelu});
    y = b.conv(y, {.channels = narrow, .kernel = 3, .stride = stride, .activation = kRelu});
    y = b.conv(y, {.channels = channels});
  } else {
    y = b.conv(y, {.channels = channels, .kernel = 3, .stride = stride, .activation = kRelu});
    y = b.conv(y, {.channels = channels, .kernel = 3});
  }
  TensorId shortcut = x;
  if (b.shape(x) != b.shape(y))
    shortcut = b.conv(x, {.channels = channels, .stride = stride, .name = "shortcut"});
  return b.activate(b.add(y, shortcut), kRelu);
}

TensorId cell_operation(CaseDraw& draw, LayerBuilder& b, TensorId x) {
  const std::int64_t channels = b.channels(x);
  switch (draw.integer(0, 3)) {
    case 0:
      return b.conv(b.activate(x, Activation::kRelu), {.channels = channels});
    case 1:
      return b.conv(b.activate(x, Activation::kRelu), {.channels = channels, .kernel = 3});
    case 2:
      return b.average_pool(x, {.kernel = 3, .padding = Padding::kSymmetric});
    default:
      return x;
  }
}

TensorId random_cell(CaseDraw& draw, LayerBuilder& b, TensorId x) {
  std::array<TensorId, 4> nodes{x, kNoTensor, kNoTensor, kNoTensor};
  for (std::size_t to = 1; to < nodes.size(); ++to) {
    TensorId sum = cell_operation(draw, b, nodes[to - 1]);
    for (std::size_t from = 0; from + 1 < to; ++from)
      if (draw.chance(0.6)) sum = b.add(sum, cell_operation(draw, b, nodes[from]));
    nodes[to] = sum;
  }
  return nodes.back();
}

}  // namespace presil
