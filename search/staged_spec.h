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
  Property<BlockKind> block;
  Property<std::int64_t> kernel;
  Property<double> expansion;  ///< channels inside over channels in
  Property<std::int64_t> channels;
  Property<std::int64_t> depth;
  Property<std::int64_t> stride;
  Property<StridePlace> stride_at;
  Property<double> squeeze_excite;  ///< channels squeezed to, over channels inside; 0: none
  Property<Activation> activation;
  Property<std::int64_t> group_channels;
  Property<double> compression;  ///< of a tucker block: compressed over outer channels, both sides
  Property<std::int64_t> heads;  ///< of a conformer's attention
  Property<PrecisionName> precision;
};

struct StemSpec {
  Property<std::int64_t> channels, kernel, stride;
  Property<Activation> activation;
};

enum class HeadKind : std::uint8_t { kClassifier, kSsdLite, kSegmentation, kCtc };
/// "classifier", "ssd_lite", "segmentation", "ctc".
const std::vector<std::string>& head_names();

struct HeadSpec {
  HeadKind kind = HeadKind::kClassifier;
  std::int64_t classes = 1000;
  Property<std::int64_t> channels;  ///< of the last 1x1 convolution (segmentation: inside); 0: none
  Property<std::int64_t> output_size;  ///< segmentation: height of what comes out; 0: the input's
  Property<Activation> activation;
};

/// Of images: [1, channels, resolution, resolution]. Of sequences: [1, 1, frames, features], to
/// which the stem is two strided 3x3 convolutions.
struct InputSpec {
  bool sequence = false;
  std::int64_t channels = 3, features = 80;
  Property<std::int64_t> resolution;  ///< or frames
};

struct StagedSpec {
  InputSpec input;
  Property<double> depth_multiplier;        ///< scales all channels; those before the head only up
  Property<std::int64_t> channel_multiple;  ///< what scaled channels are rounded to
  Property<std::int64_t> output_stride;     ///< later strides become dilation; 0: none do
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
