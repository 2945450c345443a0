// Whole random networks in the style of known ones: tens of groups in context a run.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimator/case_family.h"
#include "estimator/case_layers.h"
#include "models/blocks.h"

namespace presil {

namespace {

/// What the stages of a convolutional network have in common.
struct Style {
  std::int64_t image = 224;
  double width = 1;     ///< multiplies every channel count
  bool rounded = true;  ///< to multiples of 8
  Activation activation = Activation::kRelu;
};

Style random_style(CaseDraw& d) {
  Style style{.image = d.of<std::int64_t>({32, 64, 96, 96, 112, 128, 128, 160, 160, 192, 192, 224}),
              .width = static_cast<double>(d.integer(4, 26)) / 16,
              .rounded = d.chance(0.75)};
  style.activation = d.of<Activation>({Activation::kRelu, Activation::kRelu6, Activation::kRelu6,
                                       Activation::kHardSwish, Activation::kSilu});
  return style;
}

/// `base` channels in that style, give or take a quarter.
std::int64_t width(CaseDraw& d, const Style& style, double base) {
  const double wanted =
      base * style.width * (0.75 + 0.03125 * static_cast<double>(d.integer(0, 16)));
  return style.rounded ? round_channels(wanted) : std::max<std::int64_t>(4, std::llround(wanted));
}

TensorId first_layer(CaseDraw& d, LayerBuilder& b, const Style& style, double channels) {
  const TensorId x =
      b.input("image", {1, d.of<std::int64_t>({1, 3, 3, 3}), style.image, style.image});
  return b.conv(x, {.channels = width(d, style, channels),
                    .kernel = 3,
                    .stride = style.image > 64 ? 2 : d.of<std::int64_t>({1, 2}),
                    .activation = style.activation});
}

Graph finish(CaseDraw& d, LayerBuilder& b, const Style& style, TensorId x) {
  if (d.chance(0.5))
    x = b.conv(x, {.channels = width(d, style, 1280), .activation = style.activation});
  x = classify(b, x, d.of<std::int64_t>({2, 10, 12, 100, 1000}));
  b.output(d.chance(0.3) ? b.softmax(x, 1) : x);
  return std::move(b).finish();
}

/// Stages of bottlenecks, as MobileNetV2/V3, EfficientNet and EfficientNet-EdgeTPU; `fused` of them
/// from the front.
Graph bottleneck_net(CaseDraw& d, const char* name, std::int64_t fused) {
  LayerBuilder b(name, d.padding());
  const Style style = random_style(d);
  const bool squeeze = d.chance(0.4);
  TensorId x = first_layer(d, b, style, 24);
  constexpr double kWidths[] = {16, 24, 40, 80, 112, 192, 320};
  const std::int64_t stages = d.integer(3, 7);
  for (std::int64_t s = 0; s < stages; ++s) {
    const std::int64_t channels = width(d, style, kWidths[s]),
                       kernel = d.of<std::int64_t>({3, 3, 5}),
                       ratio = s == 0 ? d.of<std::int64_t>({1, 1, 3})
                                      : d.of<std::int64_t>({3, 4, 6, 6, 8}),
                       repeats = d.integer(1, s < 2 ? 2 : 4);
    const bool gated = squeeze && d.chance(0.6);
    for (std::int64_t i = 0; i < repeats; ++i) {
      b.block(fmt::format("stage{}.{}", s, i));
      Bottleneck block{.kernel = kernel,
                       .stride = i == 0 && s > 0 && s != 4 && b.shape(x)[2] > 4 ? 2 : 1,
                       .expanded = b.channels(x) * ratio,
                       .channels = channels,
                       .activation = style.activation};
      if (gated) block.squeezed = round_channels(static_cast<double>(block.expanded) / 4);
      x = s < fused ? fused_bottleneck(b, x, block) : inverted_bottleneck(b, x, block);
    }
  }
  return finish(d, b, style, x);
}

Graph ibn_net(CaseDraw& d) { return bottleneck_net(d, "ibn_net", 0); }
Graph fused_ibn_net(CaseDraw& d) { return bottleneck_net(d, "fused_ibn_net", d.integer(1, 4)); }

Graph separable_net(CaseDraw& d) {
  LayerBuilder b("separable_net", Padding::kSame);
  const Style style = random_style(d);
  TensorId x = first_layer(d, b, style, 32);
  const std::int64_t blocks = d.integer(4, 13);
  for (std::int64_t i = 0; i < blocks; ++i) {
    b.block(fmt::format("block{}", i));
    const bool down = i % 2 == 1 && i < 8 && b.shape(x)[2] > 4;
    x = b.depthwise(x, {.kernel = d.of<std::int64_t>({3, 3, 3, 5}),
                        .stride = down ? 2 : 1,
                        .activation = style.activation});
    x = b.conv(
        x, {.channels = width(
                d, style, 64 * std::exp2(static_cast<double>(std::min<std::int64_t>(i / 2, 4)))),
            .activation = style.activation});
  }
  return finish(d, b, style, x);
}

Graph residual_net(CaseDraw& d) {
  LayerBuilder b("residual_net", Padding::kSymmetric);
  Style style = random_style(d);
  style.activation = Activation::kRelu;
  style.width *= 0.75;
  const bool narrow = d.chance(0.4);
  TensorId x = first_layer(d, b, style, 64);
  if (style.image > 64) x = b.max_pool(x, {.kernel = 3, .stride = 2});
  const std::int64_t stages = d.integer(2, 4);
  for (std::int64_t s = 0; s < stages; ++s) {
    const std::int64_t channels = width(d, style, 64 * std::exp2(static_cast<double>(s))),
                       repeats = d.integer(1, 3);
    for (std::int64_t i = 0; i < repeats; ++i) {
      b.block(fmt::format("stage{}.{}", s, i));
      const std::int64_t stride = i == 0 && s > 0 && b.shape(x)[2] > 4 ? 2 : 1;
      x = narrow ? residual(b, x, 4 * channels, channels, stride)
                 : residual(b, x, channels, 0, stride);
    }
  }
  return finish(d, b, style, x);
}

Graph cell_net(CaseDraw& d) {
  LayerBuilder b("cell_net", Padding::kSymmetric);
  Style style = random_style(d);
  style.image = d.of<std::int64_t>({16, 32, 32, 32, 48, 64});
  TensorId x = b.conv(b.input("image", {1, 3, style.image, style.image}),
                      {.channels = width(d, style, 24), .kernel = 3});
  const std::int64_t repeats = d.integer(1, 4);
  for (std::int64_t s = 0; s < 3; ++s) {
    if (s > 0) x = residual(b, x, 2 * b.channels(x), 0, 2);
    for (std::int64_t i = 0; i < repeats; ++i) {
      b.block(fmt::format("cell{}.{}", s, i));
      x = random_cell(d, b, x);
    }
  }
  return finish(d, b, style, x);
}

Graph plain_net(CaseDraw& d) {
  LayerBuilder b("plain_net", Padding::kSame);
  const Style style = random_style(d);
  TensorId x = first_layer(d, b, style, 48);
  const std::int64_t layers = d.integer(3, 10);
  for (std::int64_t i = 0; i < layers; ++i) {
    const double base = 48 * std::exp2(static_cast<double>(i) / 2);
    const ConvLayer wide{.channels = width(d, style, std::min(base, 384.0)),
                         .kernel = d.of<std::int64_t>({1, 3, 3, 3, 5}),
                         .activation = style.activation};
    if (d.chance(0.2))  // a fire module
      x = b.concat({b.conv(b.conv(x, {.channels = width(d, style, base / 4)}), wide),
                    b.conv(x, {.channels = wide.channels})},
                   1);
    else
      x = b.conv(x, wide);
    if (b.shape(x)[2] > 6 && d.chance(0.45))
      x = b.max_pool(x, {.kernel = d.of<std::int64_t>({2, 3}), .stride = 2});
  }
  return finish(d, b, style, x);
}

/// A backbone with a head that looks at two scales and gives maps.
Graph dense_net(CaseDraw& d) {
  LayerBuilder b("dense_net", d.padding());
  const Style style = random_style(d);
  TensorId x = first_layer(d, b, style, 24), fine = x;
  const std::int64_t stages = d.integer(3, 5);
  for (std::int64_t s = 0; s < stages; ++s) {
    b.block(fmt::format("stage{}", s));
    const std::int64_t channels = width(d, style, 24 * std::exp2(static_cast<double>(s) * 0.8));
    x = inverted_bottleneck(b, x,
                            {.stride = 2,
                             .expanded = 4 * b.channels(x),
                             .channels = channels,
                             .activation = style.activation});
    x = inverted_bottleneck(
        b, x, {.expanded = 4 * channels, .channels = channels, .activation = style.activation});
    if (s == 1) fine = x;
  }
  b.block("head");
  const std::int64_t inner = width(d, style, 96);
  TensorId y = b.conv(x, {.channels = inner, .activation = style.activation});
  y = b.resize_bilinear(y, b.shape(fine)[2], b.shape(fine)[3]);
  y = b.concat({y, b.conv(fine, {.channels = inner})}, 1);
  y = b.depthwise(y, {.kernel = 3, .activation = style.activation});
  b.output(b.conv(y, {.channels = d.of<std::int64_t>({4, 12, 21, 24, 91})}));
  b.output(b.conv(x, {.channels = d.of<std::int64_t>({16, 24, 126}), .kernel = 3}));
  return std::move(b).finish();
}

Graph transformer_net(CaseDraw& d) {
  LayerBuilder b("transformer_net", Padding::kSymmetric);
  const std::int64_t heads = d.of<std::int64_t>({2, 4, 4, 8});
  const std::int64_t size = heads * d.of<std::int64_t>({16, 32, 32, 36, 48, 64});
  TensorId x = b.input("x", {1, d.log_integer(16, 256), d.channels(512)});
  x = b.fc(x, size);
  const bool convolution = d.chance(0.4);
  const Activation activation =
      d.of<Activation>({Activation::kGelu, Activation::kSilu, Activation::kRelu});
  const std::int64_t layers = d.integer(1, 4), expanded = size * d.of<std::int64_t>({2, 4, 4}),
                     kernel = d.of<std::int64_t>({15, 31});
  for (std::int64_t i = 0; i < layers; ++i) {
    b.block(fmt::format("layer{}", i));
    if (convolution) x = feed_forward(b, x, expanded, activation);
    x = b.add(x, self_attention(b, b.layer_norm(x), heads));
    if (convolution) x = conformer_module(b, x, kernel);
    x = feed_forward(b, x, expanded, activation);
  }
  b.output(b.fc(b.layer_norm(x), d.of<std::int64_t>({2, 29, 128, 1000})));
  return std::move(b).finish();
}

Graph lstm_net(CaseDraw& d) {
  LayerBuilder b("lstm_net", Padding::kSame);
  const std::int64_t hidden = d.channels(320);
  TensorId x = b.input("x", {d.log_integer(4, 50), 1, d.of<std::int64_t>({20, 40, 80, 128})});
  for (std::int64_t i = d.integer(1, 3); i > 0; --i) x = b.lstm(x, {.hidden = hidden});
  b.output(b.softmax(b.fc(x, d.of<std::int64_t>({12, 29, 64, 128})), 2));
  return std::move(b).finish();
}

constexpr CaseFamily kFamilies[] = {
    {"ibn_net", Level::kNetwork, "MobileNetV2, V3 and EfficientNet style", ibn_net},
    {"fused_ibn_net", Level::kNetwork, "EfficientNet-EdgeTPU style", fused_ibn_net},
    {"separable_net", Level::kNetwork, "MobileNetV1 and DS-CNN style", separable_net},
    {"residual_net", Level::kNetwork, "ResNet style", residual_net},
    {"cell_net", Level::kNetwork, "NAS-Bench-201 style", cell_net},
    {"plain_net", Level::kNetwork, "VGG and SqueezeNet style", plain_net},
    {"dense_net", Level::kNetwork, "detector and segmenter style", dense_net},
    {"transformer_net", Level::kNetwork, "BERT and conformer style", transformer_net},
    {"lstm_net", Level::kNetwork, "stacked LSTMs", lstm_net},
};

}  // namespace

std::span<const CaseFamily> network_families() { return kFamilies; }

}  // namespace presil
