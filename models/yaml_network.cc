// A network written by hand in YAML (docs/network_yaml.md).

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "core/error.h"
#include "models/blocks.h"
#include "models/import.h"
#include "models/yaml_document.h"

namespace presil {

namespace {

constexpr std::int64_t kMaxExtent = 65536, kMaxKernel = 256, kMaxElements = 1 << 28;
constexpr std::size_t kMaxLayers = 4096;
constexpr double kMaxLayerMacs = 1e15;  // of one layer; so kMaxLayers of them fit 64 bits

/// One layer as written, its operands found.
struct Layer {
  const YamlSection& keys;
  std::string name;
  std::vector<TensorId> inputs;
  TensorId x() const { return inputs.front(); }
};

using BuildLayer = TensorId (*)(LayerBuilder&, const Layer&);

/// A kind of layer: its operator's spelling, how many inputs (max -1: any number), the rank that
/// the inputs must have (0: any), its own keys, and how it is built.
struct LayerKind {
  std::string op;
  int min_inputs, max_inputs;
  std::size_t rank;
  std::vector<std::string> keys;
  BuildLayer build;
};

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
    const std::int64_t size = keys.integer("kernel", 1, kMaxKernel);
    return {size, size};
  }
  const std::vector<std::int64_t> sizes = keys.integers("kernel", 1, kMaxKernel);
  if (sizes.size() != 2) throw keys.error("kernel", "must be one size or [height, width]");
  return {sizes[0], sizes[1]};
}

