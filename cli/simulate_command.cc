#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "models/import.h"
#include "sim/mapping_yaml.h"
#include "sim/run.h"

namespace presil::cli {

namespace {

struct Options {
  std::string model, chip, mapping;
  std::vector<std::string> set;
  bool host_ops = false;
};

void print_table(const RunResult& r) {
  fmt::print("{:<44} {:>10} {:>10} {:>6} {:>6} {:>10} {:>10}\n", "group", "MMACs", "cycles", "share",
             "util", "read B", "written B");
  for (const GroupResult& g : r.groups)
    fmt::print("{:<44.44} {:>10.2f} {:>10} {:>5.1f}% {:>5.1f}% {:>10} {:>10} {}\n", g.name,
               static_cast<double>(g.macs.value) / 1e6, g.latency.value,
               100.0 * static_cast<double>(g.latency.value) / static_cast<double>(r.latency.value),
               100 * g.utilisation, g.memory_read.value, g.memory_written.value, g.commands);
  fmt::print("latency {} cycles, {:.1f} us; MACs {:.1f} M (executed {:.1f} M); util {:.1f} %; peak "
             "SRAM {} KiB; read {} written {} bytes; {} commands, {} events\n",
             r.latency.value, r.microseconds(r.latency), static_cast<double>(r.macs.value) / 1e6,
             static_cast<double>(r.macs_executed.value) / 1e6, 100 * r.utilisation,
             r.peak_sram.value / 1024, r.memory_read.value, r.memory_written.value,
             r.compiled.program.commands.size(), r.timeline.events);
}

}  // namespace

void add_simulate_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("simulate", "Run a network on a chip");
  command->add_option("model", options->model, "built-in name or file")->required();
  command->add_option("--chip", options->chip, "chip name or file")->required();
  command->add_option("--set", options->set, "override a chip key: sram.kib=512");
  command->add_option("--mapping", options->mapping, "pin what this mappings.yaml says");
  command->add_flag("--host-ops", options->host_ops, "place what the chip cannot run on the host");
  command->callback([options] {
    const ChipSpec chip =
        load_chip(find_chip(options->chip, chips_folder()), parse_overrides(options->set));
    const Graph graph = load_network(options->model, {.allow_host_ops = options->host_ops});
    RunOptions run_options;
    run_options.compile.allow_host_ops = options->host_ops;
    if (!options->mapping.empty()) read_mapping(options->mapping, run_options.compile);
    print_table(run(graph, chip, run_options));
  });
}

}  // namespace presil::cli
