#include "search/head.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "models/blocks.h"

namespace presil {

std::int64_t scaled_channels(std::int64_t channels, double multiplier, std::int64_t multiple) {
  if (multiplier == 1 || channels == 0) return channels;
  const double wanted = static_cast<double>(channels) * multiplier;
  const std::int64_t half_up =
      static_cast<std::int64_t>(wanted + static_cast<double>(multiple) / 2);
  const std::int64_t rounded = std::max(multiple, half_up / multiple * multiple);
  return static_cast<double>(rounded) < 0.9 * wanted ? rounded + multiple : rounded;
}

namespace {

/// The last map of a stride; empty when no stage has it.
std::optional<StageOutput> at_stride(const std::vector<StageOutput>& stages, std::int64_t stride) {
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage)
    if (stage->stride == stride) return *stage;
  return {};
}

/// The last 1x1 convolution before a head; 0 channels: none.
TensorId last_conv(LayerBuilder& b, TensorId x, const HeadLayer& head) {
  b.block("head");
  const std::int64_t channels =
      scaled_channels(head.channels, std::max(1.0, head.depth_multiplier), head.channel_multiple);
  if (channels == 0) return x;
  return b.conv(x, {.channels = channels, .activation = head.activation});
}

void classifier(LayerBuilder& b, TensorId x, const HeadLayer& head) {
  b.output(classify(b, last_conv(b, x, head), head.classes));
}

/// Depthwise 3x3 -> 1x1 -> [1, H*W*anchors, width], rows in the order y, x, anchor.
TensorId ssd_predict(LayerBuilder& b, TensorId x, std::int64_t anchors, std::int64_t width,
                     Activation activation) {
  x = b.depthwise(x, {.kernel = 3, .activation = activation});
  x = b.conv(x, {.channels = anchors * width, .name = "predict"});
  const std::int64_t rows = b.shape(x)[2] * b.shape(x)[3] * anchors;
  return b.reshape(x, {.shape = {1, rows, width}, .channels_last = true});
}

/// A coarser map: 1x1 -> depthwise 3x3, stride 2 -> 1x1.
TensorId ssd_extra(LayerBuilder& b, TensorId x, std::int64_t channels, Activation activation) {
  x = b.conv(x, {.channels = std::max<std::int64_t>(8, channels / 2), .activation = activation});
  x = b.depthwise(x, {.kernel = 3, .stride = 2, .activation = activation});
  return b.conv(x, {.channels = channels, .activation = activation});
}

/// SSD-lite (Sandler et al., 2018): two maps of the backbone, four coarser ones.
void ssd_lite(LayerBuilder& b, const std::vector<StageOutput>& stages, const HeadLayer& head) {
  const auto low = at_stride(stages, 16);
  if (!low) throw Error("head: SSD-lite needs a stage at stride 16, and no stage ends there");
  if (stages.back().stride < 32)
    throw Error("head: SSD-lite needs the last stage at stride 32, it is at {}",
                stages.back().stride);
  std::vector<TensorId> maps{low->map, last_conv(b, stages.back().map, head)};
  for (const std::int64_t channels : {512, 256, 256, 128}) {
    b.block(fmt::format("extra{}", maps.size() - 1));
    const std::int64_t wide =
        scaled_channels(channels, head.depth_multiplier, head.channel_multiple);
    maps.push_back(ssd_extra(b, maps.back(), wide, head.activation));
  }
  std::vector<TensorId> boxes, scores;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const std::int64_t anchors = i == 0 ? 3 : 6;
    b.block(fmt::format("boxes{}", i));
    boxes.push_back(ssd_predict(b, maps[i], anchors, 4, head.activation));
    b.block(fmt::format("scores{}", i));
    scores.push_back(ssd_predict(b, maps[i], anchors, head.classes, head.activation));
  }
  b.block("outputs");
  b.output(b.concat(boxes, 1, "boxes"));
  b.output(b.activate(b.concat(scores, 1, "scores"), Activation::kSigmoid, "scores"));
}

/// LR-ASPP (Howard et al., 2019) on the last map and the last one at stride 8.
void segmentation(LayerBuilder& b, const std::vector<StageOutput>& stages, const HeadLayer& head) {
  const auto low = at_stride(stages, 8);
  if (!low) throw Error("head: segmentation needs a stage at stride 8, and no stage ends there");
  const TensorId high = stages.back().map;
  const std::int64_t inner = std::max<std::int64_t>(head.channels, 8);
  b.block("head");
  TensorId gate = b.global_average_pool(high, "gate.pool");
  gate = b.conv(
      gate, {.channels = inner, .activation = Activation::kSigmoid, .bias = false, .name = "gate"});
  TensorId x = b.conv(high, {.channels = inner, .activation = Activation::kRelu, .name = "inner"});
  x = b.mul(x, gate);
  x = b.resize_bilinear(x, b.shape(low->map)[2], b.shape(low->map)[3]);
  x = b.add(b.conv(low->map, {.channels = head.classes, .name = "low"}),
            b.conv(x, {.channels = head.classes, .name = "high"}));
  if (b.shape(x)[2] != head.output_size)
    x = b.resize_bilinear(x, head.output_size, head.output_size, "output");
  b.output(x);
}

void ctc(LayerBuilder& b, TensorId x, const HeadLayer& head) {
  b.block("head");
  b.output(b.softmax(b.fc(x, head.classes), 2));
}

}  // namespace

void build_head(LayerBuilder& b, const std::vector<StageOutput>& stages, const HeadLayer& head) {
  switch (head.kind) {
    case HeadKind::kClassifier:
      return classifier(b, stages.back().map, head);
    case HeadKind::kSsdLite:
      return ssd_lite(b, stages, head);
    case HeadKind::kSegmentation:
      return segmentation(b, stages, head);
    case HeadKind::kCtc:
      return ctc(b, stages.back().map, head);
  }
  PRESIL_CHECK(false, "unknown head");
}

}  // namespace presil
