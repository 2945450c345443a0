#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/data_files.h"
#include "cli/run_flags.h"
#include "cli/simulate_list.h"
#include "cli/sink.h"
#include "core/error.h"
#include "profiler/cpu_baseline.h"
#include "profiler/report_csv.h"
#include "profiler/report_html.h"
#include "profiler/report_json.h"
#include "profiler/report_table.h"
#include "profiler/trace.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil simulate mobilenet_v2 --chip ne-base
  presil simulate net.onnx --chip ne-base --set sram.kib=512 --precision w4a8 --top 10
  presil simulate net.onnx --chip my_chip.yaml --input image=4x3x224x224 --json - | jq .latency_us
  presil simulate resnet50 --chip ne-max --report resnet50.html
  presil simulate resnet50 --chip ne-nano --chip ne-base --chip ne-max
  presil simulate resnet50 --chip ne-base --trace trace.json   # open it at https://ui.perfetto.dev
  presil simulate --list models.txt --chip ne-base --workers 4 --csv results.csv)";

struct Options {
  std::string model, list;
  std::vector<std::string> chips, set;
  ImportFlags import;
  CompileFlags compile;
  AblationFlags ablations;
  std::string json, csv, report, trace, cpu = "cortex-a72";
  bool what_if = false;
  std::optional<std::int64_t> top;
  std::int64_t workers = 0;  ///< 0: as many as there are processors
  double time_limit = 0;

  /// Several runs, a row each, instead of one run in detail.
  bool many() const { return !list.empty() || chips.size() > 1; }
};

void check(const Options& options) {
  if (options.model.empty() == options.list.empty())
    throw Error("simulate: give one MODEL or --list FILE; `presil models` lists the built-in ones");
  if (options.chips.empty())
    throw Error("simulate: --chip is missing; `presil chips` lists the chips");
  if (options.workers < 0 || options.workers > 1024)
    throw Error("--workers must be 1..1024, is {}", options.workers);
  if (options.top && *options.top < 1) throw Error("--top must be at least 1, is {}", *options.top);
  if (options.time_limit < 0) throw Error("--time-limit must be >= 0, is {}", options.time_limit);
  if ((options.json == "-") + (options.csv == "-") + (options.trace == "-") > 1)
    throw Error("--json, --csv and --trace cannot go to stdout together");
  if (options.report == "-") throw Error("--report writes a page to look at: name a file");
  if (!options.report.empty()) require_page();
  if (!options.many()) {
    if (options.workers > 0) throw Error("--workers is for --list or several chips");
    if (options.time_limit > 0) throw Error("--time-limit is for --list or several chips");
    return;
  }
  if (!options.report.empty()) throw Error("--report is for one model on one chip");
  if (!options.trace.empty()) throw Error("--trace is for one model on one chip");
  if (!options.json.empty()) throw Error("--json is for one model on one chip; use --csv");
  if (options.top) throw Error("--top is for one model on one chip");
  if (options.what_if) throw Error("--what-if is for one model on one chip");
  if (!options.compile.mapping.empty()) throw Error("--mapping is for one model on one chip");
  if (!options.list.empty() && !options.import.inputs.empty())
    throw Error("--input is for one model, not for --list");
}

void simulate_many(const Options& options, const RunOptions& run_options) {
  ListOptions list{
      .overrides = parse_overrides(options.set),
      .import = options.import.options(),
      .run = run_options,
      .workers = options.workers > 0 ? static_cast<int>(options.workers) : processor_count(),
      .seconds_a_run = options.time_limit,
      .csv = options.csv};
  list.models = options.list.empty() ? std::vector<std::string>{options.model}
                                     : read_model_list(options.list);
  for (const std::string& chip : options.chips)
    list.chips.push_back(load_chip(find_chip(chip, chips_folder()), list.overrides));
  simulate_list(list);
}

void simulate_one(const Options& options, const RunOptions& run_options) {
  const ChipOverrides overrides = parse_overrides(options.set);
  const ChipSpec chip = load_chip(find_chip(options.chips.front(), chips_folder()), overrides);
  const Graph graph = load_network(options.model, options.import.options());
  Sink json(options.json), csv(options.csv), html(options.report), trace(options.trace);
  const RunResult result = run(graph, chip, run_options);
  const bool changed_chips = options.what_if || html.wanted();
  std::optional<CpuSpec> cpu;
  if (json.wanted() || html.wanted()) cpu = load_cpu(find_data_file("--cpu", "cpu", options.cpu));
  const Report report{
      .graph = graph,
      .chip = chip,
      .options = run_options,
      .run = result,
      .model = options.model,
      .overrides = overrides,
      .version = PRESIL_VERSION,
      .what_if = changed_chips ? what_if(graph, chip, run_options) : std::vector<WhatIf>{},
      .cpu = cpu ? &*cpu : nullptr};
  if (json.wanted() || html.wanted()) {
    const Json document = report_json(report);
    if (json.wanted()) json.put(json_text(document));
    if (html.wanted()) html.stream([&](std::ostream& out) { write_html(out, document); });
  }
  if (csv.wanted()) csv.put(report_csv(report));
  if (trace.wanted()) trace.stream([&](std::ostream& out) { write_trace(out, report); });
  if (json.is_stdout() || csv.is_stdout() || trace.is_stdout()) return;
  TableOptions table;
  if (options.top) table.top = static_cast<std::size_t>(*options.top);
  fmt::print("{}", report_table(report, table));
}

}  // namespace

void add_simulate_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("simulate", "Run networks on chips: how long, and why");
  command->footer(std::string("The table: ") + table_legend() + "\n\n" + kHelp);
  command->add_option("model", options->model, "Built-in name, or .onnx, .tflite or .yaml file");
  add_repeatable(*command, "--chip", options->chips,
                 "Chip name or YAML file; several compare chips");
  add_repeatable(*command, "--set", options->set, "Override a key of the chip: sram.kib=512");
  options->import.add_to(*command);
  options->compile.add_to(*command);
  options->ablations.add_to(*command);
  command->add_option("--top", options->top, "Only the groups that take longest");
  command->add_flag("--what-if", options->what_if,
                    "Also simulate the chip with more and less SRAM, bandwidth, array and lanes; "
                    "--report does so");
  command->add_option("--json", options->json,
                      "Everything, as docs/json_schema.md says; - is stdout");
  command->add_option("--report", options->report,
                      "A page for a browser that needs no network (docs/profiling.md)");
  command->add_option("--csv", options->csv, "A row a group, or with --list a run; - is stdout");
  command->add_option("--trace", options->trace,
                      "Timeline for ui.perfetto.dev or chrome://tracing; - is stdout");
  command
      ->add_option("--cpu", options->cpu,
                   "CPU that --json and --report compare with (docs/profiling.md)")
      ->capture_default_str();
  command->add_option("--list", options->list, "File with one model a line ('#': comment)");
  command->add_option("--workers", options->workers,
                      "Runs at once with --list or several chips; default: all processors");
  command->add_option("--time-limit", options->time_limit,
                      "Seconds after which a run of --list is ended; default: none");
  command->callback([options] {
    check(*options);
    const RunOptions run_options{.compile = options->compile.options(options->import.host_ops),
                                 .simulate = options->ablations.options};
    if (options->many())
      simulate_many(*options, run_options);
    else
      simulate_one(*options, run_options);
  });
}

}  // namespace presil::cli