void check_window_fits(const LayerBuilder& b, const Layer& layer, std::int64_t dilation) {
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

ConvLayer conv_layer(const LayerBuilder& b, const Layer& layer) {
  const auto [height, width] = kernel(layer.keys);
  ConvLayer conv;
  conv.kernel = height;
  conv.kernel_w = width;
  conv.stride = layer.keys.integer_or("stride", 1, 1, kMaxKernel);
  conv.dilation = layer.keys.integer_or("dilation", 1, 1, kMaxKernel);
  conv.activation = activation(layer.keys);
  conv.padding = padding(layer.keys);
  conv.bias = layer.keys.boolean_or("bias", true);
  conv.name = layer.name;
  check_window_fits(b, layer, conv.dilation);
  return conv;
}

void check_work(const Layer& layer, double outputs, double each) {
  if (outputs * each > kMaxLayerMacs) {
    throw layer.keys.error("", fmt::format("needs {:.3g} multiply-accumulates, more than {:.0e}",
                                           outputs * each, kMaxLayerMacs));
  }
}

TensorId build_conv(LayerBuilder& b, const Layer& layer) {
  ConvLayer conv = conv_layer(b, layer);
  conv.channels = layer.keys.integer("channels", 1, kMaxExtent);
  check_work(layer, static_cast<double>(element_count(b.shape(layer.x()))),
             static_cast<double>(conv.channels * conv.kernel * conv.kernel_w));
  return b.conv(layer.x(), conv);
}

TensorId build_depthwise(LayerBuilder& b, const Layer& layer) {
  return b.depthwise(layer.x(), conv_layer(b, layer));
}

TensorId build_fc(LayerBuilder& b, const Layer& layer) {
  return b.fc(layer.x(), layer.keys.integer("outputs", 1, kMaxExtent), activation(layer.keys),
              layer.name);
}

TensorId build_matmul(LayerBuilder& b, const Layer& layer) {
  return b.matmul(layer.inputs[0], layer.inputs[1], layer.keys.boolean_or("transpose_b", false),
                  layer.name);
}

TensorId build_lstm(LayerBuilder& b, const Layer& layer) {
  if (b.shape(layer.x())[1] != 1) {
    throw layer.keys.error(
        "", fmt::format("needs an input [time,1,features], has {}", to_string(b.shape(layer.x()))));
  }
  return b.lstm(layer.x(), {.hidden = layer.keys.integer("hidden", 1, 8192), .name = layer.name});
}

template <OpKind kKind>
TensorId build_plain(LayerBuilder& b, const Layer& layer) {
  OpAttrs attrs;
  if (kKind == OpKind::kHardSigmoid) attrs = UnaryAttrs{.alpha = 1.0f / 6, .beta = 0.5f};
  return b.op(kKind, attrs, layer.inputs, layer.name);
}

/// An axis counts from the end when it is negative.
std::int64_t axis(const LayerBuilder& b, const Layer& layer, std::int64_t otherwise) {
  const auto rank = static_cast<std::int64_t>(b.shape(layer.x()).size());
  const std::int64_t value = layer.keys.integer_or("axis", otherwise, -rank, rank - 1);
  return value < 0 ? value + rank : value;
}

TensorId build_softmax(LayerBuilder& b, const Layer& layer) {
  return b.softmax(layer.x(), axis(b, layer, -1), layer.name);
}

TensorId build_layer_norm(LayerBuilder& b, const Layer& layer) {
  return b.layer_norm(layer.x(), layer.name);
}

template <OpKind kKind>
TensorId build_pool(LayerBuilder& b, const Layer& layer) {
  const auto [height, width] = kernel(layer.keys);
  check_window_fits(b, layer, 1);
  const WindowLayer window{.kernel = height,
                           .kernel_w = width,
                           .stride = layer.keys.integer_or("stride", 1, 1, kMaxKernel),
                           .padding = padding(layer.keys),
                           .name = layer.name};
  return kKind == OpKind::kMaxPool ? b.max_pool(layer.x(), window)
                                   : b.average_pool(layer.x(), window);
}

TensorId build_resize(LayerBuilder& b, const Layer& layer) {
  return b.resize_bilinear(layer.x(), layer.keys.integer("height", 1, kMaxExtent),
                           layer.keys.integer("width", 1, kMaxExtent), layer.name);
}

TensorId build_concat(LayerBuilder& b, const Layer& layer) {
  return b.concat(layer.inputs, axis(b, layer, 1), layer.name);
}

TensorId build_flatten(LayerBuilder& b, const Layer& layer) {
  return b.flatten(layer.x(), layer.name);
}

TensorId build_reshape(LayerBuilder& b, const Layer& layer) {
  return b.reshape(layer.x(), {.shape = layer.keys.integers("shape", 1, kMaxElements)}, layer.name);
}

TensorId build_transpose(LayerBuilder& b, const Layer& layer) {
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

std::vector<LayerKind> layer_kinds() {
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

/// Reads one file from top to bottom.
class NetworkReader {
 public:
  NetworkReader(std::string file, const ImportOptions& options)
      : file_(std::move(file)),
        options_(options),
        top_(file_, read_yaml_document(file_), "", {"network", "inputs", "layers", "outputs"}),
        builder_(top_.text("network"), Padding::kSame) {}

  Graph read() && {
    read_inputs();
    read_layers();
    mark_outputs();
    return std::move(builder_).finish();
  }

 private:
  void read_inputs() {
    const YAML::Node inputs = top_.require("inputs");
    if (!inputs.IsMap() || inputs.size() == 0) {
      throw top_.error("inputs", "must be a map of names to {shape: [...]}");
    }
    for (const auto& entry : inputs) {
      const std::string name = entry.first.Scalar();
      const YamlSection keys(file_, entry.second, "inputs." + name, {"shape"});
      Shape shape = keys.integers("shape", 1, kMaxExtent);
      if (shape.empty() || shape.size() > 8) throw keys.error("shape", "must have 1 to 8 extents");
      if (const auto given = options_.input_shapes.find(name);
          given != options_.input_shapes.end()) {
        shape = given->second;
      }
      define(name, checked(keys, builder_.input(name, shape)), keys);
      used_.insert(name);
    }
    for (const auto& [name, shape] : options_.input_shapes) {
      if (!tensors_.contains(name)) {
        throw Error("{}: --input {}: no such input; known: {}", file_, name, known_tensors());
      }
    }
  }

  void read_layers() {
    const YAML::Node layers = top_.require("layers");
    if (!layers.IsSequence() || layers.size() == 0 || layers.size() > kMaxLayers) {
      throw top_.error("layers", fmt::format("must be a list of 1 to {} layers", kMaxLayers));
    }
    const std::vector<LayerKind> kinds = layer_kinds();
    std::size_t index = 0;
    for (const YAML::Node& node : layers) {
      read_layer(node, fmt::format("layers[{}]", index++), kinds);
    }
  }

  void read_layer(const YAML::Node& node, const std::string& path,
                  const std::vector<LayerKind>& kinds) {
    const LayerKind& kind = kind_of(node, path, kinds);
    std::vector<std::string> known{"name", "op", "input", "inputs"};
    known.insert(known.end(), kind.keys.begin(), kind.keys.end());
    const YamlSection keys(file_, node, path, known);
    const Layer layer{keys, keys.text("name"), operands(keys, kind)};
    TensorId y = kNoTensor;
    try {
      y = kind.build(builder_, layer);
    } catch (const Error& problem) {
      const std::string text = problem.what();
      if (text.starts_with(file_ + ":")) throw;
      throw Error("{}: {}: {}", yaml_place(file_, node), path, text);
    }
    define(layer.name, checked(keys, y), keys);
    last_ = layer.name;
  }

  const LayerKind& kind_of(const YAML::Node& node, const std::string& path,
                           const std::vector<LayerKind>& kinds) const {
    const YAML::Node op = node.IsMap() ? node["op"] : YAML::Node(YAML::NodeType::Undefined);
    if (!node.IsMap() || !op.IsDefined() || !op.IsScalar()) {
      throw Error("{}: {}: must be a map with the keys name and op", yaml_place(file_, node), path);
    }
    std::vector<std::string> names;
    for (const LayerKind& kind : kinds) {
      if (kind.op == op.Scalar()) return kind;
      names.push_back(kind.op);
    }
    const std::string near = nearest(op.Scalar(), names);
    throw Error("{}: {}.op: unknown operator '{}'{}; known: {}", yaml_place(file_, op), path,
                op.Scalar(), near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                fmt::join(names, ", "));
  }

  /// `input: a`, `inputs: [a, b]`, or nothing: the layer before (the first: the only input).
  std::vector<TensorId> operands(const YamlSection& keys, const LayerKind& kind) {
    if (keys.has("input") && keys.has("inputs")) throw keys.error("inputs", "excludes 'input'");
    std::vector<std::string> names;
    const std::string key = keys.has("inputs") ? "inputs" : "input";
    if (keys.has("inputs")) {
      names = keys.texts("inputs");
    } else if (keys.has("input")) {
      names = {keys.text("input")};
    } else if (!last_.empty()) {
      names = {last_};
    } else if (tensors_.size() == 1) {
      names = {tensors_.begin()->first};
    }
    const auto count = static_cast<int>(names.size());
    if (count < kind.min_inputs || (kind.max_inputs >= 0 && count > kind.max_inputs)) {
      throw keys.error(key,
                       fmt::format("{} needs {}{} inputs, has {}", kind.op,
                                   kind.max_inputs < 0 ? "at least " : "", kind.min_inputs, count));
    }
    std::vector<TensorId> ids;
    for (const std::string& name : names) ids.push_back(operand(keys, key, kind, name));
    return ids;
  }

  TensorId operand(const YamlSection& keys, const std::string& key, const LayerKind& kind,
                   const std::string& name) {
    const TensorId id = find(keys, key, name);
    used_.insert(name);
    const Shape& shape = builder_.shape(id);
    if (kind.rank != 0 && shape.size() != kind.rank) {
      throw keys.error(key, fmt::format("{} needs an input with {} extents, '{}' is {}", kind.op,
                                        kind.rank, name, to_string(shape)));
    }
    return id;
  }

  TensorId find(const YamlSection& keys, const std::string& key, const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found != tensors_.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [known, id] : tensors_) names.push_back(known);
    const std::string near = nearest(name, names);
    throw keys.error(key,
                     fmt::format("no input or earlier layer is called '{}'{}", name,
                                 near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
  }

  /// Refuses a tensor that nobody means.
  TensorId checked(const YamlSection& keys, TensorId id) const {
    double elements = 1;
    for (const std::int64_t extent : builder_.shape(id)) elements *= static_cast<double>(extent);
    if (elements > kMaxElements) {
      throw keys.error("", fmt::format("makes {}, more than {} elements",
                                       to_string(builder_.shape(id)), kMaxElements));
    }
    return id;
  }

  void define(const std::string& name, TensorId id, const YamlSection& keys) {
    if (!tensors_.emplace(name, id).second) {
      throw keys.error("name", fmt::format("'{}' is taken; names are unique", name));
    }
    order_.push_back(name);
  }

  void mark_outputs() {
    const std::vector<std::string> outputs =
        top_.has("outputs") ? top_.texts("outputs") : std::vector<std::string>{last_};
    if (outputs.empty()) throw top_.error("outputs", "must name at least one layer");
    for (const std::string& name : outputs) {
      builder_.output(find(top_, "outputs", name));
      used_.insert(name);
    }
    for (const std::string& name : order_) {
      if (!used_.contains(name)) {
        throw top_.error("layers", fmt::format("nothing reads '{}'; use it, remove it, or list it "
                                               "under outputs",
                                               name));
      }
    }
  }

  std::string known_tensors() const { return fmt::format("{}", fmt::join(order_, ", ")); }

  std::string file_;
  const ImportOptions& options_;
  YamlSection top_;
  LayerBuilder builder_;
  std::map<std::string, TensorId> tensors_;
  std::vector<std::string> order_;
  std::set<std::string> used_;
  std::string last_;
};

}  // namespace

Graph import_yaml(const std::filesystem::path& file, const ImportOptions& options) {
  return NetworkReader(file.string(), options).read();
}

}  // namespace presil
