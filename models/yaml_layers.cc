#include "models/yaml_layers.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "core/error.h"

namespace presil {

namespace {

constexpr double kMaxLayerMacs = 1e15;  // kYamlMaxLayers of them still fit 64 bits

template <typename T, std::size_t N>
T choice(const YamlSection& keys, const std::string& key, T otherwise,
         const std::array<std::pair<const char*, T>, N>& choices) {
  if (!keys.has(key)) return otherwise;
  const std::string text = keys.text(key);
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    names.emplace_back(name);
  }
  throw keys.error(key, fmt::format("must be one of {}, is '{}'", fmt::join(names, ", "), text));
}

Activation activation(const YamlSection& keys) {
  constexpr std::array<std::pair<const char*, Activation>, 9> kChoices{
      {{"none", Activation::kNone},
       {"relu", Activation::kRelu},
       {"relu6", Activation::kRelu6},
       {"hard_swish", Activation::kHardSwish},
       {"hard_sigmoid", Activation::kHardSigmoid},
       {"sigmoid", Activation::kSigmoid},
       {"silu", Activation::kSilu},
       {"tanh", Activation::kTanh},
       {"gelu", Activation::kGelu}}};
  return choice(keys, "activation", Activation::kNone, kChoices);
}

Padding padding(const YamlSection& keys) {
  constexpr std::array<std::pair<const char*, Padding>, 3> kChoices{
      {{"same", Padding::kSame}, {"symmetric", Padding::kSymmetric}, {"valid", Padding::kValid}}};
  return choice(keys, "padding", Padding::kSame, kChoices);
}

/// `kernel: 3` or `kernel: [10, 4]` (height, width).
std::pair<std::int64_t, std::int64_t> kernel(const YamlSection& keys) {
  if (!keys.require("kernel").IsSequence()) {
    const std::int64_t size = keys.integer("kernel", 1, kYamlMaxKernel);
    return {size, size};
  }
  const std::vector<std::int64_t> sizes = keys.integers("kernel", 1, kYamlMaxKernel);
  if (sizes.size() != 2) throw keys.error("kernel", "must be one size or [height, width]");
  return {sizes[0], sizes[1]};
}

void check_window_fits(const LayerBuilder& b, const YamlLayer& layer, std::int64_t dilation) {
  if (padding(layer.keys) == Padding::kSame) return;
  const auto [height, width] = kernel(layer.keys);
  const Shape& in = b.shape(layer.x());
  const bool padded = padding(layer.keys) == Padding::kSymmetric;
  const auto fits = [&](std::int64_t extent, std::int64_t size) {
    const std::int64_t reach = dilation * (size - 1) + 1;
    return reach <= extent + (padded ? (reach - 1) / 2 * 2 : 0);
  };
  if (!fits(in[2], height) || !fits(in[3], width)) {
    throw layer.keys.error("kernel", fmt::format("does not fit the input {}; use a smaller one, or "
                                                 "padding: same",
                                                 to_string(in)));
  }
}

ConvLayer conv_layer(const LayerBuilder& b, const YamlLayer& layer) {
  const auto [height, width] = kernel(layer.keys);
  ConvLayer conv;
  conv.kernel = height;
  conv.kernel_w = width;
  conv.stride = layer.keys.integer_or("stride", 1, 1, kYamlMaxKernel);
  conv.dilation = layer.keys.integer_or("dilation", 1, 1, kYamlMaxKernel);
  conv.activation = activation(layer.keys);
  conv.padding = padding(layer.keys);
  conv.bias = layer.keys.boolean_or("bias", true);
  conv.name = layer.name;
  check_window_fits(b, layer, conv.dilation);
  return conv;
}

void check_work(const YamlLayer& layer, double outputs, double each) {
  if (outputs * each > kMaxLayerMacs) {
    throw layer.keys.error("", fmt::format("needs {:.3g} multiply-accumulates, more than {:.0e}",
                                           outputs * each, kMaxLayerMacs));
  }
}

TensorId build_conv(LayerBuilder& b, const YamlLayer& layer) {
  ConvLayer conv = conv_layer(b, layer);
  conv.channels = layer.keys.integer("channels", 1, kYamlMaxExtent);
  check_work(layer, static_cast<double>(element_count(b.shape(layer.x()))),
             static_cast<double>(conv.channels * conv.kernel * conv.kernel_w));
  return b.conv(layer.x(), conv);
}

TensorId build_depthwise(LayerBuilder& b, const YamlLayer& layer) {
  return b.depthwise(layer.x(), conv_layer(b, layer));
}

TensorId build_fc(LayerBuilder& b, const YamlLayer& layer) {
  return b.fc(layer.x(), layer.keys.integer("outputs", 1, kYamlMaxExtent), activation(layer.keys),
              layer.name);
}

TensorId build_matmul(LayerBuilder& b, const YamlLayer& layer) {
  return b.matmul(layer.inputs[0], layer.inputs[1], layer.keys.boolean_or("transpose_b", false),
                  layer.name);
}

TensorId build_lstm(LayerBuilder& b, const YamlLayer& layer) {
  if (b.shape(layer.x())[1] != 1) {
    throw layer.keys.error(
        "", fmt::format("needs an input [time,1,features], has {}", to_string(b.shape(layer.x()))));
  }
  return b.lstm(layer.x(), {.hidden = layer.keys.integer("hidden", 1, 8192), .name = layer.name});
}

template <OpKind kKind>
TensorId build_plain(LayerBuilder& b, const YamlLayer& layer) {
  OpAttrs attrs;
  if (kKind == OpKind::kHardSigmoid) attrs = UnaryAttrs{.alpha = 1.0f / 6, .beta = 0.5f};
  return b.op(kKind, attrs, layer.inputs, layer.name);
}

/// An axis counts from the end when it is negative.
std::int64_t axis(const LayerBuilder& b, const YamlLayer& layer, std::int64_t otherwise) {
  const auto rank = static_cast<std::int64_t>(b.shape(layer.x()).size());
  const std::int64_t value = layer.keys.integer_or("axis", otherwise, -rank, rank - 1);
  return value < 0 ? value + rank : value;
}

TensorId build_softmax(LayerBuilder& b, const YamlLayer& layer) {
  return b.softmax(layer.x(), axis(b, layer, -1), layer.name);
}

TensorId build_layer_norm(LayerBuilder& b, const YamlLayer& layer) {
  return b.layer_norm(layer.x(), layer.name);
}

template <OpKind kKind>
TensorId build_pool(LayerBuilder& b, const YamlLayer& layer) {
  const auto [height, width] = kernel(layer.keys);
  check_window_fits(b, layer, 1);
  const WindowLayer window{.kernel = height,
                           .kernel_w = width,
                           .stride = layer.keys.integer_or("stride", 1, 1, kYamlMaxKernel),
                           .padding = padding(layer.keys),
                           .name = layer.name};
  return kKind == OpKind::kMaxPool ? b.max_pool(layer.x(), window)
                                   : b.average_pool(layer.x(), window);
}

TensorId build_resize(LayerBuilder& b, const YamlLayer& layer) {
  return b.resize_bilinear(layer.x(), layer.keys.integer("height", 1, kYamlMaxExtent),
                           layer.keys.integer("width", 1, kYamlMaxExtent), layer.name);
}

TensorId build_concat(LayerBuilder& b, const YamlLayer& layer) {
  return b.concat(layer.inputs, axis(b, layer, 1), layer.name);
}

TensorId build_flatten(LayerBuilder& b, const YamlLayer& layer) {
  return b.flatten(layer.x(), layer.name);
}

TensorId build_reshape(LayerBuilder& b, const YamlLayer& layer) {
  const Shape shape = layer.keys.integers("shape", 1, kYamlMaxElements);
  const Shape& in = b.shape(layer.x());
  double elements = 1;  // a product of these extents may not fit 64 bits
  for (const std::int64_t extent : shape) elements *= static_cast<double>(extent);
  if (elements != static_cast<double>(element_count(in))) {
    throw layer.keys.error("shape", fmt::format("must have the {} elements of its input {}",
                                                element_count(in), to_string(in)));
  }
  return b.reshape(layer.x(), {.shape = shape}, layer.name);
}

TensorId build_transpose(LayerBuilder& b, const YamlLayer& layer) {
  const std::vector<std::int64_t> perm = layer.keys.integers("perm", 0, 7);
  std::vector<std::int64_t> sorted = perm, expected(b.shape(layer.x()).size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(expected.begin(), expected.end(), 0);
  if (sorted != expected) {
    throw layer.keys.error("perm",
                           fmt::format("must name each of the {} axes once", expected.size()));
  }
  return b.transpose(layer.x(), perm, layer.name);
}

}  // namespace

std::vector<YamlLayerKind> yaml_layer_kinds() {
  const std::vector<std::string> conv{"kernel",  "stride",     "dilation",
                                      "padding", "activation", "bias"};
  std::vector<std::string> full_conv = conv;
  full_conv.push_back("channels");
  const std::vector<std::string> pool{"kernel", "stride", "padding"};
  return {
      {"Conv", 1, 1, 4, full_conv, build_conv},
      {"DepthwiseConv", 1, 1, 4, conv, build_depthwise},
      {"FullyConnected", 1, 1, 0, {"outputs", "activation"}, build_fc},
      {"MatMul", 2, 2, 0, {"transpose_b"}, build_matmul},
      {"Lstm", 1, 1, 3, {"hidden"}, build_lstm},
      {"Add", 2, 2, 0, {}, build_plain<OpKind::kAdd>},
      {"Sub", 2, 2, 0, {}, build_plain<OpKind::kSub>},
      {"Mul", 2, 2, 0, {}, build_plain<OpKind::kMul>},
      {"Div", 2, 2, 0, {}, build_plain<OpKind::kDiv>},
      {"Relu", 1, 1, 0, {}, build_plain<OpKind::kRelu>},
      {"Relu6", 1, 1, 0, {}, build_plain<OpKind::kRelu6>},
      {"HardSwish", 1, 1, 0, {}, build_plain<OpKind::kHardSwish>},
      {"HardSigmoid", 1, 1, 0, {}, build_plain<OpKind::kHardSigmoid>},
      {"Sigmoid", 1, 1, 0, {}, build_plain<OpKind::kSigmoid>},
      {"Silu", 1, 1, 0, {}, build_plain<OpKind::kSilu>},
      {"Tanh", 1, 1, 0, {}, build_plain<OpKind::kTanh>},
      {"Gelu", 1, 1, 0, {}, build_plain<OpKind::kGelu>},
      {"Softmax", 1, 1, 0, {"axis"}, build_softmax},
      {"LayerNorm", 1, 1, 0, {}, build_layer_norm},
      {"MaxPool", 1, 1, 4, pool, build_pool<OpKind::kMaxPool>},
      {"AveragePool", 1, 1, 4, pool, build_pool<OpKind::kAveragePool>},
      {"GlobalAveragePool", 1, 1, 4, {}, build_plain<OpKind::kGlobalAveragePool>},
      {"ResizeBilinear", 1, 1, 4, {"height", "width"}, build_resize},
      {"Concat", 2, -1, 0, {"axis"}, build_concat},
      {"Flatten", 1, 1, 0, {}, build_flatten},
      {"Reshape", 1, 1, 0, {"shape"}, build_reshape},
      {"Transpose", 1, 1, 0, {"perm"}, build_transpose},
  };
}

}  // namespace presil
