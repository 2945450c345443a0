// Blocks of a few layers: each layer is seen among neighbours, with what they leave in SRAM.

#include <algorithm>

#include "estimator/case_family.h"
#include "estimator/case_layers.h"
#include "models/blocks.h"

namespace presil {

namespace {

/// Half of the blocks begin with a layer of their own, so that their input may be in SRAM.
class Block {
 public:
  Block(CaseDraw& draw, const char* name, std::int64_t max_channels)
      : draw_(draw), b_(name, draw.padding()) {
    Shape shape = draw.map_shape(max_channels);
    if (shape[2] == 1) shape[2] = shape[3];
    const bool before = draw.chance(0.5);
    const std::int64_t channels = shape[1];
    if (before) shape[1] = draw.channels(256);
    x_ = b_.input("x", shape);
    if (before) x_ = b_.conv(x_, {.channels = channels, .activation = draw.activation()});
  }

  LayerBuilder& builder() { return b_; }
  TensorId x() const { return x_; }
  std::int64_t channels() const { return b_.channels(x_); }

  Graph finish(TensorId y) {
    if (b_.shape(y).size() == 4 && draw_.chance(0.3))
      y = b_.conv(y, {.channels = draw_.channels(512), .activation = draw_.activation()});
    b_.output(y);
    return std::move(b_).finish();
  }

