// Speech: keyword spotting, a conformer encoder, an LSTM encoder.

#include <fmt/format.h>

#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

Graph ds_cnn() {
  LayerBuilder b("ds_cnn", Padding::kSame);
  TensorId x = b.input("mfcc", {1, 1, 49, 10});
  x = b.conv(
      x,
      {.channels = 64, .kernel = 10, .kernel_w = 4, .stride = 2, .activation = Activation::kRelu});
  for (int i = 1; i <= 4; ++i) {
    b.block(fmt::format("block{}", i));
    x = b.depthwise(x, {.kernel = 3, .activation = Activation::kRelu});
    x = b.conv(x, {.channels = 64, .activation = Activation::kRelu});
  }
  b.output(b.softmax(classify(b, x, 12), 1));
  return std::move(b).finish();
}

namespace {

constexpr std::int64_t kConformerWidth = 144;

/// Half a step: the factor 1/2 is folded into the second layer's weights.
TensorId conformer_feed_forward(LayerBuilder& b, TensorId x) {
  TensorId y = b.layer_norm(x);
  y = b.fc(y, 4 * kConformerWidth, Activation::kSilu, "expand");
  return b.add(x, b.fc(y, kConformerWidth, Activation::kNone, "project"));
}

/// Pointwise + gated linear unit, depthwise over time, pointwise; as 2-D convolutions of height 1.
TensorId conformer_convolution(LayerBuilder& b, TensorId x) {
  const Shape in = b.shape(x);
  TensorId y = b.transpose(b.layer_norm(x), {0, 2, 1});
  y = b.reshape(y, {.shape = {1, in[2], 1, in[1]}});
  y = b.conv(y, {.channels = 2 * kConformerWidth, .name = "pointwise"});
  const std::vector<TensorId> halves = b.split(y, 2, 1, "glu");
  y = b.mul(halves[0], b.activate(halves[1], Activation::kSigmoid, "glu"));
  y = b.depthwise(y, {.kernel = 1, .kernel_w = 31, .activation = Activation::kSilu});
  y = b.conv(y, {.channels = kConformerWidth, .name = "pointwise"});
  y = b.transpose(b.reshape(y, {.shape = {1, in[2], in[1]}}), {0, 2, 1});
  return b.add(x, y);
}

TensorId conformer_layer(LayerBuilder& b, TensorId x, const std::string& name) {
  b.block(name + ".feed_forward1");
  x = conformer_feed_forward(b, x);
  b.block(name + ".attention");
  x = b.add(x, self_attention(b, b.layer_norm(x), 4));
  b.block(name + ".convolution");
  x = conformer_convolution(b, x);
  b.block(name + ".feed_forward2");
  return b.layer_norm(conformer_feed_forward(b, x));
}

}  // namespace

Graph conformer() {
  LayerBuilder b("conformer", Padding::kSymmetric);
  // Four seconds of 80 filter banks; two strided convolutions leave 99 steps.
  TensorId x = b.input("filter_banks", {1, 1, 400, 80});
  b.block("subsampling");
  for (int i = 0; i < 2; ++i) {
    x = b.conv(x, {.channels = kConformerWidth,
                   .kernel = 3,
                   .stride = 2,
                   .activation = Activation::kRelu,
                   .padding = Padding::kValid});
  }
  const Shape map = b.shape(x);
  x = b.reshape(b.transpose(x, {0, 2, 1, 3}), {.shape = {1, map[2], map[1] * map[3]}});
  x = b.fc(x, kConformerWidth);
  for (int i = 1; i <= 4; ++i) x = conformer_layer(b, x, fmt::format("layer{}", i));
  b.output(x);
  return std::move(b).finish();
}

Graph lstm_asr() {
  LayerBuilder b("lstm_asr", Padding::kSame);
  TensorId x = b.input("features", {50, 1, 80});
  for (int i = 1; i <= 3; ++i) {
    x = b.lstm(x, {.hidden = 320, .name = fmt::format("lstm{}", i)});
  }
  b.output(b.softmax(b.fc(x, 29), 2));  // letters, space, apostrophe, blank
  return std::move(b).finish();
}

}  // namespace presil
