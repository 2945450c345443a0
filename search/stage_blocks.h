#pragma once
// The blocks that a stage of a searched network is made of.

#include "models/layer_builder.h"
#include "search/staged_spec.h"

namespace presil {

/// One block of a stage, all choices made.
struct BlockLayer {
  BlockKind kind = BlockKind::kIbn;
  std::int64_t kernel = 3, stride = 1, dilation = 1;
  double expansion = 1;
  std::int64_t channels = 0;
  double squeeze_excite = 0;
  Activation activation = Activation::kRelu6;
  std::int64_t group_channels = 1;
  double compression = 1;
  std::int64_t heads = 4;
};

/// x [1,C,H,W] -> [1,channels,H/stride,W/stride] with the input added where shapes are equal; of a
/// sequence block [1,T,F] -> [1,T,channels]. Throws Error: channels that do not divide into groups
/// or heads.
TensorId build_block(LayerBuilder& b, TensorId x, const BlockLayer& block);

}  // namespace presil
