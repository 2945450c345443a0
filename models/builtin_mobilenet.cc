// MobileNets: depthwise-separable convolutions, inverted bottlenecks, squeeze-and-excite.

#include <fmt/format.h>

#include <array>

#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

Graph mobilenet_v1() {
  LayerBuilder b("mobilenet_v1", Padding::kSame);
  struct Row {
    std::int64_t channels, stride;
  };
  constexpr std::array<Row, 13> kRows{{{64, 1},
                                       {128, 2},
                                       {128, 1},
                                       {256, 2},
                                       {256, 1},
                                       {512, 2},
                                       {512, 1},
                                       {512, 1},
                                       {512, 1},
                                       {512, 1},
                                       {512, 1},
                                       {1024, 2},
                                       {1024, 1}}};
  TensorId x = b.input("image", {1, 3, 224, 224});
  x = b.conv(x, {.channels = 32, .kernel = 3, .stride = 2, .activation = Activation::kRelu6});
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    b.block(fmt::format("block{}", i + 1));
    x = b.depthwise(x, {.kernel = 3, .stride = kRows[i].stride, .activation = Activation::kRelu6});
    x = b.conv(x, {.channels = kRows[i].channels, .activation = Activation::kRelu6});
  }
  b.output(classify(b, x, 1000));
  return std::move(b).finish();
}

Features mobilenet_v2_features(LayerBuilder& b, TensorId image) {
  struct Stage {
    std::int64_t expand, channels, repeats, stride;
  };
  constexpr std::array<Stage, 7> kStages{{{1, 16, 1, 1},
                                          {6, 24, 2, 2},
                                          {6, 32, 3, 2},
                                          {6, 64, 4, 2},
                                          {6, 96, 3, 1},
                                          {6, 160, 3, 2},
                                          {6, 320, 1, 1}}};
  Features features;
  b.block("stem");
  TensorId x =
      b.conv(image, {.channels = 32, .kernel = 3, .stride = 2, .activation = Activation::kRelu6});
  int index = 0;
  for (const Stage& stage : kStages) {
    for (std::int64_t i = 0; i < stage.repeats; ++i) {
      b.block(fmt::format("block{}", ++index));
      const Bottleneck block{.stride = i == 0 ? stage.stride : 1,
                             .expanded = b.channels(x) * stage.expand,
                             .channels = stage.channels};
      const TensorId expanded = bottleneck_expand(b, x, block);
      if (block.stride == 2) features.low = expanded;  // the last one is at stride 16
      x = bottleneck_project(b, x, expanded, block);
    }
  }
  b.block("head");
  features.high = b.conv(x, {.channels = 1280, .activation = Activation::kRelu6});
  return features;
}

Graph mobilenet_v2() {
  LayerBuilder b("mobilenet_v2", Padding::kSymmetric);
  const TensorId image = b.input("image", {1, 3, 224, 224});
  b.output(classify(b, mobilenet_v2_features(b, image).high, 1000));
  return std::move(b).finish();
}

Features mobilenet_v3_large_features(LayerBuilder& b, TensorId image, bool dilated) {
  constexpr auto kRe = Activation::kRelu;
  constexpr auto kHs = Activation::kHardSwish;
  struct Row {
    std::int64_t kernel, expanded, channels;
    bool squeeze;
    Activation activation;
    std::int64_t stride;
  };
  constexpr std::array<Row, 15> kRows{{{3, 16, 16, false, kRe, 1},
                                       {3, 64, 24, false, kRe, 2},
                                       {3, 72, 24, false, kRe, 1},
                                       {5, 72, 40, true, kRe, 2},
                                       {5, 120, 40, true, kRe, 1},
                                       {5, 120, 40, true, kRe, 1},
                                       {3, 240, 80, false, kHs, 2},
                                       {3, 200, 80, false, kHs, 1},
                                       {3, 184, 80, false, kHs, 1},
                                       {3, 184, 80, false, kHs, 1},
                                       {3, 480, 112, true, kHs, 1},
                                       {3, 672, 112, true, kHs, 1},
                                       {5, 672, 160, true, kHs, 2},
                                       {5, 960, 160, true, kHs, 1},
                                       {5, 960, 160, true, kHs, 1}}};
  Features features;
  b.block("stem");
  TensorId x = b.conv(image, {.channels = 16, .kernel = 3, .stride = 2, .activation = kHs});
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const Row& row = kRows[i];
    const bool late = dilated && row.channels == 160;
    b.block(fmt::format("block{}", i + 1));
    x = inverted_bottleneck(
        b, x,
        {.kernel = row.kernel,
         .stride = late ? 1 : row.stride,
         .dilation = late ? 2 : 1,
         .expanded = row.expanded,
         .channels = row.channels,
         .activation = row.activation,
         .squeezed = row.squeeze ? round_channels(static_cast<double>(row.expanded) / 4) : 0,
         .skip = row.stride == 1});
    if (row.channels == 40) features.low = x;
  }
  b.block("head");
  features.high = b.conv(x, {.channels = 960, .activation = kHs});
  return features;
}

Graph mobilenet_v3_large() {
  LayerBuilder b("mobilenet_v3_large", Padding::kSymmetric);
  TensorId x = b.input("image", {1, 3, 224, 224});
  x = mobilenet_v3_large_features(b, x, false).high;
  b.block("classifier");
  x = b.fc(b.flatten(b.global_average_pool(x)), 1280, Activation::kHardSwish);
  b.output(b.fc(x, 1000));
  return std::move(b).finish();
}

}  // namespace presil
