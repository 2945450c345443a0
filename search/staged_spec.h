#pragma once
// The networks of a staged space: a stem, stages of equal blocks, a head. What each property means;
// docs/search.md says it to users.

#include <string>
#include <vector>

#include "models/layer_builder.h"
#include "search/choice.h"

namespace presil {

enum class BlockKind : std::uint8_t {
  kIbn,           ///< 1x1 expand, KxK depthwise, 1x1 project
  kFusedIbn,      ///< KxK convolution that expands (and strides), 1x1 project
  kGroupConvIbn,  ///< 1x1 expand, KxK convolution in groups of `group_channels`, 1x1 project
  kTucker,        ///< 1x1 compress, KxK convolution, 1x1 expand
  kConv,          ///< KxK convolution
  kConformer,     ///< of sequences: half feed-forward, attention, convolution, half feed-forward
  kLstm,          ///< of sequences
};
/// "ibn", "fused_ibn", "group_conv_ibn", "tucker", "conv", "conformer", "lstm".
const std::vector<std::string>& block_names();
inline bool is_sequence_block(BlockKind kind) { return kind >= BlockKind::kConformer; }

/// Which of a stage's blocks has the stride.
enum class StridePlace : std::uint8_t { kFirst, kLast };

/// Spelled as `--precision` does; "" leaves the chip's first mode.
struct PrecisionName {
  std::string text;
};

struct StageSpec {
  std::string name;
  Choice<BlockKind> block;
  Choice<std::int64_t> kernel;
  Choice<double> expansion;  ///< channels inside over channels in
  Choice<std::int64_t> channels;
  Choice<std::int64_t> depth;
  Choice<std::int64_t> stride;
  Choice<StridePlace> stride_at;
  Choice<double> squeeze_excite;  ///< channels squeezed to, over channels inside; 0: none
  Choice<Activation> activation;
  Choice<std::int64_t> group_channels;
  Choice<double> compression;  ///< of a tucker block: compressed over outer channels, both sides
  Choice<std::int64_t> heads;  ///< of a conformer's attention
  Choice<PrecisionName> precision;
};

struct StemSpec {
  Choice<std::int64_t> channels, kernel, stride;
  Choice<Activation> activation;
};

enum class HeadKind : std::uint8_t { kClassifier, kSsdLite, kSegmentation, kCtc };
/// "classifier", "ssd_lite", "segmentation", "ctc".
const std::vector<std::string>& head_names();

struct HeadSpec {
  HeadKind kind = HeadKind::kClassifier;
  std::int64_t classes = 1000;
  Choice<std::int64_t> channels;  ///< of the last 1x1 convolution (segmentation: inside); 0: none
  Choice<std::int64_t> output_size;  ///< segmentation: height of what comes out; 0: the input's
  Choice<Activation> activation;
};

/// Of images: [1, channels, resolution, resolution]. Of sequences: [1, 1, frames, features], to
/// which the stem is two strided 3x3 convolutions.
struct InputSpec {
  bool sequence = false;
  std::int64_t channels = 3, features = 80;
  Choice<std::int64_t> resolution;  ///< or frames
};

struct StagedSpec {
  InputSpec input;
  Choice<double> depth_multiplier;        ///< scales all channels; those before the head only up
  Choice<std::int64_t> channel_multiple;  ///< what scaled channels are rounded to
  Choice<std::int64_t> output_stride;     ///< later strides become dilation; 0: none do
  StemSpec stem;
  std::vector<StageSpec> stages;
  HeadSpec head;
};

/// Calls visit(section, key, choice) for every property, in the order of the genes: the one list of
/// them, which reading, writing and curating share. `section` is "" or a stage's name.
template <typename Spec, typename Visit>
void visit_properties(Spec& spec, Visit&& visit) {
  visit("input", spec.input.sequence ? "frames" : "resolution", spec.input.resolution);
  visit("", "depth_multiplier", spec.depth_multiplier);
  visit("", "channel_multiple", spec.channel_multiple);
  visit("", "output_stride", spec.output_stride);
  visit("stem", "channels", spec.stem.channels);
  visit("stem", "kernel", spec.stem.kernel);
  visit("stem", "stride", spec.stem.stride);
  visit("stem", "activation", spec.stem.activation);
  for (auto& stage : spec.stages) {
    visit(stage.name, "block", stage.block);
    visit(stage.name, "kernel", stage.kernel);
    visit(stage.name, "expansion", stage.expansion);
    visit(stage.name, "channels", stage.channels);
    visit(stage.name, "depth", stage.depth);
    visit(stage.name, "stride", stage.stride);
    visit(stage.name, "stride_at", stage.stride_at);
    visit(stage.name, "squeeze_excite", stage.squeeze_excite);
    visit(stage.name, "activation", stage.activation);
    visit(stage.name, "group_channels", stage.group_channels);
    visit(stage.name, "compression", stage.compression);
    visit(stage.name, "heads", stage.heads);
    visit(stage.name, "precision", stage.precision);
  }
  visit("head", "channels", spec.head.channels);
  visit("head", "output_size", spec.head.output_size);
  visit("head", "activation", spec.head.activation);
}

}  // namespace presil
