#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/data_files.h"
#include "cli/run_flags.h"
#include "cli/sink.h"
#include "core/error.h"
#include "profiler/fleet.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil fleet mobilenet_v2 --chip ne-base --inferences-per-day 1000 --users 1000000
  presil fleet net.tflite --chip ne-nano --inferences-per-day 86400 --users 50000 --cpu cortex-m7
  presil fleet mobilenet_v2 --chip ne-base --inferences-per-day 1000 --users 1e6 --grid-gco2-per-kwh 400
Every assumption is printed; the constants of the CPUs and their sources are in chips/cpu/.)";

struct Options {
  std::string model, chip, cpu = "cortex-a72", json;
  std::vector<std::string> set;
  ImportFlags import;
  CompileFlags compile;
  std::optional<double> inferences_per_day, users, grid;
};

double count(const char* option, const std::optional<double>& value, bool may_be_zero) {
  if (!value) throw Error("fleet: {} is missing", option);
  constexpr double kMost = 1e15;
  if (!std::isfinite(*value) || *value < 0 || (*value == 0 && !may_be_zero) || *value > kMost)
    throw Error("{} must be {} and at most 1e15, is {}", option, may_be_zero ? ">= 0" : "> 0",
                *value);
  return *value;
}

void run_fleet(const Options& options) {
  if (options.model.empty())
    throw Error("fleet: MODEL is missing; `presil models` lists the built-in ones");
  if (options.chip.empty()) throw Error("fleet: --chip is missing; `presil chips` lists the chips");
  FleetOptions fleet{
      .inferences_per_day = count("--inferences-per-day", options.inferences_per_day, false),
      .users = count("--users", options.users, false)};
  if (options.grid) fleet.grid_gco2_per_kwh = count("--grid-gco2-per-kwh", options.grid, true);
  const CpuSpec cpu = load_cpu(find_data_file("--cpu", "cpu", options.cpu));
  const ChipOverrides overrides = parse_overrides(options.set);
  const ChipSpec chip = load_chip(find_chip(options.chip, chips_folder()), overrides);
  const Graph graph = load_network(options.model, options.import.options());
  const RunOptions run_options{.compile = options.compile.options(options.import.host_ops)};
  Sink json(options.json);
  const RunResult result = run(graph, chip, run_options);
  const Report report{.graph = graph,
                      .chip = chip,
                      .options = run_options,
                      .run = result,
                      .model = options.model,
                      .overrides = overrides,
                      .version = PRESIL_VERSION};
  const Fleet made = fleet_of(cpu, report, fleet);
  if (json.wanted()) json.put(json_text(fleet_json(made)));
  if (!json.is_stdout()) fmt::print("{}", fleet_text(made));
}

}  // namespace

void add_fleet_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("fleet", "Energy a year of many devices, against a general-purpose CPU");
  command->footer(kHelp);
  command->add_option("model", options->model, "Built-in name, or .onnx, .tflite or .yaml file");
  command->add_option("--chip", options->chip, "Chip name or YAML file");
  command->add_option("--inferences-per-day", options->inferences_per_day, "Of one user");
  command->add_option("--users", options->users, "Devices in the field");
  command->add_option("--cpu", options->cpu, "CPU name or YAML file (docs/profiling.md)")
      ->capture_default_str();
  command->add_option("--grid-gco2-per-kwh", options->grid,
                      "Grams of CO2 a kWh; default: not asked");
  add_repeatable(*command, "--set", options->set, "Override a key of the chip: sram.kib=512");
  options->import.add_to(*command);
  options->compile.add_to(*command);
  command->add_option("--json", options->json, "The same (docs/json_schema.md); - is stdout");
  command->callback([options] { run_fleet(*options); });
}

}  // namespace presil::cli
