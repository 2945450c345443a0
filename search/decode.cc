#include "search/decode.h"

#include "core/error.h"
#include "models/simplify.h"
#include "search/head.h"
#include "search/stage_blocks.h"

namespace presil {

namespace {

class Decoder {
 public:
  Decoder(const StagedSpec& spec, const Genome& genome, const std::string& name)
      : spec_(spec), genome_(genome), b_(name, Padding::kSame) {
    multiplier_ = spec.depth_multiplier.at(genome);
    multiple_ = spec.channel_multiple.at(genome);
  }

  Network run() && {
    TensorId x = spec_.input.sequence ? sequence_stem() : image_stem();
    std::vector<StageOutput> outputs;
    for (const StageSpec& stage : spec_.stages) {
      x = build_stage(stage, x);
      outputs.push_back({.map = x, .stride = stride_});
    }
    build_head(b_, outputs, head_layer());
    return {.graph = std::move(b_).finish(), .precision = precision()};
  }

 private:
  std::int64_t scaled(std::int64_t channels) const {
    return scaled_channels(channels, multiplier_, multiple_);
  }

  TensorId image_stem() {
    const std::int64_t size = spec_.input.resolution.at(genome_);
    const TensorId image = b_.input("image", {1, spec_.input.channels, size, size});
    b_.block("stem");
    stride_ = spec_.stem.stride.at(genome_);
    return b_.conv(image, {.channels = scaled(spec_.stem.channels.at(genome_)),
                           .kernel = spec_.stem.kernel.at(genome_),
                           .stride = stride_,
                           .activation = spec_.stem.activation.at(genome_)});
  }

  /// Two strided convolutions leave a quarter of the frames (conformers, Gulati et al., 2020).
  TensorId sequence_stem() {
    const std::int64_t frames = spec_.input.resolution.at(genome_);
    TensorId x = b_.input("filter_banks", {1, 1, frames, spec_.input.features});
    b_.block("stem");
    const std::int64_t channels = scaled(spec_.stem.channels.at(genome_));
    for (int i = 0; i < 2; ++i)
      x = b_.conv(x, {.channels = channels,
                      .kernel = spec_.stem.kernel.at(genome_),
                      .stride = 2,
                      .activation = spec_.stem.activation.at(genome_)});
    const Shape map = b_.shape(x);
    x = b_.reshape(b_.transpose(x, {0, 2, 1, 3}), {.shape = {1, map[2], map[1] * map[3]}});
    return b_.fc(x, scaled(spec_.stages.front().channels.at(genome_)));
  }

  TensorId build_stage(const StageSpec& stage, TensorId x) {
    const std::int64_t depth = stage.depth.at(genome_);
    const std::int64_t at = stage.stride_at.at(genome_) == StridePlace::kFirst ? 0 : depth - 1;
    BlockLayer block = block_layer(stage);
    for (std::int64_t i = 0; i < depth; ++i) {
      b_.block(fmt::format("{}.{}", stage.name, i + 1));
      block.stride = i == at ? take_stride(stage, x) : 1;
      block.dilation = dilation_;
      try {
        x = build_block(b_, x, block);
      } catch (const Error& error) {
        throw Error("{}: {}", stage.name, error.what());
      }
    }
    return x;
  }

  BlockLayer block_layer(const StageSpec& stage) const {
    return {.kind = stage.block.at(genome_),
            .kernel = stage.kernel.at(genome_),
            .expansion = stage.expansion.at(genome_),
            .channels = scaled(stage.channels.at(genome_)),
            .squeeze_excite = stage.squeeze_excite.at(genome_),
            .activation = stage.activation.at(genome_),
            .group_channels = stage.group_channels.at(genome_),
            .compression = stage.compression.at(genome_),
            .heads = stage.heads.at(genome_)};
  }

  /// What is left of a stage's stride once the output stride is reached; the rest dilates
  /// (DeepLab, Chen et al., 2017).
  std::int64_t take_stride(const StageSpec& stage, TensorId x) {
    const std::int64_t stride = stage.stride.at(genome_);
    if (stride == 1) return 1;
    const std::int64_t limit = spec_.output_stride.at(genome_);
    if (limit > 0 && stride_ * stride > limit) {
      dilation_ *= stride;
      return 1;
    }
    const Shape& map = b_.shape(x);
    if (map[2] < stride)
      throw Error("{}: a map of {}x{} cannot be strided by {}", stage.name, map[2], map[3], stride);
    stride_ *= stride;
    return stride;
  }

  HeadLayer head_layer() const {
    const std::int64_t asked = spec_.head.output_size.at(genome_);
    return {.kind = spec_.head.kind,
            .classes = spec_.head.classes,
            .channels = spec_.head.channels.at(genome_),
            .output_size = asked > 0 ? asked : spec_.input.resolution.at(genome_),
            .activation = spec_.head.activation.at(genome_),
            .depth_multiplier = multiplier_,
            .channel_multiple = multiple_};
  }

  PrecisionOptions precision() const {
    PrecisionOptions options;
    for (const StageSpec& stage : spec_.stages) {
      const std::string& text = stage.precision.at(genome_).text;
      if (!text.empty()) options.layers.emplace_back(stage.name + ".*", parse_precision(text));
    }
    return options;
  }

  const StagedSpec& spec_;
  const Genome& genome_;
  LayerBuilder b_;
  double multiplier_ = 1;
  std::int64_t multiple_ = 8;
  std::int64_t stride_ = 1, dilation_ = 1;
};

}  // namespace

Network decode_staged(const StagedSpec& spec, const Genome& genome, const std::string& name) {
  Network network = Decoder(spec, genome, name).run();
  // Between LSTMs, reshapes follow each other.
  if (spec.input.sequence) network.graph = simplify(network.graph);
  return network;
}

}  // namespace presil
