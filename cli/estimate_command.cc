#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/data_files.h"
#include "cli/run_flags.h"
#include "cli/sink.h"
#include "core/error.h"
#include "estimator/estimate.h"
#include "profiler/quantity_text.h"
#include "profiler/report_csv.h"
#include "profiler/text_table.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil estimate mobilenet_v2 --chip ne-base --estimator ne.est
  presil estimate net.onnx --chip my_chip.yaml --estimator ne.est --csv groups.csv)";

struct Options {
  std::string model, chip, estimator, csv;
  std::vector<std::string> set;
  ImportFlags import;
  CompileFlags compile;
};

double share(const Estimate& e, double cycles) {
  return e.latency_cycles > 0 ? cycles / e.latency_cycles : 0;
}

std::string cycles_text(double cycles) { return with_thousands(std::llround(cycles)); }

std::string groups_table(const Estimate& e) {
  TextTable table({{.title = "#", .right = true},
                   {.title = "group", .flexible = true},
                   {.title = "operators", .flexible = true},
                   {.title = "shape", .flexible = true},
                   {.title = "MACs", .right = true},
                   {.title = "cycles", .right = true},
                   {.title = "share", .right = true},
                   {.title = "90 % interval", .right = true},
                   {.title = "seen"}});
  for (std::size_t g = 0; g < e.groups.size(); ++g) {
    const GroupEstimate& group = e.groups[g];
    const GroupPrediction& p = group.predicted;
    table.add({fmt::format("{}", g + 1), group.name, group.kind, group.shape,
               group.macs > 0 ? count_text(group.macs) : "-", cycles_text(p.cycles),
               fmt::format("{:.1f}%", 100 * share(e, p.cycles)),
               fmt::format("{}..{}", cycles_text(p.low), cycles_text(p.high)),
               p.out_of_range ? "no" : "yes"});
  }
  return table.text() + "seen: are all of the group's features inside of what training saw?\n";
}

void print(const Estimate& e) {
  const auto us = [&](double cycles) { return time_text(e.microseconds(cycles)); };
  fmt::print("{} on {}, estimated\n{}\n", e.model, e.chip, groups_table(e));
  fmt::print("{:<12} {} cycles = {}, 90 % interval {} .. {}\n", "latency",
             cycles_text(e.latency_cycles), us(e.latency_cycles), us(e.latency.low),
             us(e.latency.high));
  fmt::print("{:<12} {}\n", "energy", energy_text(e.energy_pj));
  fmt::print("{:<12} {} of parameters, {} of activations at the peak\n", "network",
             bytes_text(e.parameters.value), bytes_text(e.peak_activation.value));
  if (!e.chip_seen)
    fmt::print("{:<12} training had no sample of it: intervals are those of unseen chips\n",
               "chip");
  if (e.out_of_range > 0)
    fmt::print("{:<12} {} of {} groups are outside of what training saw\n", "range", e.out_of_range,
               e.groups.size());
}

std::string csv_of(const Estimate& e) {
  std::string text = csv_line(
      {"group", "kind", "shape", "macs", "cycles", "low", "high", "energy_pj", "out_of_range"});
  for (const GroupEstimate& group : e.groups) {
    const GroupPrediction& p = group.predicted;
    text += csv_line({group.name, group.kind, group.shape, fmt::format("{}", group.macs),
                      fmt::format("{:.1f}", p.cycles), fmt::format("{:.1f}", p.low),
                      fmt::format("{:.1f}", p.high), fmt::format("{:.1f}", p.energy_pj),
                      p.out_of_range ? "1" : "0"});
  }
  return text;
}

void run_estimate(const Options& options) {
  if (options.chip.empty())
    throw Error("estimate: --chip is missing; `presil chips` lists the chips");
  if (options.estimator.empty())
    throw Error("estimate: --estimator is missing; `presil train` makes one");
  const Bundle bundle = Bundle::load(options.estimator);
  const ChipSpec chip =
      load_chip(find_chip(options.chip, chips_folder()), parse_overrides(options.set));
  const Graph graph = load_network(options.model, options.import.options());
  Sink csv(options.csv);
  const Estimate result =
      estimate(graph, chip, options.compile.options(options.import.host_ops), bundle);
  if (csv.wanted()) csv.put(csv_of(result));
  if (!csv.is_stdout()) print(result);
}

}  // namespace

void add_estimate_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("estimate", "Latency, energy and memory from a trained estimator");
  command->footer(kHelp);
  command->add_option("model", options->model, "Built-in name, or .onnx, .tflite or .yaml file")
      ->required();
  command->add_option("--chip", options->chip, "Chip name or YAML file");
  command->add_option("--estimator", options->estimator, "Bundle that `presil train` made");
  add_repeatable(*command, "--set", options->set, "Override a key of the chip: sram.kib=512");
  options->import.add_to(*command);
  options->compile.add_to(*command);
  command->add_option("--csv", options->csv, "A row a group; - is stdout");
  command->callback([options] { run_estimate(*options); });
}

}  // namespace presil::cli
