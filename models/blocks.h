#pragma once
// The building blocks that mobile networks share, on top of LayerBuilder.

#include "models/layer_builder.h"

namespace presil {

/// `channels` scaled and rounded to a multiple of 8, never more than 10 % below (the rule of the
/// MobileNet and EfficientNet papers' code).
std::int64_t round_channels(double channels);

/// x * gate(expand(relu(squeeze(mean(x))))): Hu et al., 2018, with 1x1 convolutions.
TensorId squeeze_excite(LayerBuilder& b, TensorId x, std::int64_t squeezed, Activation gate);

/// An inverted bottleneck (IBN), plain or fused.
struct Bottleneck {
  std::int64_t kernel = 3, stride = 1, dilation = 1;
  std::int64_t expanded = 0;  ///< channels inside
  std::int64_t channels = 0;  ///< channels out
  Activation activation = Activation::kRelu6;
  std::int64_t squeezed = 0;  ///< > 0: squeeze-and-excite with a hard sigmoid gate
  bool skip = true;           ///< add the input where the shapes are equal
};

/// 1x1 expand (left out when there is nothing to expand) -> KxK depthwise -> 1x1 project (+ input).
/// MobileNetV2 (Sandler et al., 2018), V3 (Howard et al., 2019).
TensorId inverted_bottleneck(LayerBuilder& b, TensorId x, const Bottleneck& block);
/// The two halves of it, for networks that tap the expanded tensor (SSD-lite).
TensorId bottleneck_expand(LayerBuilder& b, TensorId x, const Bottleneck& block);
TensorId bottleneck_project(LayerBuilder& b, TensorId x, TensorId expanded,
                            const Bottleneck& block);

/// KxK convolution that expands -> 1x1 project (+ input). The stride is the projection's, as in
/// tensorflow/tpu's EfficientNet-EdgeTPU (MBConvBlockWithoutDepthwise), not the expansion's as in
/// EfficientNetV2.
TensorId fused_bottleneck(LayerBuilder& b, TensorId x, const Bottleneck& block);

/// Global average pooling, flatten, fully connected: [N,C,H,W] -> [N,classes].
TensorId classify(LayerBuilder& b, TensorId x, std::int64_t classes);

/// Multi-head self-attention over x [1,T,F] -> [1,T,F], absolute positions.
TensorId self_attention(LayerBuilder& b, TensorId x, std::int64_t heads);

}  // namespace presil
