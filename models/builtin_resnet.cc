// Residual networks of ImageNet: basic blocks (18) and bottlenecks (50).

#include <fmt/format.h>

#include <array>

#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

namespace {

constexpr auto kRelu = Activation::kRelu;

TensorId shortcut(LayerBuilder& b, TensorId x, std::int64_t channels, std::int64_t stride) {
  if (stride == 1 && b.channels(x) == channels) return x;
  return b.conv(x, {.channels = channels, .stride = stride, .name = "shortcut"});
}

TensorId basic_block(LayerBuilder& b, TensorId x, std::int64_t width, std::int64_t stride) {
  TensorId y = b.conv(x, {.channels = width, .kernel = 3, .stride = stride, .activation = kRelu});
  y = b.conv(y, {.channels = width, .kernel = 3});
  return b.activate(b.add(y, shortcut(b, x, width, stride)), kRelu);
}

TensorId bottleneck_block(LayerBuilder& b, TensorId x, std::int64_t width, std::int64_t stride) {
  TensorId y = b.conv(x, {.channels = width, .activation = kRelu});
  y = b.conv(y, {.channels = width, .kernel = 3, .stride = stride, .activation = kRelu});
  y = b.conv(y, {.channels = 4 * width});
  return b.activate(b.add(y, shortcut(b, x, 4 * width, stride)), kRelu);
}

TensorId bottleneck_block_v1(LayerBuilder& b, TensorId x, std::int64_t width, std::int64_t stride) {
  TensorId y = b.conv(x, {.channels = width, .stride = stride, .activation = kRelu});
  y = b.conv(y, {.channels = width, .kernel = 3, .activation = kRelu});
  y = b.conv(y, {.channels = 4 * width});
  return b.activate(b.add(y, shortcut(b, x, 4 * width, stride)), kRelu);
}

using BlockBuilder = TensorId (*)(LayerBuilder&, TensorId, std::int64_t, std::int64_t);

Graph resnet(const char* name, BlockBuilder block, const std::array<int, 4>& repeats,
             std::int64_t size = 224) {
  LayerBuilder b(name, Padding::kSymmetric);
  TensorId x = b.input("image", {1, 3, size, size});
  b.block("stem");
  x = b.conv(x, {.channels = 64, .kernel = 7, .stride = 2, .activation = kRelu});
  x = b.max_pool(x, {.kernel = 3, .stride = 2});
  for (std::size_t stage = 0; stage < repeats.size(); ++stage) {
    for (int i = 0; i < repeats[stage]; ++i) {
      b.block(fmt::format("stage{}.{}", stage + 1, i));
      x = block(b, x, std::int64_t{64} << stage, stage > 0 && i == 0 ? 2 : 1);
    }
  }
  b.output(classify(b, x, 1000));
  return std::move(b).finish();
}

}  // namespace

Graph resnet18() { return resnet("resnet18", basic_block, {2, 2, 2, 2}); }
Graph resnet50() { return resnet("resnet50", bottleneck_block, {3, 4, 6, 3}); }
Graph resnet50_v1(std::int64_t size) {
  return resnet("resnet50_v1", bottleneck_block_v1, {3, 4, 6, 3}, size);
}

}  // namespace presil