 private:
  CaseDraw& draw_;
  LayerBuilder b_;
  TensorId x_ = kNoTensor;
};

Bottleneck random_bottleneck(CaseDraw& d, std::int64_t channels) {
  Bottleneck block{.kernel = d.of<std::int64_t>({3, 3, 3, 5, 5, 7}),
                   .stride = d.of<std::int64_t>({1, 1, 1, 2}),
                   .expanded = channels * d.of<std::int64_t>({1, 2, 3, 4, 6, 6, 6, 8}),
                   .channels = d.chance(0.6) ? channels : d.channels(512)};
  block.activation = d.activation();
  if (d.chance(0.15)) block.expanded = d.channels(2048);
  return block;
}

Graph ibn(CaseDraw& d) {
  Block block(d, "ibn", 256);
  Bottleneck bottleneck = random_bottleneck(d, block.channels());
  if (d.chance(0.25))
    bottleneck.squeezed = round_channels(static_cast<double>(bottleneck.expanded) / 4);
  return block.finish(inverted_bottleneck(block.builder(), block.x(), bottleneck));
}

Graph fused_ibn(CaseDraw& d) {
  Block block(d, "fused_ibn", 128);
  return block.finish(
      fused_bottleneck(block.builder(), block.x(), random_bottleneck(d, block.channels())));
}

Graph residual_block(CaseDraw& d) {
  Block block(d, "residual_block", 512);
  const std::int64_t channels = d.chance(0.6) ? block.channels() : d.channels(512);
  const std::int64_t narrow = d.chance(0.5) ? std::max<std::int64_t>(1, channels / 4) : 0;
  return block.finish(
      residual(block.builder(), block.x(), channels, narrow, d.of<std::int64_t>({1, 1, 1, 2})));
}

Graph squeeze(CaseDraw& d) {
  Block block(d, "squeeze_excite", 1024);
  const std::int64_t squeezed = d.channels(std::max<std::int64_t>(8, block.channels() / 2));
  return block.finish(
      squeeze_excite(block.builder(), block.x(), squeezed,
                     d.of<Activation>({Activation::kSigmoid, Activation::kHardSigmoid})));
}

Graph tucker_block(CaseDraw& d) {
  Block block(d, "tucker", 512);
  const std::int64_t inner_in = d.channels(256), inner_out = d.channels(256),
                     channels = d.chance(0.6) ? block.channels() : d.channels(512);
  const ConvLayer layer{.kernel = d.of<std::int64_t>({3, 3, 5}),
                        .stride = d.of<std::int64_t>({1, 1, 2}),
                        .activation = d.activation()};
  return block.finish(tucker(block.builder(), block.x(), inner_in, inner_out, layer, channels));
}

Graph cell(CaseDraw& d) {
  Block block(d, "cell", 256);
  return block.finish(random_cell(d, block.builder(), block.x()));
}

/// One of the layers that a chain may go on with.
TensorId any_layer(CaseDraw& d, LayerBuilder& b, TensorId x) {
  switch (d.integer(0, 9)) {
    case 0:
    case 1:
      return b.conv(x, {.channels = d.channels(512), .activation = d.activation()});
    case 2:
    case 3: {
      ConvLayer layer = random_window(d, b.shape(x));
      layer.channels = d.channels(256);
      return b.conv(x, layer);
    }
    case 4:
    case 5:
      return b.depthwise(x, random_window(d, b.shape(x)));
    case 6: {
      const WindowLayer window{.kernel = d.of<std::int64_t>({2, 3}), .stride = 2};
      return d.chance(0.5) ? b.max_pool(x, window) : b.average_pool(x, window);
    }
    case 7:
      return b.activate(x, Activation::kSilu);
    case 8: {
      const TensorId y = b.conv(x, {.channels = b.channels(x), .kernel = 3});
      return d.chance(0.5) ? b.add(x, y) : b.concat({x, y}, 1);
    }
    default:
      return b.resize_bilinear(x, 2 * b.shape(x)[2], 2 * b.shape(x)[3]);
  }
}

Graph chain(CaseDraw& d) {
  LayerBuilder b("chain", d.padding());
  TensorId x = b.input("x", d.map_shape(256));
  for (std::int64_t i = d.integer(2, 6); i > 0; --i) x = any_layer(d, b, x);
  b.output(x);
  return std::move(b).finish();
}

/// A step down and up again, as feature pyramids have them.
Graph pyramid(CaseDraw& d) {
  Block block(d, "pyramid", 256);
  LayerBuilder& b = block.builder();
  const TensorId fine = block.x();
  const std::int64_t width = d.channels(256);
  TensorId y =
      b.conv(fine, {.channels = width, .kernel = 3, .stride = 2, .activation = d.activation()});
  y = b.resize_bilinear(y, b.shape(fine)[2], b.shape(fine)[3]);
  const TensorId lateral = b.conv(fine, {.channels = width});
  y = d.chance(0.5) ? b.add(y, lateral) : b.concat({y, lateral}, 1);
  return block.finish(b.conv(y, {.channels = d.channels(256), .kernel = 3}));
}

Graph shuffle(CaseDraw& d) {
  LayerBuilder b("shuffle", Padding::kSymmetric);
  const std::int64_t half = d.channels(256), extent = d.extent(112);
  const TensorId x = b.conv(b.input("x", {1, d.channels(128), extent, extent}),
                            {.channels = 2 * half, .activation = Activation::kRelu});
  const std::vector<TensorId> parts = b.split(x, 2, 1);
  TensorId y = b.conv(parts[1], {.channels = half, .activation = Activation::kRelu});
  y = b.depthwise(y, {.kernel = 3});
  y = b.conv(y, {.channels = half, .activation = Activation::kRelu});
  y = b.op(OpKind::kChannelShuffle, BlockAttrs{.block = 2}, {b.concat({parts[0], y}, 1)},
           "shuffle");
  b.output(y);
  return std::move(b).finish();
}

// ---- Sequences ----

struct Sequence {
  std::int64_t steps, heads, width;
};

Sequence random_sequence(CaseDraw& d) {
  Sequence s{
      .steps = d.log_integer(8, 320), .heads = d.of<std::int64_t>({1, 2, 4, 4, 8}), .width = 0};
  s.width = s.heads * d.of<std::int64_t>({16, 24, 32, 32, 36, 48, 64, 64, 80});
  return s;
}

Graph attention(CaseDraw& d) {
  LayerBuilder b("attention", Padding::kSame);
  const Sequence s = random_sequence(d);
  const TensorId x = b.input("x", {1, s.steps, s.width});
  const TensorId y = self_attention(b, d.chance(0.6) ? b.layer_norm(x) : x, s.heads);
  b.output(d.chance(0.7) ? b.add(x, y) : y);
  return std::move(b).finish();
}

Graph feed_forward_block(CaseDraw& d) {
  LayerBuilder b("feed_forward", Padding::kSame);
  const Sequence s = random_sequence(d);
  const TensorId x = b.input("x", {1, s.steps, s.width});
  const std::int64_t expanded = d.chance(0.7) ? 4 * s.width : d.channels();
  b.output(feed_forward(
      b, x, expanded, d.of<Activation>({Activation::kGelu, Activation::kRelu, Activation::kSilu})));
  return std::move(b).finish();
}

Graph conformer_block(CaseDraw& d) {
  LayerBuilder b("conformer_block", Padding::kSymmetric);
  const Sequence s = random_sequence(d);
  const TensorId x = b.input("x", {1, s.steps, s.width});
  b.output(conformer_module(b, x, d.of<std::int64_t>({7, 15, 15, 31, 31})));
  return std::move(b).finish();
}

Graph dense_head(CaseDraw& d) {
  LayerBuilder b("dense_head", Padding::kSame);
  const std::int64_t extent = d.of<std::int64_t>({1, 4, 7, 7, 7, 8, 10, 14});
  TensorId x = b.input("x", {1, d.channels(1024), extent, extent});
  if (d.chance(0.6)) x = b.conv(x, {.channels = d.channels(), .activation = d.activation()});
  x = b.flatten(b.global_average_pool(x));
  for (std::int64_t i = d.integer(0, 2); i > 0; --i) {
    const std::int64_t outputs = d.channels();
    x = b.fc(x, outputs, d.activation());
  }
  x = b.fc(x, d.of<std::int64_t>({2, 10, 12, 100, 1000, 1001}));
  b.output(d.chance(0.5) ? b.softmax(x, 1) : x);
  return std::move(b).finish();
}

constexpr CaseFamily kFamilies[] = {
    {"ibn", Level::kSubgraph, "inverted bottleneck, with or without squeeze-and-excite", ibn},
    {"fused_ibn", Level::kSubgraph, "inverted bottleneck with one full convolution", fused_ibn},
    {"residual_block", Level::kSubgraph, "basic or bottleneck block of a ResNet", residual_block},
    {"squeeze_excite", Level::kSubgraph, "squeeze-and-excite gate", squeeze},
    {"tucker", Level::kSubgraph, "1x1 compress, KxK, 1x1 expand", tucker_block},
    {"cell", Level::kSubgraph, "cell of four nodes in the style of NAS-Bench-201", cell},
    {"chain", Level::kSubgraph, "2 to 6 random layers one after the other", chain},
    {"pyramid", Level::kSubgraph, "down, up and a lateral convolution", pyramid},
    {"shuffle", Level::kSubgraph, "unit of a ShuffleNetV2", shuffle},
    {"attention", Level::kSubgraph, "multi-head self-attention", attention},
    {"feed_forward", Level::kSubgraph, "norm, expand, project, add", feed_forward_block},
    {"conformer_block", Level::kSubgraph, "convolution module of a conformer", conformer_block},
    {"dense_head", Level::kSubgraph, "classifier behind a feature map", dense_head},
};

}  // namespace

std::span<const CaseFamily> subgraph_families() { return kFamilies; }

}  // namespace presil
