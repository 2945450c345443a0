#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/run_flags.h"
#include "profiler/network_table.h"
#include "profiler/quantity_text.h"
#include "profiler/text_table.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil models                          the built-in networks
  presil models net.onnx                 what the importer understood
  presil models mobilenet_v2 --layers    every operator
  presil models net.onnx --as-written    before simplification, as the file spells it
  presil models 'nb201:|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_1x1~2|')";

struct Options {
  std::string model;
  ImportFlags import;
  bool layers = false, as_written = false;
};

void list_models() {
  TextTable table({{.title = "name"},
                   {.title = "what", .flexible = true},
                   {.title = "input", .flexible = true},
                   {.title = "MACs", .right = true},
                   {.title = "parameters", .right = true}});
  for (const BuiltinInfo& info : builtin_networks()) {
    const Graph graph = load_network(info.name);
    const Shape& input = graph.tensor(graph.inputs().front()).shape;
    table.add({info.name, info.description, fmt::format("{}", fmt::join(input, "x")),
               count_text(macs_of(graph).value), count_text(parameter_count(graph))});
  }
  fmt::print("{}", table.text());
  fmt::print("nb201:ARCH is a NAS-Bench-201 network from its architecture string.\n");
}

void show_model(const Options& options) {
  ImportOptions import = options.import.options();
  import.simplify = !options.as_written;
  const Graph graph = load_network(options.model, import);
  fmt::print("{}", network_summary(graph));
  if (options.layers) fmt::print("\n{}", network_layers(graph));
}

}  // namespace

void add_models_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("models", "List the built-in networks, or show what one consists of");
  command->footer(kHelp);
  command->add_option("model", options->model, "Built-in name, or .onnx, .tflite or .yaml file");
  options->import.add_to(*command);
  command->add_flag("--layers", options->layers, "Every operator");
  command->add_flag("--as-written", options->as_written, "Without folding and simplification");
  command->callback([options] {
    if (options->model.empty())
      list_models();
    else
      show_model(*options);
  });
}

}  // namespace presil::cli
