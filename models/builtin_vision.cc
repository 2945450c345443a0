// Detection and segmentation on mobile backbones.

#include <fmt/format.h>

#include <vector>

#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

namespace {

constexpr std::int64_t kSsdClasses = 91;

/// Depthwise 3x3 -> 1x1, then [1,A*width,H,W] -> [1,H*W*A,width] (rows in the order y, x, anchor,
/// free where feature maps are stored channels-last).
TensorId ssd_head(LayerBuilder& b, TensorId x, std::int64_t anchors, std::int64_t width) {
  x = b.depthwise(x, {.kernel = 3, .activation = Activation::kRelu6});
  x = b.conv(x, {.channels = anchors * width, .name = "predict"});
  const std::int64_t rows = b.shape(x)[2] * b.shape(x)[3] * anchors;
  return b.reshape(x, {.shape = {1, rows, width}, .channels_last = true});
}

/// A coarser feature map: 1x1 -> depthwise 3x3, stride 2 -> 1x1.
TensorId ssd_extra(LayerBuilder& b, TensorId x, std::int64_t channels) {
  constexpr auto kAct = Activation::kRelu6;
  x = b.conv(x, {.channels = channels / 2, .activation = kAct});
  x = b.depthwise(x, {.kernel = 3, .stride = 2, .activation = kAct});
  return b.conv(x, {.channels = channels, .activation = kAct});
}

}  // namespace

Graph ssd_lite() {
  LayerBuilder b("ssd_lite", Padding::kSame);
  const Features features = mobilenet_v2_features(b, b.input("image", {1, 3, 320, 320}));
  std::vector<TensorId> maps{features.low, features.high};
  for (const std::int64_t channels : {512, 256, 256, 128}) {
    b.block(fmt::format("extra{}", maps.size() - 1));
    maps.push_back(ssd_extra(b, maps.back(), channels));
  }
  std::vector<TensorId> boxes, scores;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const std::int64_t anchors = i == 0 ? 3 : 6;
    b.block(fmt::format("boxes{}", i));
    boxes.push_back(ssd_head(b, maps[i], anchors, 4));
    b.block(fmt::format("scores{}", i));
    scores.push_back(ssd_head(b, maps[i], anchors, kSsdClasses));
  }
  b.block("outputs");
  b.output(b.concat(boxes, 1, "boxes"));
  b.output(b.activate(b.concat(scores, 1, "scores"), Activation::kSigmoid, "scores"));
  return std::move(b).finish();
}

Graph lraspp() {
  constexpr std::int64_t kClasses = 21, kInner = 128, kSize = 320;
  LayerBuilder b("lraspp", Padding::kSymmetric);
  const TensorId image = b.input("image", {1, 3, kSize, kSize});
  const Features features = mobilenet_v3_large_features(b, image, true);
  b.block("head");
  TensorId gate = b.global_average_pool(features.high, "gate.pool");
  gate = b.conv(
      gate,
      {.channels = kInner, .activation = Activation::kSigmoid, .bias = false, .name = "gate"});
  TensorId x =
      b.conv(features.high, {.channels = kInner, .activation = Activation::kRelu, .name = "inner"});
  x = b.mul(x, gate);
  x = b.resize_bilinear(x, b.shape(features.low)[2], b.shape(features.low)[3]);
  const TensorId low = b.conv(features.low, {.channels = kClasses, .name = "low"});
  const TensorId high = b.conv(x, {.channels = kClasses, .name = "high"});
  b.output(b.resize_bilinear(b.add(low, high), kSize, kSize));
  return std::move(b).finish();
}

}  // namespace presil
