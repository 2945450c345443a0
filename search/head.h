#pragma once
// What a searched network ends in.

#include "models/layer_builder.h"
#include "search/staged_spec.h"

namespace presil {

/// A feature map and how many input pixels one of its own spans.
struct StageOutput {
  TensorId map = kNoTensor;
  std::int64_t stride = 1;
};

/// All choices made.
struct HeadLayer {
  HeadKind kind = HeadKind::kClassifier;
  std::int64_t classes = 1000, channels = 0, output_size = 0;
  Activation activation = Activation::kRelu6;
  double depth_multiplier = 1;
  std::int64_t channel_multiple = 8;
};

/// Marks the network's outputs. `stages`: what each stage made, in order. Throws Error: a stage
/// that the head needs is missing.
void build_head(LayerBuilder& b, const std::vector<StageOutput>& stages, const HeadLayer& head);

/// `channels` x `multiplier`, rounded to a multiple and never more than 10 % below.
std::int64_t scaled_channels(std::int64_t channels, double multiplier, std::int64_t multiple);

}  // namespace presil
