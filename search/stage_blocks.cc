#include "search/stage_blocks.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "models/blocks.h"

namespace presil {

namespace {

std::int64_t scaled(std::int64_t channels, double factor) {
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(channels) * factor));
}

TensorId add_input(LayerBuilder& b, TensorId x, TensorId y) {
  return b.shape(x) == b.shape(y) ? b.add(y, x) : y;
}

TensorId squeeze(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  if (block.squeeze_excite == 0) return x;
  const auto channels = static_cast<double>(b.channels(x));
  return squeeze_excite(b, x, round_channels(channels * block.squeeze_excite),
                        Activation::kHardSigmoid);
}

ConvLayer window(const BlockLayer& block, std::int64_t channels, const char* name) {
  return {.channels = channels,
          .kernel = block.kernel,
          .stride = block.stride,
          .dilation = block.dilation,
          .activation = block.activation,
          .name = name};
}

TensorId expand(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  return b.conv(x, {.channels = scaled(b.channels(x), block.expansion),
                    .activation = block.activation,
                    .name = "expand"});
}

TensorId project(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  return b.conv(x, {.channels = block.channels, .name = "project"});
}

TensorId ibn(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  TensorId y = block.expansion == 1 ? x : expand(b, x, block);
  y = squeeze(b, b.depthwise(y, window(block, 0, "depthwise")), block);
  return add_input(b, x, project(b, y, block));
}

/// The stride is the KxK convolution's (MobileDets, EfficientNetV2): behind it nothing computes
/// positions that the projection would skip.
TensorId fused_ibn(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  const std::int64_t expanded = scaled(b.channels(x), block.expansion);
  const TensorId y = squeeze(b, b.conv(x, window(block, expanded, "expand")), block);
  return add_input(b, x, project(b, y, block));
}

TensorId group_conv_ibn(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  TensorId y = expand(b, x, block);
  const std::int64_t expanded = b.channels(y);
  if (expanded % block.group_channels != 0)
    throw Error("{} expanded channels do not divide into groups of {}", expanded,
                block.group_channels);
  ConvLayer layer = window(block, expanded, "group_conv");
  layer.groups = expanded / block.group_channels;
  y = squeeze(b, b.conv(y, layer), block);
  return add_input(b, x, project(b, y, block));
}

/// Xiong et al., MobileDets, 2021: both ratios are one here.
TensorId tucker(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  TensorId y = b.conv(x, {.channels = scaled(b.channels(x), block.compression),
                          .activation = block.activation,
                          .name = "compress"});
  y = b.conv(y, window(block, scaled(block.channels, block.compression), "conv"));
  return add_input(b, x, project(b, squeeze(b, y, block), block));
}

TensorId plain_conv(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  const TensorId y = squeeze(b, b.conv(x, window(block, block.channels, "conv")), block);
  return add_input(b, x, y);
}

// -- Sequences.

/// Half a step: the factor 1/2 is folded into the second layer's weights.
TensorId feed_forward(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  const std::int64_t width = b.shape(x).back();
  TensorId y = b.fc(b.layer_norm(x), scaled(width, block.expansion), Activation::kSilu, "expand");
  return b.add(x, b.fc(y, width, Activation::kNone, "project"));
}

/// Pointwise, gated linear unit, depthwise over time, pointwise; as 2-D convolutions of height 1.
TensorId time_convolution(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  const Shape in = b.shape(x);
  TensorId y = b.transpose(b.layer_norm(x), {0, 2, 1});
  y = b.reshape(y, {.shape = {1, in[2], 1, in[1]}});
  y = b.conv(y, {.channels = 2 * in[2], .name = "pointwise"});
  const std::vector<TensorId> halves = b.split(y, 2, 1, "glu");
  y = b.mul(halves[0], b.activate(halves[1], Activation::kSigmoid, "glu"));
  y = b.depthwise(y, {.kernel = 1, .kernel_w = block.kernel, .activation = Activation::kSilu});
  y = b.conv(y, {.channels = in[2], .name = "pointwise"});
  y = b.transpose(b.reshape(y, {.shape = {1, in[2], in[1]}}), {0, 2, 1});
  return b.add(x, y);
}

/// Gulati et al., 2020, with absolute positions.
TensorId conformer(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  if (block.channels % block.heads != 0)
    throw Error("{} channels do not divide into {} heads", block.channels, block.heads);
  if (b.shape(x).back() != block.channels) x = b.fc(x, block.channels, Activation::kNone, "width");
  x = feed_forward(b, x, block);
  x = b.add(x, self_attention(b, b.layer_norm(x), block.heads));
  x = time_convolution(b, x, block);
  return b.layer_norm(feed_forward(b, x, block));
}

/// [1,T,F] and [T,1,F] hold the same bytes.
TensorId lstm(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  const Shape in = b.shape(x);
  TensorId y = b.reshape(x, {.shape = {in[1], 1, in[2]}}, "steps");
  y = b.lstm(y, {.hidden = block.channels});
  return b.reshape(y, {.shape = {1, in[1], block.channels}}, "sequence");
}

}  // namespace

TensorId build_block(LayerBuilder& b, TensorId x, const BlockLayer& block) {
  switch (block.kind) {
    case BlockKind::kIbn:
      return ibn(b, x, block);
    case BlockKind::kFusedIbn:
      return fused_ibn(b, x, block);
    case BlockKind::kGroupConvIbn:
      return group_conv_ibn(b, x, block);
    case BlockKind::kTucker:
      return tucker(b, x, block);
    case BlockKind::kConv:
      return plain_conv(b, x, block);
    case BlockKind::kConformer:
      return conformer(b, x, block);
    case BlockKind::kLstm:
      return lstm(b, x, block);
  }
  PRESIL_CHECK(false, "unknown block");
}

}  // namespace presil
