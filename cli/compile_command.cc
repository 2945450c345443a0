#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "core/error.h"
#include "models/import.h"
#include "sim/dump.h"
#include "sim/mapping_yaml.h"

namespace presil::cli {

namespace {

struct Options {
  std::string model, chip, precision, precision_map, inference = "first", dump, mapping;
  std::vector<std::string> set, inputs;
  std::int64_t batch = 1, inferences = 1;
  bool host_ops = false;
};

/// "name=1x3x224x224".
std::pair<std::string, Shape> parse_input(const std::string& argument) {
  const auto bad = [&] {
    return Error("--input {}: must be name=extents, e.g. --input image=1x3x224x224", argument);
  };
  const std::size_t equals = argument.rfind('=');
  if (equals == std::string::npos || equals == 0) throw bad();
  Shape shape;
  std::int64_t extent = 0;
  bool digits = false;
  for (const char c : argument.substr(equals + 1) + "x") {
    if (c >= '0' && c <= '9' && extent <= kMaxExtent) {
      extent = extent * 10 + (c - '0');
      digits = true;
    } else if (c == 'x' && digits && extent >= 1) {
      shape.push_back(std::exchange(extent, 0));
      digits = false;
    } else {
      throw bad();
    }
  }
  return {argument.substr(0, equals), shape};
}

CompileOptions compile_options(const Options& options) {
  CompileOptions result{.allow_host_ops = options.host_ops,
                        .batch = options.batch,
                        .inferences = options.inferences,
                        .steady = options.inference == "steady"};
  if (!options.precision.empty()) result.precision.network = parse_precision(options.precision);
  if (!options.precision_map.empty())
    result.precision.layers = load_precision_map(options.precision_map);
  if (!options.mapping.empty()) read_mapping(options.mapping, result);
  return result;
}

void print_groups(const ChipSpec& chip, const CompiledNetwork& compiled) {
  fmt::print("{:<40} {:>4} {:>10} {:>9} {:>12}  {}\n", "group", "ops", "MMACs", "SRAM KiB",
             "pred. cycles", "mapping");
  for (std::size_t g = 0; g < compiled.network.groups.size(); ++g) {
    const FusionGroup& group = compiled.network.groups[g];
    fmt::print("{:<40.40} {:>4} {:>10.2f} {:>9.1f} {:>12.0f}  {}\n", group.name, group.ops().size(),
               static_cast<double>(group.macs()) / 1e6,
               static_cast<double>(compiled.plan.sram_in_use[g]) / 1024,
               predicted_cycles(chip, compiled, g), short_form(group, compiled.plan.mappings[g]));
  }
}

void print_totals(const ChipSpec& chip, const CompiledNetwork& compiled) {
  std::size_t resident = 0;
  for (const bool in_sram : compiled.plan.resident) resident += in_sram ? 1 : 0;
  fmt::print(
      "{} groups, {} commands; {} of {} activations stay in SRAM; peak {:.1f} of {:.1f} KiB\n",
      compiled.network.groups.size(), compiled.program.commands.size(), resident,
      compiled.network.storages.size(), static_cast<double>(compiled.plan.peak_sram_bytes) / 1024,
      static_cast<double>(chip.sram_bytes()) / 1024);
}

void compile_model(const Options& options) {
  const ChipSpec chip =
      load_chip(find_chip(options.chip, chips_folder()), parse_overrides(options.set));
  ImportOptions import{.allow_host_ops = options.host_ops};
  for (const std::string& input : options.inputs) import.input_shapes.insert(parse_input(input));
  const Graph graph = load_network(options.model, import);
  const CompiledNetwork compiled = compile(graph, chip, compile_options(options));
  check_program(compiled.program, chip);
  if (!options.dump.empty()) {
    write_dump(options.dump, graph, chip, compiled);
    return;
  }
  print_groups(chip, compiled);
  print_totals(chip, compiled);
}

}  // namespace

void add_compile_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "compile", "Show how a network would run on a chip: groups, tiles, addresses, commands");
  command->add_option("model", options->model, "Built-in name or file")->required();
  command->add_option("--chip", options->chip, "Chip name or YAML file")->required();
  command->add_option("--set", options->set, "Override a chip key: sram.kib=512");
  command->add_option("--precision", options->precision, "w4a8, int8, fp16, ...");
  command->add_option("--precision-map", options->precision_map,
                      "YAML map of layer name patterns to precisions");
  command->add_option("--batch", options->batch, "Images at once")->capture_default_str();
  command->add_option("--inferences", options->inferences, "Back to back")->capture_default_str();
  command->add_option("--inference", options->inference, "steady: weights that fit are on chip")
      ->check(CLI::IsMember({"first", "steady"}))
      ->capture_default_str();
  command->add_option("--input", options->inputs, "Shape of an input: image=1x3x224x224");
  command->add_flag("--host-ops", options->host_ops, "Place what the chip cannot run on the host");
  command->add_option("--mapping", options->mapping, "Pin what this mappings.yaml says");
  command->add_option("--dump", options->dump,
                      "Write every artefact as YAML into this folder instead of a table");
  command->callback([options] { compile_model(*options); });
}

}  // namespace presil::cli
