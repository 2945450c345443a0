// Which importer a model's name asks for.

#include <algorithm>

#include "core/error.h"
#include "models/import.h"
#include "models/simplify.h"

namespace presil {

namespace {

bool looks_like_a_path(const std::string& model) {
  return model.find('/') != std::string::npos || std::filesystem::path(model).has_extension();
}

bool is_builtin(const std::string& model) {
  if (model.starts_with("nb201:")) return true;
  const std::vector<BuiltinInfo> known = builtin_networks();
  return std::any_of(known.begin(), known.end(),
                     [&](const BuiltinInfo& info) { return info.name == model; });
}

void check_file(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    throw Error("{}: no such file; `presil models` lists the built-in networks", file.string());
  }
  if (!std::filesystem::is_regular_file(file, ignored)) {
    throw Error("{}: not a regular file; give a .onnx, .tflite or .yaml file", file.string());
  }
}

Graph as_written(const std::string& model, const ImportOptions& options) {
  if (is_builtin(model)) {
    if (!options.input_shapes.empty()) {
      throw Error("{}: the input shapes of a built-in network are fixed; --input is for files",
                  model);
    }
    return builtin_network(model);
  }
  if (!looks_like_a_path(model)) return builtin_network(model);  // throws with the nearest name
  const std::filesystem::path file(model);
  const std::string ending = file.extension().string();
  if (ending != ".onnx" && ending != ".tflite" && ending != ".yaml" && ending != ".yml") {
    throw Error("{}: unknown ending '{}'; known: .onnx, .tflite, .yaml, .yml, or a built-in name",
                model, ending);
  }
  check_file(file);
  if (ending == ".onnx") return import_onnx(file, options);
  if (ending == ".tflite") return import_tflite(file, options);
  return import_yaml(file, options);
}

}  // namespace

Graph load_network(const std::string& model, const ImportOptions& options) {
  const Graph graph = as_written(model, options);
  return options.simplify ? simplify(graph) : graph;
}

}  // namespace presil
