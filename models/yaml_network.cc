// A network written by hand in YAML (docs/network_yaml.md).

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "models/import.h"
#include "models/layer_builder.h"
#include "models/yaml_document.h"
#include "models/yaml_layers.h"

namespace presil {

namespace {

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
      Shape shape = keys.integers("shape", 1, kYamlMaxExtent);
      if (shape.empty() || shape.size() > 8) throw keys.error("shape", "must have 1 to 8 extents");
      if (const auto given = options_.input_shapes.find(name);
          given != options_.input_shapes.end()) {
        shape = given->second;
        if (std::any_of(shape.begin(), shape.end(), [](std::int64_t e) { return e < 1; })) {
          throw Error("{}: --input {}: every extent must be >= 1, is {}", file_, name,
                      to_string(shape));
        }
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
    if (!layers.IsSequence() || layers.size() == 0 || layers.size() > kYamlMaxLayers) {
      throw top_.error("layers", fmt::format("must be a list of 1 to {} layers", kYamlMaxLayers));
    }
    const std::vector<YamlLayerKind> kinds = yaml_layer_kinds();
    std::size_t index = 0;
    for (const YAML::Node& node : layers) {
      read_layer(node, fmt::format("layers[{}]", index++), kinds);
    }
  }

  void read_layer(const YAML::Node& node, const std::string& path,
                  const std::vector<YamlLayerKind>& kinds) {
    const YamlLayerKind& kind = kind_of(node, path, kinds);
    std::vector<std::string> known{"name", "op", "input", "inputs"};
    known.insert(known.end(), kind.keys.begin(), kind.keys.end());
    const YamlSection keys(file_, node, path, known);
    const YamlLayer layer{keys, keys.text("name"), operands(keys, kind)};
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

  const YamlLayerKind& kind_of(const YAML::Node& node, const std::string& path,
                               const std::vector<YamlLayerKind>& kinds) const {
    const YAML::Node op = node.IsMap() ? node["op"] : YAML::Node(YAML::NodeType::Undefined);
    if (!node.IsMap() || !op.IsDefined() || !op.IsScalar()) {
      throw Error("{}: {}: must be a map with the keys name and op", yaml_place(file_, node), path);
    }
    std::vector<std::string> names;
    for (const YamlLayerKind& kind : kinds) {
      if (kind.op == op.Scalar()) return kind;
      names.push_back(kind.op);
    }
    const std::string near = nearest(op.Scalar(), names);
    throw Error("{}: {}.op: unknown operator '{}'{}; known: {}", yaml_place(file_, op), path,
                op.Scalar(), near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                fmt::join(names, ", "));
  }

  /// `input: a`, `inputs: [a, b]`, or nothing: the layer before (the first: the only input).
  std::vector<TensorId> operands(const YamlSection& keys, const YamlLayerKind& kind) {
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

  TensorId operand(const YamlSection& keys, const std::string& key, const YamlLayerKind& kind,
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
    if (elements > kYamlMaxElements) {
      throw keys.error("", fmt::format("makes {}, more than {} elements",
                                       to_string(builder_.shape(id)), kYamlMaxElements));
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
