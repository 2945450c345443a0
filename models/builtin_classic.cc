// Plain stacks of convolutions: VGG-16 and SqueezeNet.

#include <fmt/format.h>

#include <array>

#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

namespace {

constexpr auto kRelu = Activation::kRelu;

TensorId fire(LayerBuilder& b, TensorId x, std::int64_t squeeze, std::int64_t expand) {
  const TensorId s = b.conv(x, {.channels = squeeze, .activation = kRelu, .name = "squeeze"});
  const TensorId one = b.conv(s, {.channels = expand, .activation = kRelu, .name = "expand1x1"});
  const TensorId three =
      b.conv(s, {.channels = expand, .kernel = 3, .activation = kRelu, .name = "expand3x3"});
  return b.concat({one, three}, 1);
}

}  // namespace

Graph vgg16() {
  LayerBuilder b("vgg16", Padding::kSymmetric);
  struct Stage {
    std::int64_t channels, repeats;
  };
  constexpr std::array<Stage, 5> kStages{{{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}};
  TensorId x = b.input("image", {1, 3, 224, 224});
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    b.block(fmt::format("stage{}", i + 1));
    for (std::int64_t j = 0; j < kStages[i].repeats; ++j) {
      x = b.conv(x, {.channels = kStages[i].channels, .kernel = 3, .activation = kRelu});
    }
    x = b.max_pool(x, {.kernel = 2, .stride = 2});
  }
  b.block("classifier");
  x = b.fc(b.flatten(x), 4096, kRelu);
  x = b.fc(x, 4096, kRelu);
  b.output(b.fc(x, 1000));
  return std::move(b).finish();
}

Graph squeezenet() {
  LayerBuilder b("squeezenet", Padding::kSymmetric);
  struct Fire {
    std::int64_t squeeze, expand;
    bool pool_before;
  };
  constexpr std::array<Fire, 8> kFires{{{16, 64, true},
                                        {16, 64, false},
                                        {32, 128, true},
                                        {32, 128, false},
                                        {48, 192, true},
                                        {48, 192, false},
                                        {64, 256, false},
                                        {64, 256, false}}};
  TensorId x = b.input("image", {1, 3, 224, 224});
  b.block("stem");
  x = b.conv(
      x,
      {.channels = 64, .kernel = 3, .stride = 2, .activation = kRelu, .padding = Padding::kValid});
  for (std::size_t i = 0; i < kFires.size(); ++i) {
    b.block(fmt::format("fire{}", i + 2));
    if (kFires[i].pool_before) {
      x = b.max_pool(x, {.kernel = 3, .stride = 2, .padding = Padding::kValid, .ceil_mode = true});
    }
    x = fire(b, x, kFires[i].squeeze, kFires[i].expand);
  }
  b.block("classifier");
  x = b.conv(x, {.channels = 1000, .activation = kRelu});
  b.output(b.flatten(b.global_average_pool(x)));
  return std::move(b).finish();
}

}  // namespace presil
