#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/run_flags.h"
#include "sim/dump.h"
#include "sim/mapping_yaml.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil compile mobilenet_v2 --chip ne-base
  presil compile net.onnx --chip ne-base --dump out/
  presil simulate net.onnx --chip ne-base --mapping out/mappings.yaml)";

struct Options {
  std::string model, chip, dump;
  std::vector<std::string> set;
  ImportFlags import;
  CompileFlags compile;
};

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
  const Graph graph = load_network(options.model, options.import.options());
  const CompiledNetwork compiled =
      compile(graph, chip, options.compile.options(options.import.host_ops));
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
  command->footer(kHelp);
  command->add_option("model", options->model, "Built-in name or file")->required();
  command->add_option("--chip", options->chip, "Chip name or YAML file")->required();
  add_repeatable(*command, "--set", options->set, "Override a key of the chip: sram.kib=512");
  options->import.add_to(*command);
  options->compile.add_to(*command);
  command->add_option("--dump", options->dump,
                      "Write every artefact as YAML into this folder instead of a table");
  command->callback([options] { compile_model(*options); });
}

}  // namespace presil::cli
