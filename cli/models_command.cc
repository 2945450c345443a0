#include <fmt/format.h>

#include <map>
#include <memory>

#include "cli/commands.h"
#include "core/error.h"
#include "models/import.h"

namespace presil::cli {

namespace {

void list_networks() {
  fmt::print("{:<24} {:>10} {:>12}  {}\n", "network", "M MACs", "K parameters", "what");
  for (const BuiltinInfo& info : builtin_networks()) {
    const Graph graph = builtin_network(info.name);
    std::int64_t parameters = 0;
    for (const TensorDesc& tensor : graph.tensors())
      if (tensor.constant) parameters += element_count(tensor.shape);
    fmt::print("{:<24} {:>10.1f} {:>12.1f}  {}\n", info.name,
               static_cast<double>(macs_of(graph).value) / 1e6,
               static_cast<double>(parameters) / 1e3, info.description);
  }
}

void show_network(const std::string& name, const ImportOptions& import) {
  const Graph graph = load_network(name, import);
  fmt::print("{}: hash {}\n", graph.name(), graph.hash());
  for (const TensorId id : graph.inputs())
    fmt::print("  input  {} {} {}\n", graph.tensor(id).name, to_string(graph.tensor(id).shape),
               name_of(graph.tensor(id).type));
  for (const TensorId id : graph.outputs())
    fmt::print("  output {} {} {}\n", graph.tensor(id).name, to_string(graph.tensor(id).shape),
               name_of(graph.tensor(id).type));
  std::map<std::string_view, std::pair<int, std::int64_t>> kinds;
  for (const Op& op : graph.ops()) {
    auto& [count, macs] = kinds[op_info(op.kind).name];
    ++count;
    macs += macs_of(graph, op).value;
  }
  fmt::print("  {:<18} {:>6} {:>12}\n", "operator", "count", "M MACs");
  for (const auto& [kind, row] : kinds)
    fmt::print("  {:<18} {:>6} {:>12.3f}\n", kind, row.first,
               static_cast<double>(row.second) / 1e6);
  fmt::print(
      "  total: {} operators, {:.3f} M MACs, {:.1f} KiB of parameters, {:.1f} KiB peak "
      "activations\n",
      graph.ops().size(), static_cast<double>(macs_of(graph).value) / 1e6,
      static_cast<double>(parameter_bytes(graph).value) / 1024,
      static_cast<double>(peak_activation_bytes(graph).value) / 1024);
}

/// `name=1x3x224x224`.
std::pair<std::string, Shape> parse_input(const std::string& argument) {
  const auto bad = [&]() -> Error {
    return Error("--input {}: must be name=1x3x224x224, every extent a whole number >= 1",
                 argument);
  };
  const std::size_t equals = argument.rfind('=');
  if (equals == std::string::npos || equals == 0) throw bad();
  Shape shape;
  std::size_t at = equals + 1;
  while (at <= argument.size()) {
    const std::size_t end = std::min(argument.find('x', at), argument.size());
    const std::string digits = argument.substr(at, end - at);
    if (digits.empty() || digits.size() > 12 ||
        digits.find_first_not_of("0123456789") != std::string::npos)
      throw bad();
    shape.push_back(std::stoll(digits));
    if (shape.back() < 1) throw bad();
    at = end + 1;
  }
  return {argument.substr(0, equals), shape};
}

}  // namespace

void add_models_command(CLI::App& app) {
  struct Options {
    std::string name;
    std::vector<std::string> inputs;
    bool host_ops = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("models", "List the built-in networks, or show what a file holds");
  command->add_option("model", options->name, "Built-in name, or .onnx, .tflite, .yaml file");
  command->add_option("--input", options->inputs, "Shape of an input: name=1x3x224x224");
  command->add_flag("--host-ops", options->host_ops, "Accept operators that only a host can run");
  command->callback([options] {
    if (options->name.empty()) return list_networks();
    ImportOptions import{.allow_host_ops = options->host_ops};
    for (const std::string& input : options->inputs) import.input_shapes.insert(parse_input(input));
    show_network(options->name, import);
  });
}

}  // namespace presil::cli
